"""`python -m sensor.cli`: the same as the command runtime-sensor."""

from __future__ import annotations

import sys

from sensor.cli import main

sys.exit(main())
