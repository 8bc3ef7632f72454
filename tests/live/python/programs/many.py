# Has as many modules as its argument says, each with a dict and a file of its own.
import sys
import types

for number in range(int(sys.argv[1])):
    module = types.ModuleType("many.m%d" % number)
    module.__file__ = "/srv/many/m%d.py" % number
    sys.modules[module.__name__] = module
print('{"modules": {}}', flush=True)
sys.stdin.read()
