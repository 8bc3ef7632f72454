"""Go programs: the modules they were built from, and of each the packages that are linked in.

A Go program carries its own list of modules and of functions, so the file that is mapped is read,
not memory. What is seen and what is not: CAPABILITIES.md in this folder.
"""

from sensor.resolvers.golang.resolve import detects, resolve
from sensor.resolvers.resolver import Resolver

GOLANG = Resolver("golang", ("golang",), detects, resolve)
