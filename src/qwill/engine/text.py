"""From tokens to text as they come, up to a stop string."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Decoder(Protocol):
    """Turns tokens into text, never half a character."""

    def push(self, number: int) -> str: ...

    def flush(self) -> str: ...


class StopSearch:
    """Passes text on until a stop string is complete.

    The text ends before the stop string that is complete first, whichever pieces the text comes in; of several
    complete at the same character, before the longest. Text is held back only while it may be the start of one.

    Args:
        stops: not empty strings.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = sorted(set(stops), key=lambda stop: -len(stop))
        self._held = ""

    def push(self, text: str) -> tuple[str, str | None]:
        """The text that is certain now, and the stop string that ended it, if one did."""
        if not self._stops:
            return text, None
        text = self._held + text
        ends = [(text.find(stop) + len(stop), stop) for stop in self._stops if stop in text]
        if ends:
            end, stop = min(ends, key=lambda found: found[0])
            self._held = ""
            return text[: end - len(stop)], stop
        held = max(_overlap(text, stop) for stop in self._stops)
        self._held = text[len(text) - held :]
        return text[: len(text) - held], None

    def flush(self) -> str:
        """The text still held back, when no more follows."""
        text, self._held = self._held, ""
        return text


def _overlap(text: str, stop: str) -> int:
    """Length of the longest end of the text that is a beginning of the stop string, but not all of it."""
    return next((n for n in range(min(len(stop) - 1, len(text)), 0, -1) if text.endswith(stop[:n])), 0)


class TextStream:
    """The text of one request, token by token.

    Args:
        decoder: fresh, of the model's tokenizer.
        stops: stop strings.
    """

    def __init__(self, decoder: Decoder, stops: Sequence[str]) -> None:
        self._decoder, self._search = decoder, StopSearch(stops)

    def push(self, token: int) -> tuple[str, str | None]:
        """The text that is certain with this token, and the stop string that ended it, if one did."""
        text = self._decoder.push(token)
        return self._search.push(text) if text else ("", None)

    def flush(self) -> tuple[str, str | None]:
        """What was held back, when no more tokens follow."""
        text, stop = self._search.push(self._decoder.flush())
        return (text, stop) if stop else (text + self._search.flush(), None)
