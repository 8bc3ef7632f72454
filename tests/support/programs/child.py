"""The process that tests look at: tells where its memory is, then obeys single lines on stdin.

Eight pages: 0, 1 and 2 touched, 3 never, 4 and 5 touched, 6 and 7 never. A mark lies across pages 0
and 1, another one across pages 4 and 5.
"""
import ctypes
import mmap
import os
import sys

PAGE = mmap.PAGESIZE
MARK = bytes(reversed(b"kram-tsartnoc"))  # so that the mark itself stands nowhere else

memory = mmap.mmap(-1, 8 * PAGE)
address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
for page in (0, 1, 2, 4, 5):
    memory[page * PAGE : page * PAGE + 4] = b"pg%02d" % page
for page in (1, 5):
    for index in range(len(MARK)):
        memory[page * PAGE - 7 + index] = MARK[index]

held = []
for path in sys.argv[1:]:
    file = open(path, "rb")
    held.append(mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ))
    held[-1][0]

print(address, flush=True)
for line in sys.stdin:
    if line == "poke\n":
        memory[2 * PAGE : 2 * PAGE + 4] = b"poke"
    elif line == "grow\n":
        held.append(bytearray(64 << 20))
        held[-1][::PAGE] = b"x" * (len(held[-1]) // PAGE)
    elif line == "reserve\n":
        # PROT_READ | PROT_WRITE; MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        mmap_ = ctypes.CDLL(None).mmap
        mmap_.restype = ctypes.c_void_p
        mmap_.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
        reserved = mmap_(None, 1 << 40, 3, 0x4022, -1, 0)
        ctypes.memmove(reserved + (1 << 39), bytes(reversed(b"devreser")), 8)
    elif line.startswith("chroot "):
        os.chroot(line[7:-1])
    elif line == "exec\n":
        os.execvp("sh", ["sh", "-c", "echo execed; read line"])
    print("done", flush=True)
