"""OS packages: of which installed packages a process maps programs and libraries.

Asked are the package databases inside its root: dpkg is read, those of apk and rpm are recognised.
What is seen, and what is not: CAPABILITIES.md in this folder.
"""

from sensor.resolvers.ospkg.resolve import detects, resolve
from sensor.resolvers.resolver import Resolver

OSPKG = Resolver("os", ("deb",), detects, resolve)
