"""runtime-sensor: which packages are really loaded by which container, with evidence."""

__version__ = "0.1.0"
