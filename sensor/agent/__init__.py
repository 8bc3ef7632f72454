"""`runtime-sensor run`: one loop that ties probes, schedule, worker, inventory, cluster and sink.

`loop` waits and wakes; `looks` turns events into looks and answers into knowledge; `scope` says
which processes are ours to read; `cluster` and `reporter` each run a thread and share nothing with
the loop but what their methods say; `assemble` makes all of it out of the settings.
"""

from sensor.agent.loop import Loop

__all__ = ["Loop"]
