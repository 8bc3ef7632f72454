"""Why something about a Java process is not known: the phrases by which gaps can be counted.

Each is explained in CAPABILITIES.md; a test compares.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """The `reason` of a gap of the memory side."""

    CLOSED = "memory not readable"
    SPENT = "budget spent"
    OTHER_VM = "this Java VM is not read"
    NO_LIBRARY = "libjvm.so not readable"
    NO_TABLES = "tables of HotSpot not read"
    STARTING = "JVM is starting"
    CHANGING = "classes are changing"
    DIFFERS = "classes read differ from the JVM's own count"
    UNREADABLE = "classes not readable"
    TOO_MANY = "too many classes"
    NO_KIND = "class of a class loader not readable"
