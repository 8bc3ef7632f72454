"""What a Python process has imported: sys.modules out of its memory, and the distributions."""
