"""Which module a package belongs to."""

from __future__ import annotations

import pytest

from sensor.formats.gobuildinfo import BuildInfo, Module
from sensor.resolvers.golang.join import join, usable

APP = Module("example.test/app/v2", "(devel)")
NET = Module("example.test/net", "v1.0.0")
NESTED = Module("example.test/net/deep", "v0.3.0")
DOTLESS = Module("tool", "v1.0.0")
INFO = BuildInfo("go1.26", "example.test/app/v2/cmd/app", APP, (NET, NESTED, DOTLESS))


def owners(*packages: str, info: BuildInfo = INFO) -> dict[str, set[str]]:
    return {m.path: found for m, found in join(info, packages).modules.items() if found}


def test_the_longest_module_path_owns_a_package() -> None:
    assert owners("example.test/net/deep/x", "example.test/net/deeper", "example.test/net") == {
        "example.test/net": {"", "deeper"},
        "example.test/net/deep": {"x"},
    }


def test_package_main_is_where_the_build_says() -> None:
    assert owners("main") == {"example.test/app/v2": {"cmd/app"}}
    root = BuildInfo("go1.26", "example.test/app/v2", APP)
    assert owners("main", info=root) == {"example.test/app/v2": {""}}


def test_package_main_of_files_belongs_to_no_module() -> None:
    joined = join(BuildInfo("go1.26", "command-line-arguments", None, (NET,)), ["main"])
    assert joined.modules == {NET: set()}
    assert joined.strays == set()


def test_test_packages_belong_to_the_module_they_test() -> None:
    assert owners("example.test/net_test") == {"example.test/net": {""}}


def test_a_module_without_a_dot_is_one_and_the_standard_library_none() -> None:
    joined = join(INFO, ["tool/x", "net/http", "vendor/golang.org/x/net/idna", "x_cgo_init", "_"])
    assert joined.modules[DOTLESS] == {"x"}
    assert joined.std == {"net/http", "vendor/golang.org/x/net/idna"}
    assert joined.strays == set()


def test_a_package_of_no_listed_module_is_a_stray() -> None:
    assert join(INFO, ["example.test/other/x"]).strays == {"example.test/other/x"}


def test_a_neighbour_with_the_same_beginning_is_not_a_part() -> None:
    assert join(INFO, ["example.test/network"]).strays == {"example.test/network"}


@pytest.mark.parametrize(
    "path", ["", "a//b", "/a", "a/", "a b", "a\x1b[31m", "net", "crypto/x", "a@v1", "ä"]
)
def test_what_no_module_can_be_called_is_refused(path: str) -> None:
    assert not usable(path)
    joined = join(BuildInfo("go1.26", "", Module(path, "v1.0.0")), ["net/http", "main"])
    assert joined.refused == [path]
    assert joined.modules == {}
    assert joined.std == {"net/http"}
