"""The only code that touches another process. `seam` says how; `local` and `recorded` do it."""
