"""Lists of files: what they mean, against importlib.metadata, and what damage does."""

from __future__ import annotations

import importlib.metadata
from pathlib import PurePosixPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sensor.errors import Malformed
from sensor.formats import pyrecord


def test_record_keeps_importable_files_and_their_sizes() -> None:
    data = (
        b"flask/__init__.py,sha256=abc,2603\n"
        b"flask/__pycache__/__init__.cpython-311.pyc,,\n"
        b"flask/_speed.cpython-311-x86_64-linux-gnu.so,sha256=abc,10\r\n"
        b"flask/bare.pyc,,\n"
        b"flask/py.typed,sha256=abc,0\n"
        b"../../../bin/flask,sha256=abc,200\n"
        b"../../outside.py,sha256=abc,200\n"
        b"/etc/absolute.py,sha256=abc,200\n"
        b"flask-3.0.dist-info/RECORD,,\n"
    )
    assert pyrecord.record(data) == {
        "flask/__init__.py": 2603,
        "flask/_speed.cpython-311-x86_64-linux-gnu.so": 10,
        "flask/bare.pyc": None,
    }


def test_record_with_quoted_names() -> None:
    data = b'"a,b/__init__.py",sha256=x,1\nplain.py,sha256=x,2\n"say ""hi"".py",,\n'
    assert pyrecord.record(data) == {"a,b/__init__.py": 1, "plain.py": 2, 'say "hi".py': None}


def test_a_size_that_is_no_number_is_not_known() -> None:
    assert pyrecord.record(b"a.py,x,many\nb.py,x\nc.py,x," + b"9" * 30) == {
        "b.py": None,
        "c.py": None,
    }


@pytest.mark.parametrize(
    "dist",
    [dist for dist in importlib.metadata.distributions() if dist.read_text("RECORD")],
    ids=lambda dist: str(dist.metadata["Name"]),
)
def test_record_against_importlib(dist: importlib.metadata.Distribution) -> None:
    text = dist.read_text("RECORD") or ""
    wanted = {
        str(file): file.size
        for file in dist.files or ()
        if file.suffix in pyrecord.SUFFIXES
        and "__pycache__" not in file.parts
        and ".." not in file.parts
    }
    assert pyrecord.record(text.encode()) == wanted


def test_installed_files_are_relative_to_the_description() -> None:
    data = b"../yaml/__init__.py\n../yaml/__pycache__/x.pyc\nPKG-INFO\n../../bin/tool.py\n"
    assert pyrecord.installed_files(data, "PyYAML-5.4.egg-info") == ["yaml/__init__.py"]


def test_sources_and_top_level() -> None:
    assert pyrecord.sources(b"README\nsetup.py\nsrc/foo/__init__.py\n") == [
        "setup.py",
        "src/foo/__init__.py",
    ]
    assert pyrecord.top_level(b"foo\n _foo \r\n\nbar\0\n") == ["foo", "_foo"]


@pytest.mark.parametrize(
    ("path", "clean"),
    [
        ("a/b.py", "a/b.py"),
        ("./a/b.py", "a/b.py"),
        ("a/./b.py", "a/b.py"),
        ("a//b.py", "a/b.py"),
        ("x/../a.py", "a.py"),
        ("../a.py", None),
        ("a/../../b.py", None),
        ("/a.py", None),
        ("a\0.py", None),
        (".", None),
        ("a" * 5000, None),
    ],
)
def test_relative(path: str, clean: str | None) -> None:
    assert pyrecord.relative(path) == clean


@given(st.text(alphabet="./ab", max_size=12))
def test_relative_never_leaves_the_root(path: str) -> None:
    clean = pyrecord.relative(path)
    if clean is not None:
        assert ".." not in PurePosixPath(clean).parts
        assert not clean.startswith("/")
        assert "//" not in clean


def test_bounds() -> None:
    with pytest.raises(Malformed):
        pyrecord.record(b" " * (pyrecord.MAX_BYTES + 1))
    rows = b"".join(b"%d.py,,\n" % number for number in range(pyrecord.MAX_ROWS + 1))
    with pytest.raises(Malformed):
        pyrecord.record(rows)
    with pytest.raises(Malformed):
        pyrecord.top_level(b"a\n" * (pyrecord.MAX_NAMES + 1))


@given(st.binary(max_size=300))
@example(b'"')
@example(b'"a.py\n')
@example(b'"\r"a.py\0')
def test_damage_is_malformed_or_bounded(data: bytes) -> None:
    for read in (pyrecord.record, pyrecord.sources, pyrecord.top_level, pyrecord.path_files):
        try:
            found = read(data)
        except Malformed:
            continue
        assert len(found) <= data.count(b"\n") + data.count(b"\r") + 1
