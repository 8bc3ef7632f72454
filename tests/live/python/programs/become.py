# Says "ready", waits for a line, and becomes a shell that says "other" and waits for the end.
import os
import sys

print("ready", flush=True)
sys.stdin.readline()
os.execv("/bin/sh", ["sh", "-c", "echo other; cat"])
