"""Java: the classes a JVM has loaded, and the artifacts they come from.

Class loaders and classes are read out of the memory of the process, then each class is joined with
the archive that holds it. What is seen, and what is not: CAPABILITIES.md in this folder.
"""

from sensor.resolvers.java.detect import detects
from sensor.resolvers.java.resolve import resolve
from sensor.resolvers.resolver import Resolver

JAVA = Resolver("java", ("maven", "generic"), detects, resolve)
