# Import what the arguments name, then print as JSON the `__version__` of every module below a
# directory of vendored copies that states one, and wait for the end of stdin.
import json
import sys

for wanted in sys.argv[1:]:
    __import__(wanted)
found = {}
for name, module in list(sys.modules.items()):
    file = getattr(module, "__file__", None) or ""
    version = getattr(module, "__version__", None)
    if "/_vendor/" in file and isinstance(version, str):
        found[file] = version
print(json.dumps({"versions": found}), flush=True)
sys.stdin.read()
