"""`runtime-sensor receive`: take reports without an account, and ask what is known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sensor.settingtypes import address

if TYPE_CHECKING:
    import argparse

    from sensor.receiver.server import Receiver
    from sensor.receiver.store import Store

HELP: Final = "take the reports of sensors, store them, and answer questions about them"
DATABASE: Final = Path("runtime-sensor.db")
LISTEN: Final = ("127.0.0.1", 8443)


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--listen",
        type=address,
        default=LISTEN,
        metavar="HOST:PORT",
        help="where to listen (default 127.0.0.1:8443; port 0: any free one)",
    )
    _add_database(parser, DATABASE)
    token = parser.add_mutually_exclusive_group()
    token.add_argument(
        "--token",
        metavar="T",
        help="the token that sensors must send; others see it in the list of processes",
    )
    token.add_argument("--token-file", type=Path, metavar="FILE", help="a file with that token")
    token.add_argument("--no-token", action="store_true", help="take reports of everybody")
    parser.add_argument("--tls-cert", type=Path, metavar="FILE", help="certificate chain (PEM)")
    parser.add_argument("--tls-key", type=Path, metavar="FILE", help="its key (PEM)")
    parser.add_argument("--path", default=None, help="the path of reports (docs/snyk.md)")
    questions = parser.add_subparsers(metavar="QUESTION", dest="question")
    for name, word, text in (
        ("find", "PACKAGE", "where a package is loaded, by its purl or its name"),
        ("show", "WORKLOAD", "what is known of NAME, NAMESPACE/NAME or NAMESPACE/KIND/NAME"),
    ):
        question = questions.add_parser(name, help=text, description=text, allow_abbrev=False)
        question.add_argument("asked", metavar=word)
        question.add_argument("--format", choices=("text", "json"), default="text")
        # Given here or before the question; not given here must not undo what was given before.
        _add_database(question, None)


def _add_database(parser: argparse.ArgumentParser, default: Path | None) -> None:
    import argparse  # noqa: PLC0415 - only a name at the top

    parser.add_argument(
        "--db",
        type=Path,
        default=default or argparse.SUPPRESS,
        metavar="FILE",
        help=f"the database (default {DATABASE})",
    )


def run(arguments: argparse.Namespace) -> int:
    """Listen until SIGTERM or Ctrl-C, or answer one question. Raises SensorError."""
    if arguments.question:
        return _ask(arguments)
    return _listen(arguments)


def _ask(arguments: argparse.Namespace) -> int:
    from contextlib import closing  # noqa: PLC0415 - --help needs none of it

    from sensor.cli.stdout import write, write_text  # noqa: PLC0415
    from sensor.receiver import answers, questions, tables  # noqa: PLC0415
    from sensor.report.facts import dumps  # noqa: PLC0415

    with closing(tables.open_to_read(arguments.db)) as connection:
        answer = getattr(questions, arguments.question)(connection, arguments.asked)
    if arguments.format == "json":
        write(dumps(answer, indent=True))
    else:
        lines = getattr(answers, f"{arguments.question}_text")(answer)
        write_text("\n".join(lines) + "\n")
    return 0


def _listen(arguments: argparse.Namespace) -> int:
    import signal  # noqa: PLC0415 - as in `_ask`
    import threading  # noqa: PLC0415

    from sensor import log  # noqa: PLC0415
    from sensor.cli.stdout import write_text  # noqa: PLC0415
    from sensor.receiver.store import Store  # noqa: PLC0415

    log.setup()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    token = _token(arguments)
    store = Store(arguments.db)
    try:
        receiver = _receiver(arguments, store, token)
        receiver.start()
        scheme = "https" if arguments.tls_cert else "http"
        host = f"[{arguments.listen[0]}]" if ":" in arguments.listen[0] else arguments.listen[0]
        write_text(f"listening on {scheme}://{host or '*'}:{receiver.port}\n")
        ended.wait()
        receiver.close()
    finally:
        store.close()
    return 0


def _token(arguments: argparse.Namespace) -> str:
    from sensor.errors import UsageError  # noqa: PLC0415 - as in `_ask`
    from sensor.report.token import NoToken, Token  # noqa: PLC0415

    if arguments.no_token:
        return ""
    if arguments.token is None and arguments.token_file is None:
        raise UsageError("say which token sensors must send: --token, --token-file or --no-token")
    try:
        return Token(arguments.token or "", arguments.token_file).value()
    except NoToken as error:
        raise UsageError(str(error)) from None


def _receiver(arguments: argparse.Namespace, store: Store, token: str) -> Receiver:
    from sensor.errors import UsageError  # noqa: PLC0415 - as in `_ask`
    from sensor.receiver.server import Receiver, tls_context  # noqa: PLC0415
    from sensor.report.address import PATH  # noqa: PLC0415

    if bool(arguments.tls_cert) != bool(arguments.tls_key):
        raise UsageError("--tls-cert and --tls-key go together")
    tls = tls_context(arguments.tls_cert, arguments.tls_key) if arguments.tls_cert else None
    return Receiver(arguments.listen, store, token, tls, arguments.path or PATH)
