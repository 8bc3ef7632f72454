"""Sources of kernel events: which process started which program, and which ended.

A library of its own, which knows nothing of the sensor. `choose` picks the best source that this
machine lets us use; every source is a `probe.Probe` and tells `event.Event`.
"""
