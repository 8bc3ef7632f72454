"""What can be typed, and what is said of what cannot."""

from __future__ import annotations

import argparse

import pytest

from sensor import __version__
from sensor.cli import main
from sensor.cli.arguments import MAX_PID, container, pid


@pytest.mark.parametrize(("text", "expected"), [("1", 1), ("0042", 42), (str(MAX_PID), MAX_PID)])
def test_pid(text: str, expected: int) -> None:
    assert pid(text) == expected


@pytest.mark.parametrize(
    "text", ["", "abc", "0", "-1", "1.5", "1_0", " 1", "١٢", "0x10", str(MAX_PID + 1), "9" * 5000]
)
def test_no_pid(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is no process id"):
        pid(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("3F2a", "3f2a"), ("containerd://" + "a" * 64, "a" * 64), ("docker://ab", "ab")],
)
def test_container(text: str, expected: str) -> None:
    assert container(text) == expected


@pytest.mark.parametrize("text", ["", "nginx", "ab:cd", "://ab", "a" * 65, "a\n"])
def test_no_container(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is no container id"):
        container(text)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["scan", "--pid", "abc"], "'abc' is no process id"),
        (["scan", "--pid", "\x1b[2J"], r"'\x1b[2J' is no process id"),
        (["scan", "--pid", "1", "--container", "ab"], "not allowed with argument"),
        (["scan", "--format", "xml"], "invalid choice: 'xml'"),
        (["scan", "--explain", "requests"], "'requests' is no package URL"),
        (["scan", "extra\x07"], r"unrecognized arguments: extra\x07"),
        (["scan", "--form", "json"], "unrecognized arguments: --form"),
        ([], "the following arguments are required: COMMAND"),
        (["sing"], "invalid choice: 'sing'"),
        (["record"], "record needs PID and DIR"),
        (["record", "1"], "record needs PID and DIR"),
        (["record", "--show", "x", "1"], "either PID and DIR, or --show DIR"),
        (["replay"], "required: DIR"),
    ],
)
def test_wrong_use_is_one_line_and_the_next_step(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main(words)
    except SystemExit as end:
        code = int(str(end.code))
    printed = capsys.readouterr()
    lines = printed.err.splitlines()
    assert (code, printed.out, len(lines)) == (2, "", 2)
    assert lines[0].startswith("runtime-sensor: ")
    assert said in lines[0]
    assert lines[1].startswith("  help: ")


@pytest.mark.parametrize("words", [["--help"], ["scan", "--help"], ["record", "--help"]])
def test_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(words)
    assert "runtime-sensor" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"runtime-sensor {__version__}\n"
