"""Of a command line only what may be kept: nothing that could be a secret."""

from __future__ import annotations

import pytest

from sensor.host.arguments import parse_arguments
from sensor.model.process import Arguments

PYTHON, JAVA, NODE = "/usr/bin/python3.11", "/usr/lib/jvm/bin/java", "/usr/bin/node"


@pytest.mark.parametrize(
    ("line", "script"),
    [
        ("python3 app.py --token SECRET", "app.py"),
        ("python3 -I -B -W ignore -X dev app.py SECRET", "app.py"),
        ("python3 -Wignore -Xdev /srv/app SECRET", "/srv/app"),
        ("python3 -m http.server SECRET", "-m http.server"),
        ("python3 -Im http.server SECRET", "-m http.server"),
        ("python3 -mhttp.server SECRET", "-m http.server"),
        ("python3 -Ic SECRET", ""),
        ("python3 -cSECRET", ""),
        ("python3 - SECRET", ""),
        ("python3 --check-hash-based-pycs always app.py", "app.py"),
        ("python3 --version", ""),
        ("python3", ""),
    ],
)
def test_python(line: str, script: str) -> None:
    assert parse_arguments(line.split(), PYTHON) == Arguments("python3", script)


@pytest.mark.parametrize(
    ("line", "class_path", "module_path"),
    [
        ("java -cp a.jar:b.jar Main -p SECRET", "a.jar:b.jar", ""),
        ("java -classpath a -p mods -m app/Main -cp SECRET", "a", "mods"),
        ("java --class-path=a --module-path=mods --module app SECRET", "a", "mods"),
        ("java -Xmx1g -Dpassword=SECRET -jar app.jar -cp SECRET", "app.jar", ""),
        ("java --add-opens java.base/java.lang=ALL-UNNAMED -cp a Main", "a", ""),
        ("java @SECRET -cp a Main", "a", ""),
        ("java -cp", "", ""),
    ],
)
def test_java(line: str, class_path: str, module_path: str) -> None:
    found = parse_arguments(line.split(), JAVA)
    assert found == Arguments("java", "", class_path, module_path)


@pytest.mark.parametrize(
    ("line", "script"),
    [
        ("node server.js SECRET", "server.js"),
        ("node --expose-gc -r ./hook server.js", "server.js"),
        ("node --inspect=0.0.0.0 -- server.js", "server.js"),
        ("node -e SECRET", ""),
        ("node -p SECRET", ""),
        ("node -", ""),
    ],
)
def test_node(line: str, script: str) -> None:
    assert parse_arguments(line.split(), NODE) == Arguments("node", script)


@pytest.mark.parametrize("line", ["mysql -pSECRET -p SECRET", "server --class-path SECRET SECRET"])
def test_other_programs_keep_their_name_only(line: str) -> None:
    argv = line.split()
    assert parse_arguments(argv, "/usr/bin/mysql") == Arguments(argv[0])


def test_a_title_that_a_program_wrote_over_its_arguments_is_cut() -> None:
    title = "postgres: admin db 10.0.0.1(5432) SELECT SECRET"
    assert parse_arguments([title], "/usr/lib/postgres") == Arguments("postgres:")


def test_the_program_file_decides_not_its_name() -> None:
    assert parse_arguments(["worker", "-m", "app"], PYTHON) == Arguments("worker", "-m app")


def test_names_are_bounded_and_nothing_is_fine() -> None:
    assert parse_arguments([], PYTHON) == Arguments()
    long = parse_arguments(["p" * 9000, "s" * 9000], PYTHON)
    assert (len(long.program), len(long.script)) == (4096, 4096)
