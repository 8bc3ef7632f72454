"""What is told about processes: our own facts on the wire, and text for people. No I/O."""
