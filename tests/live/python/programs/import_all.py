"""Target: imports every top-level module of every distribution, then prints what it has.

First line: JSON with `modules` [[name, file], ...] as sys.modules has them, `owners`
{file: [[name, version], ...]} as importlib.metadata says, `path` sys.path, `stdlib`. Then it waits
for its standard input to end. Arguments: distribution names to import; none means all.
"""

import importlib
import importlib.metadata
import io
import json
import os
import sys
import warnings

# These act when imported: they open a browser, start a test, replace the standard library.
LEFT_OUT = ("antigravity", "this", "conftest", "setup", "gevent", "eventlet", "uwsgi", "pytest")


def names_of(dist):
    found = set()
    for file in dist.files or ():
        path = str(file)
        if "-info" in path or path.startswith("..") or "test" in path:
            continue
        if path.endswith("/__init__.py") and path.count("/") <= 3:
            found.add(path[: -len("/__init__.py")].replace("/", "."))
        elif path.endswith(".py") and "/" not in path:
            found.add(path[:-3])
    return found


def import_all(wanted):
    for dist in importlib.metadata.distributions():
        if wanted and dist.metadata["Name"] not in wanted:
            continue
        for name in sorted(names_of(dist)):
            if any(part in LEFT_OUT for part in name.split(".")):
                continue
            try:
                importlib.import_module(name)
            except BaseException:
                # Half of the extras of a large environment lack something: not our subject.
                continue


def owners(files):
    found = {}
    for dist in importlib.metadata.distributions():
        for file in dist.files or ():
            path = os.path.normpath(str(dist.locate_file(file)))
            if path in files:
                found.setdefault(path, []).append([dist.metadata["Name"], dist.version])
    return found


def main():
    warnings.simplefilter("ignore")
    # The folder that the test happens to run in is no part of the environment.
    sys.path[:] = [path for path in sys.path if path]
    out, sys.stdout, sys.stderr = sys.stdout, io.StringIO(), io.StringIO()
    import_all(sys.argv[1:])
    pairs = [(n, getattr(m, "__file__", None)) for n, m in list(sys.modules.items())]
    modules = [[n, f if isinstance(f, str) else None] for n, f in pairs]
    answer = {
        "modules": modules,
        "owners": owners({f for _, f in modules if f}),
        "path": sys.path,
        "stdlib": os.path.dirname(os.__file__),
        "version": sys.version.split()[0],
    }
    out.write(json.dumps(answer) + "\n")
    out.flush()
    os.read(0, 1)
    os._exit(0)


main()
