"""Node.js: the modules that a process has loaded, and the npm packages they belong to.

`Module._cache` and the evaluated ES modules are read out of the heap of V8 (`resolve`, `find`,
`read`), then each is joined with the package.json around its file (`packages`). What is seen, and
what is not: CAPABILITIES.md in this folder.
"""

from sensor.resolvers.node.detect import detects
from sensor.resolvers.node.resolve import resolve
from sensor.resolvers.resolver import Resolver

NODE = Resolver("node", ("npm",), detects, resolve)
