"""A loader of BPF objects in pure Python, and a reader of ring buffers.

object file ─elf→ sections ─spec→ Spec ─core, btf→ the same, relocated for this kernel ─load→ maps,
programs and links as descriptors. All up to `load` are pure functions; `sys` has every system call.
`handover` lets a child do the loading, so that its memory goes back; `ringbuf` and `counters` read
what the programs write, by mmap alone.
"""
