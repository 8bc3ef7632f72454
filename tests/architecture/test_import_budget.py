"""What `scan` imports stays small: under 40 MiB, and nothing that is slow to load."""

from __future__ import annotations

import json
import subprocess
import sys

# DESIGN rule 8: 34.8 MiB were measured for all core packages together without kubernetes.
MOST_KIB = 40 * 1024
# 115 MiB and 2 s of CPU; 27 MiB and 0.4 s; and what only a server needs.
NEVER = {"kubernetes", "pyroute2", "asyncio", "elftools", "sqlite3", "http.server"}

# A real scan of a real process: whatever scan imports late is then imported too.
PROGRAM = """
import json, re, sys
from sensor.cli import main
code = main(["scan", "--pid", sys.argv[1], "--format", "ndjson"])
status = open("/proc/self/status").read()
rss = int(re.search(r"VmRSS:\\s+(\\d+) kB", status)[1])
print(json.dumps({"code": code, "rss": rss, "modules": sorted(sys.modules)}), file=sys.stderr)
"""


def test_a_scan_imports_little() -> None:
    with subprocess.Popen(["sleep", "60"]) as target:
        try:
            command = [sys.executable, "-I", "-c", PROGRAM, str(target.pid)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
        finally:
            target.kill()
    told = json.loads(done.stderr.splitlines()[-1])
    assert told["code"] == 0
    assert not NEVER & set(told["modules"])
    assert "orjson" in told["modules"]
    assert told["rss"] < MOST_KIB
