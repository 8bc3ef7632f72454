"""Readers of file formats: bytes to data, no I/O, each bounded. They read through a `Source`."""
