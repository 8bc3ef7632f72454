"""Two real clusters, which start before the first of these tests and end after the last one."""
