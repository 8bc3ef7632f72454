"""The token of the receiver: from the mounted secret's file, which can be replaced, or as given.

The text shows itself only to who sends it: not in `repr`, not in an error, and logs cut it out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sensor import log
from sensor.errors import SensorError

if TYPE_CHECKING:
    from pathlib import Path

# A service account token has 36 characters, a signed one of OAuth some 2 KB; servers refuse header
# lines above 8 KiB (nginx, Go 1 MiB).
MAX_TOKEN: Final = 8 << 10


class NoToken(SensorError):
    """There is no token, or it cannot be one."""

    help = (
        "Create the secret that secretName names, with the key snykToken, in the namespace of the "
        "sensor (or set SNYK_TOKEN); a mounted secret is read again by itself."
    )


class Token:
    """Where the token comes from. The file goes before the text, and is read at each use."""

    def __init__(self, text: str = "", file: Path | None = None) -> None:
        """Read nothing yet."""
        self._text = text
        self._file = file

    def __repr__(self) -> str:
        """Say where it comes from, not what it is."""
        return f"Token(from {self._file or 'settings'})"

    def value(self) -> str:
        """The token to send now. Raises NoToken."""
        text = (self._read(self._file) if self._file else self._text).strip()
        if not text:
            raise NoToken(f"there is no token in {self._file or 'SNYK_TOKEN'}")
        # A blank or a line break inside would become part of the header, or an error that shows it.
        if len(text) > MAX_TOKEN or not text.isascii() or not text.isprintable() or " " in text:
            raise NoToken(f"what is in {self._file or 'SNYK_TOKEN'} cannot be a token")
        log.hide(text)
        return text

    @staticmethod
    def _read(file: Path) -> str:
        try:
            with file.open("rb") as stream:
                return stream.read(MAX_TOKEN + 2).decode("ascii", "replace")
        except OSError as error:
            raise NoToken(f"no token in {file}: {error.strerror}") from None
