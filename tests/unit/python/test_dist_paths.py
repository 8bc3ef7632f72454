"""What paths and names of modules say."""

from __future__ import annotations

import pytest

from sensor.resolvers.python.paths import clean, import_root, is_standard, parents


@pytest.mark.parametrize(
    ("path", "plain"),
    [
        ("/a/b.py", "/a/b.py"),
        ("/a/../b.py", "/b.py"),
        ("/a/./b//c.py", "/a/b/c.py"),
        ("/a/.cache/b.py", "/a/.cache/b.py"),
        ("/a/...b.py", "/a/...b.py"),
        ("/../../b.py", "/b.py"),
        ("b.py", None),
        ("", None),
        (None, None),
        ("/a\0.py", None),
        ("/\udc80.py", None),
        ("/" + "a" * 5000, None),
    ],
)
def test_clean(path: str | None, plain: str | None) -> None:
    assert clean(path) == plain


@pytest.mark.parametrize(
    ("name", "path", "place"),
    [
        ("flask.json.tag", "/x/flask/json/tag.py", ("/x", "flask/json/tag.py")),
        ("flask", "/x/flask/__init__.py", ("/x", "flask/__init__.py")),
        ("six", "/six.py", ("/", "six.py")),
        (
            "_cffi",
            "/x/_cffi.cpython-311-x86_64-linux-gnu.so",
            ("/x", "_cffi.cpython-311-x86_64-linux-gnu.so"),
        ),
        ("a.b", "/x/app.pyz/a/b.pyc", ("/x/app.pyz", "a/b.pyc")),
        ("requests.packages.urllib3", "/x/urllib3/__init__.py", None),
        ("__main__", "/x/pkg/__main__.py", None),
        ("b", "/x/ab.py", None),
        ("noext", "/x/noext", None),
    ],
)
def test_import_root(name: str, path: str, place: tuple[str, str] | None) -> None:
    assert import_root(name, path) == place


def test_the_standard_library_without_site_directories() -> None:
    std = "/usr/lib/python3.11"
    assert is_standard("/usr/lib/python3.11/os.py", std)
    assert is_standard("/usr/lib/python3.11/lib-dynload/_ssl.so", std)
    assert not is_standard("/usr/lib/python3.11/site-packages/six.py", std)
    assert not is_standard("/usr/lib/python3.110/os.py", std)
    assert not is_standard("/usr/lib/python3.11/os.py", None)


def test_parents() -> None:
    assert parents("a/b/c.py") == ["a", "a/b"]
    assert parents("c.py") == []
