# Makes two sub-interpreters, which import what the main one does not, and prints the union.
# The module that makes them has had three names.
import json
import sys

try:
    import _interpreters as interpreters
except ImportError:
    try:
        import _xxsubinterpreters as interpreters
    except ImportError:
        interpreters = None
CODE = """
import json
found = {n: getattr(m, "__file__", None) for n, m in list(sys.modules.items()) if m is not None}
open(path, "w").write(json.dumps(found))
"""
found = {n: getattr(m, "__file__", None) for n, m in list(sys.modules.items()) if m is not None}
kept = []
for wanted in sys.argv[2:]:
    path = sys.argv[1] + "/" + wanted
    made = interpreters.create()
    kept.append(made)
    run = getattr(interpreters, "run_string", None) or interpreters.exec
    run(made, "import sys, %s\npath = %r\n%s" % (wanted, path, CODE))
    with open(path) as file:
        found.update({n: f for n, f in json.load(file).items() if n not in found})
print(json.dumps({"modules": found, "version": sys.version.split()[0]}), flush=True)
sys.stdin.read()
