"""The part of a command line that may be kept: program, script or module, class and module path.

Everything else can be a secret. What an option means depends on the program, so options are read
only of the interpreters named here, and only up to the point where the program's own begin.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from sensor.model.process import Arguments

# argv[0], a script: no longer than a path (PATH_MAX).
MAX_NAME: Final = 4096
_PYTHON: Final = re.compile(r"python[0-9.]*t?d?|pypy[0-9.]*")
_JAVA: Final = re.compile(r"javaw?")
_NODE: Final = re.compile(r"node(js)?[0-9.]*")

# CPython, Python/initconfig.c and getopt.c: short options that take a value.
_PYTHON_VALUES: Final = "WX"
# Node.js, src/node_options.cc: options whose value may be the next argument.
_NODE_VALUES: Final = frozenset({
    "-r", "--require", "--import", "--loader", "--experimental-loader", "-C", "--conditions",
    "--title", "--env-file", "--icu-data-dir", "--input-type", "--diagnostic-dir",
    "--redirect-warnings", "--openssl-config",
})  # fmt: skip
# A program text follows, or nothing that is a file.
_NODE_TEXT: Final = frozenset({
    "-e", "--eval", "-p", "--print", "-pe", "-i", "--interactive", "-c", "--check", "--run",
})  # fmt: skip
# OpenJDK, java.base/share/native/libjli/java.c, IsWhiteSpaceOption: the value is the next argument.
_JAVA_CLASS_PATH: Final = frozenset({"-cp", "-classpath", "--class-path"})
_JAVA_MODULE_PATH: Final = frozenset({"-p", "--module-path"})
_JAVA_VALUES: Final = frozenset({
    "--upgrade-module-path", "--add-modules", "--limit-modules", "--add-exports", "--add-opens",
    "--add-reads", "--patch-module", "--enable-native-access", "--source", "-d",
    "--describe-module",
})  # fmt: skip


def parse_arguments(argv: list[str], exe: str) -> Arguments:
    """What may be kept of `argv` of a process that runs the program `exe`."""
    if not argv:
        return Arguments()
    base = Arguments(program=_program(argv))
    rest = iter(argv[1:])
    for pattern, parse in _PARSERS:
        if any(pattern.fullmatch(path.rpartition("/")[2]) for path in (exe, argv[0])):
            return parse(base, rest)
    return base


def _program(argv: list[str]) -> str:
    """argv[0]. A single one with blanks is a title that the program wrote, options and all."""
    program = argv[0].partition(" ")[0] if len(argv) == 1 else argv[0]
    return program[:MAX_NAME]


def _python(base: Arguments, rest: Iterator[str]) -> Arguments:
    for argument in rest:
        if argument.startswith("--"):
            if argument == "--check-hash-based-pycs":
                next(rest, "")
        elif argument.startswith("-"):
            script, ended = _python_short(argument[1:], rest)
            if ended:
                return replace(base, script=script[:MAX_NAME])
        else:
            return replace(base, script=argument[:MAX_NAME])
    return base


def _python_short(letters: str, rest: Iterator[str]) -> tuple[str, bool]:
    """One argument of short options: the script if they name one, and whether options end there."""
    for index, letter in enumerate(letters):
        value = letters[index + 1 :]
        if letter == "m":
            return f"-m {value or next(rest, '')}", True
        if letter == "c":
            return "", True
        if letter in _PYTHON_VALUES:
            if not value:
                next(rest, "")
            return "", False
    return "", not letters


def _java(base: Arguments, rest: Iterator[str]) -> Arguments:
    for argument in rest:
        option, equals, value = argument.partition("=")
        if option in _JAVA_CLASS_PATH:
            base = replace(base, class_path=value if equals else next(rest, ""))
        elif option in _JAVA_MODULE_PATH:
            base = replace(base, module_path=value if equals else next(rest, ""))
        elif argument == "-jar":
            return replace(base, class_path=next(rest, ""))
        elif argument in _JAVA_VALUES:
            next(rest, "")
        elif not argument.startswith(("-", "@")) or argument in {"-m", "--module"}:
            return base
    return base


def _node(base: Arguments, rest: Iterator[str]) -> Arguments:
    for argument in rest:
        if argument in _NODE_VALUES:
            next(rest, "")
        elif argument in _NODE_TEXT or argument == "-":
            return base
        elif argument == "--":
            return replace(base, script=next(rest, "")[:MAX_NAME])
        elif not argument.startswith("-"):
            return replace(base, script=argument[:MAX_NAME])
    return base


_Parser = Callable[[Arguments, Iterator[str]], Arguments]
_PARSERS: Final[tuple[tuple[re.Pattern[str], _Parser], ...]] = (
    (_PYTHON, _python),
    (_JAVA, _java),
    (_NODE, _node),
)
