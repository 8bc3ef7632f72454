"""A workload: imports what it is told to, says what that was, and stays.

    python3 app.py SECONDS MODULE...        SECONDS 0: until it is told to end

Where all is slow so is its end: it stays for three times as long as its imports took, and SECONDS.
It prints one line of JSON: {"pypi": {"NAME": "VERSION"}} of each distribution of which a file is a
loaded module, as importlib.metadata tells it; and {"files": […]}, those that Debian's packages
install, for dpkg to say whose they are.
"""

import importlib
import importlib.metadata
import json
import signal
import sys
import threading
import time


def loaded(distribution, files):
    """Whether one of the loaded files is of this distribution."""
    if distribution.files:
        return any(str(distribution.locate_file(one)) in files for one in distribution.files)
    # Debian's have no list of files.
    tops = (distribution.read_text("top_level.txt") or "").split()
    return any(top in sys.modules for top in tops)


def main():
    began = time.monotonic()
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    for name in sys.argv[2:]:
        importlib.import_module(name)
    files = {getattr(module, "__file__", None) or "" for module in list(sys.modules.values())}
    found = [one for one in importlib.metadata.distributions() if loaded(one, files)]
    said = {
        "pypi": {one.metadata["Name"]: one.version for one in found},
        "files": [file for file in files if "/dist-packages/" in file],
    }
    print(json.dumps(said), flush=True)
    seconds = float(sys.argv[1])
    ended.wait(seconds + 3 * (time.monotonic() - began) if seconds else None)


main()
