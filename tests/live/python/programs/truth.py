# Import what the arguments name, print sys.modules as JSON, then do what each line of stdin says:
# "import NAME" imports and prints again; the end of stdin ends it. Runs on Python 3.6 and later.
import json
import sys


def truth():
    found = {}
    for name, module in list(sys.modules.items()):
        if module is not None:
            file = getattr(module, "__file__", None)
            found[name] = file if isinstance(file, str) else None
    print(json.dumps({"modules": found, "version": sys.version.split()[0]}), flush=True)


for wanted in sys.argv[1:]:
    __import__(wanted)
truth()
for line in sys.stdin:
    word, name = line.split()
    __import__(name)
    truth()
