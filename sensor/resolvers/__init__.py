"""One folder for each runtime, one line for each in `RESOLVERS`. They do not know each other."""

from sensor.resolvers.dotnet import DOTNET
from sensor.resolvers.golang import GOLANG
from sensor.resolvers.java import JAVA
from sensor.resolvers.node import NODE
from sensor.resolvers.ospkg import OSPKG
from sensor.resolvers.python import PYTHON
from sensor.resolvers.unsupported import UNSUPPORTED

RESOLVERS = (GOLANG, PYTHON, DOTNET, NODE, JAVA, *UNSUPPORTED, OSPKG)
