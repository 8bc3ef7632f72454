"""Python: what a process has imported, and the distributions it belongs to.

sys.modules is read out of the memory of the process (`resolve`), then each module is joined with
the distribution whose lists name its file (`distributions`). What is seen, and what is not:
CAPABILITIES.md in this folder.
"""

from sensor.resolvers.python.detect import detects
from sensor.resolvers.python.resolve import resolve
from sensor.resolvers.resolver import Resolver

PYTHON = Resolver("python", ("pypi", "deb", "conda"), detects, resolve)
