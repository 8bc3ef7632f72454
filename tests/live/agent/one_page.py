"""The command line, but with a probe that loses nearly everything, and no sweep by the clock.

usage: python -m tests.live.agent.one_page run ... Its ring is one page, and what is beside the
probe looks at /proc only when events were lost.
"""

from __future__ import annotations

import sys
from functools import partial

from probes.ebpf import EbpfProbe
from sensor.agent import assemble, noticing
from sensor.cli import main

ONE_PAGE = 4096
HOUR = 3600.0

if __name__ == "__main__":
    # Set by name, because a type checker knows that these are constants.
    vars(noticing)["EbpfProbe"] = partial(EbpfProbe, ring_bytes=ONE_PAGE)
    vars(assemble)["FAMILY"] = noticing.Periods(scan=noticing.FAMILY.scan, sweep=HOUR)
    sys.exit(main(sys.argv[1:]))
