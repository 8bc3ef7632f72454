"""A process → its container, or the host. Reads cgroup names only, opens no process.

`of_pid` reads /proc/PID/cgroup; `of_cgroup_text` and `of_names` are the pure parts of it. What
counts as a container, and why: `names`. Which line of a hybrid machine is believed, and cgroup
namespaces: `text`.
"""

from sensor.containers.names import of_names
from sensor.containers.read import of_pid
from sensor.containers.text import of_cgroup_text

__all__ = ["of_cgroup_text", "of_names", "of_pid"]
