"""Everything that proves the sensor; `toolbox.py` lists the real components that it needs."""
