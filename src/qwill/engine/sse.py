"""Server-sent events out of bytes, as the HTML standard defines them (section 9.2.6, interpreting an event stream)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINE_END = re.compile(r"\r\n|\n|\r")
_LONGEST = 16 * 2**20  # characters of a line or an event; a server that sends more of it is not to fill our memory


class TooLongError(Exception):
    """A line or an event is longer than any that makes sense."""


@dataclass(frozen=True)
class ServerEvent:
    """One event: its kind ("message" where none is named) and its data."""

    kind: str
    data: str


class EventReader:
    """Puts events together from pieces of bytes that may be cut anywhere, within a character as well.

    Only \\r and \\n end a line here: other line breaks of Unicode may stand inside of JSON.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._held = ""
        self._kind = ""
        self._data: list[str] = []
        self._length = 0
        self._begun = False

    def push(self, data: bytes) -> Iterator[ServerEvent]:
        """The events that are whole with these bytes.

        Raises:
            TooLongError: no end of a line or event comes.
        """
        text = self._held + self._decoder.decode(data)
        if not self._begun and text:
            text, self._begun = text.removeprefix("\ufeff"), True
        start = 0
        for end in _LINE_END.finditer(text):
            if end.group() == "\r" and end.end() == len(text):
                break  # the second half of the line's end may follow
            yield from self._line(text[start : end.start()])
            start = end.end()
        self._held = text[start:]
        if len(self._held) + self._length > _LONGEST:
            raise TooLongError

    def flush(self) -> Iterator[ServerEvent]:
        """The last event, when nothing follows: servers leave out the empty line that ends it."""
        if self._held:
            yield from self._line(self._held.rstrip("\r"))
        self._held = ""
        yield from self._line("")

    def _line(self, line: str) -> Iterator[ServerEvent]:
        if not line:
            if self._data:
                yield ServerEvent(self._kind or "message", "\n".join(self._data))
            self._kind, self._data, self._length = "", [], 0
            return
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
            self._length += len(value)
        elif name == "event":
            self._kind = value
        elif name == "error":  # not in the standard: how older servers of llama.cpp report that they failed
            self._kind = "error"
            self._data.append(value)
