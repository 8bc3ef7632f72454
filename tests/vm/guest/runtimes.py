"""Debian's Java, Node.js and Python as this machine has them, and what the sensor says of them.

usage: python -m tests.vm.guest.runtimes JAR FOLDER. JAR has the class test.example.Shop, FOLDER a
`main.js` that has required something. Writes one line of JSON: for each runtime the packages, gaps,
whether its coverage is complete, and the OS packages that dpkg names. Needs root.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from sensor.host.local import LocalOpener
from sensor.resolvers import RESOLVERS
from sensor.scan import Scanner
from tests.support.ostruth import purls_of

if TYPE_CHECKING:
    from sensor.model.seen import Seen

READY = "READY\n"
# No alternatives here: no script of a package has run.
JAVA = "/usr/lib/jvm/java-17-openjdk-arm64/bin/java"
PYTHON = "import requests, ssl, sys, yaml; print('READY', flush=True); sys.stdin.read()"


def main() -> None:
    """Start all, so that they run beside each other, then look at each."""
    jar, folder = sys.argv[1:]
    words = {
        "java": [JAVA, "-cp", jar, "test.example.Shop"],
        "node": ["node", f"{folder}/main.js"],
        "python": ["/usr/bin/python3", "-c", PYTHON],
    }
    started = {name: start(command) for name, command in words.items()}
    answer = {}
    for name, child in started.items():
        assert child.stdout is not None
        assert child.stdout.readline() == READY, name
    scanner = Scanner(LocalOpener(), RESOLVERS)
    for name, child in started.items():
        begin = time.monotonic()
        seen = scanner.look(child.pid)
        answer[name] = {**told(seen), "seconds": time.monotonic() - begin}
        answer[name]["truth"] = purls_of(child.pid)
    for child in started.values():
        child.communicate()
    print(json.dumps(answer))  # noqa: T201 - the answer


def start(command: list[str]) -> subprocess.Popen[str]:
    """Start a program that says READY, and ends with its input."""
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def told(seen: Seen) -> dict[str, Any]:
    """What was found, by the name of the resolver."""
    return {
        "packages": {
            name: sorted(package.purl for package in finding.packages if package.depth)
            for name, finding in seen.findings.items()
        },
        "gaps": [[gap.runtime, gap.reason, gap.detail] for gap in seen.all_gaps()],
        "complete": {one.runtime: one.complete for one in seen.coverages()},
        "how": {one.runtime: one.how for one in seen.coverages()},
    }


if __name__ == "__main__":
    main()
