"""CoreCLR processes: the NuGet packages and frameworks whose assemblies are loaded.

The runtime maps assemblies from their files, so mappings and descriptors tell which are loaded;
memory is read only for those that a program loads from bytes. What is seen and what is not:
CAPABILITIES.md in this folder.
"""

from sensor.resolvers.dotnet.detect import detects
from sensor.resolvers.dotnet.resolve import resolve
from sensor.resolvers.resolver import Resolver

DOTNET = Resolver("dotnet", ("nuget",), detects, resolve)
