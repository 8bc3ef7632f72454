"""The words of the project: plain frozen data, no I/O. Each module holds one family of words."""
