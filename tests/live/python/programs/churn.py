# Adds and deletes thousands of modules a second, without pause, each with the file that its name
# says. Prints one line when it has begun, and ends with its standard input.
import os
import select
import sys
import types

number = 0
while True:
    number += 1
    name = "churn%d" % number
    module = types.ModuleType(name)
    module.__file__ = "/churn/%s.py" % name
    sys.modules[name] = module
    if number % 3000 == 0:
        for key in [key for key in sys.modules if key.startswith("churn")]:
            del sys.modules[key]
    if number == 10000:
        print("churning", flush=True)
    if number % 1000 == 0 and select.select([0], [], [], 0)[0] and not os.read(0, 1):
        break
