# A process that lies about itself: writes into its own CPython structures, says so, and waits.
# It must not touch its sys.modules afterwards. Written for the structures of 3.11.
import ctypes
import struct
import sys
import types

what = sys.argv[1]
modules = id(sys.modules)
keys = struct.unpack("<Q", ctypes.string_at(modules + 32, 8))[0]
write = ctypes.memmove
wait = sys.stdin.read
say = sys.stdout.write
flush = sys.stdout.flush
interpreter = ctypes.pythonapi.PyInterpreterState_Get
interpreter.restype = ctypes.c_void_p
runtime = ctypes.addressof(ctypes.c_char.in_dll(ctypes.pythonapi, "_PyRuntime"))
MANY = struct.pack("<Q", 1 << 60)


def fake():
    module = types.ModuleType("fake")
    module.__file__ = "/usr/lib/python3/dist-packages/../../../../etc/passwd"
    for number in range(20000):
        sys.modules["fake%d" % number] = module


def longest():
    module = types.ModuleType("longest")
    module.__file__ = "/" + "x" * (1 << 26)
    sys.modules["longest"] = module
    sys.modules["n" * (1 << 26)] = module
    odd = types.ModuleType("odd")
    odd.__file__ = "/tmp/\udcff\ud800.py"
    sys.modules["odd"] = odd
    sys.modules["none"] = None
    sys.modules["number"] = 7


if what == "fake":
    fake()
elif what == "longest":
    longest()
lie = {
    "entries": lambda: write(keys + 24, MANY, 8),
    "usable": lambda: write(keys + 16, MANY, 8),
    "size": lambda: write(keys + 8, b"\x3c", 1),
    "used": lambda: write(modules + 16, MANY, 8),
    # PyInterpreterState.next of the only interpreter is the interpreter itself.
    "cycle": lambda: write(interpreter(), struct.pack("<Q", interpreter()), 8),
    # _PyRuntime.interpreters.head points nowhere, or to a place that is no interpreter.
    "nowhere": lambda: write(runtime + 40, struct.pack("<Q", 0x414141414140), 8),
    "runtime": lambda: write(runtime + 40, struct.pack("<Q", runtime), 8),
    "nothing": lambda: write(runtime + 40, bytes(8), 8),
    "keys": lambda: write(modules + 32, struct.pack("<Q", modules), 8),
}.get(what, lambda: None)
ready = "ready\n"
lie()
say(ready)
flush()
wait()
