"""Parting a stream of text into thought and answer where the model marks its thought by tags.

Deltas may cut a tag anywhere, and may hold many tokens or none. White space around tags belongs to neither side.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto

_QUOTES = frozenset("`\"'“‘「")
"""A tag right behind one of these is talked about, not meant."""


@dataclass(frozen=True)
class Piece:
    """Text of the thought or of the answer, and the tokens it came as; the text is empty for a tag."""

    text: str
    thought: bool
    tokens: int


class _Place(Enum):
    START = auto()  # nothing but white space yet: a thought if it opens with a tag, else an answer
    THOUGHT_START = auto()
    THOUGHT = auto()
    ANSWER_START = auto()
    ANSWER = auto()


class Splitter:
    """Tells thought from answer, piece by piece.

    A thought that opens a second time is the same thought, a second closing tag is dropped, and a thought that opens
    again before a word of answer is more of the thought. Tokens of tags, and of the white
    space behind them, count as thought.

    Args:
        think_open: the tag that opens a thought.
        think_close: the tag that closes it; both empty for a model whose text is all answer.
        inside: the text starts inside the thought, its opening tag being part of the prompt.
    """

    def __init__(self, think_open: str, think_close: str, inside: bool) -> None:
        self._open, self._close = think_open.strip(), think_close.strip()
        self._held = ""
        self._tokens = _TokenQueue()
        self._place = _Place.THOUGHT_START if inside else _Place.START
        self._closed_by_us = False
        self._previous = ""

    @property
    def thinking(self) -> bool:
        """Whether what comes next would be thought, as far as is known; false while nothing is known."""
        return self._place in (_Place.THOUGHT_START, _Place.THOUGHT)

    @property
    def _behind_tag(self) -> bool:
        """Whether a closing tag of the model's came last: white space here belongs to it."""
        return self._place is _Place.ANSWER_START and not self._closed_by_us

    @property
    def held_tokens(self) -> int:
        """Tokens taken in and not yet given out in a piece."""
        return self._tokens.count

    def close_thought(self) -> None:
        """Go on as after a closing tag: somebody else closed the thought."""
        self._place, self._closed_by_us = _Place.ANSWER_START, True

    def go_on_thinking(self) -> None:
        """Go on in the middle of a line of the thought, where white space counts."""
        self._place = _Place.THOUGHT

    def go_on_answering(self) -> None:
        """Go on in the middle of the answer, where white space counts."""
        self._place = _Place.ANSWER

    def thoughts_come_apart(self) -> None:
        """Thoughts were seen to arrive outside of the text, so that the text does not begin inside of one."""
        if self._place is _Place.THOUGHT_START:
            self.close_thought()

    def push(self, text: str, tokens: int) -> list[Piece]:
        """Take in some text of so many tokens; the pieces that are certain by now."""
        self._held += text
        self._tokens.put(len(text), tokens)
        pieces: list[Piece] = []
        while (piece := self._next()) is not None:
            pieces.append(piece)
        return [piece for piece in pieces if piece.text or piece.tokens]

    def flush(self) -> list[Piece]:
        """What is still held, now that nothing follows: half a closing tag and white space at the end are dropped."""
        running = self._place in (_Place.THOUGHT, _Place.ANSWER)
        text = self._held.rstrip() if running else self._held.strip()
        if self.thinking and len(half := _partial(text, self._close)) > 1:
            text = text[: -len(half)].rstrip()
        piece = Piece(text, self.thinking or (self._behind_tag and not text), self._tokens.rest())
        self._held = ""
        return [piece] if piece.text or piece.tokens else []

    def _next(self) -> Piece | None:
        """The next certain piece, or None when more text is needed."""
        if self._place in (_Place.THOUGHT, _Place.ANSWER):
            return self._running()
        bare = self._held.lstrip()
        inside = self._place is _Place.THOUGHT_START
        if self._open and bare.startswith(self._open):
            return self._cut("", len(self._held) - len(bare) + len(self._open), True, _Place.THOUGHT_START)
        if self._close and bare.startswith(self._close):
            return self._cut("", len(self._held) - len(bare) + len(self._close), True, _Place.ANSWER_START)
        if any(tag.startswith(bare) for tag in (self._open, self._close) if tag) or not bare:
            return None
        if len(bare) < len(self._held):
            return self._cut("", len(self._held) - len(bare), inside or self._behind_tag, self._place)
        self._place = _Place.THOUGHT if inside else _Place.ANSWER
        return self._running()

    def _running(self) -> Piece | None:
        """The next piece in the middle of thought or answer."""
        thought = self._place is _Place.THOUGHT
        position = self._held.find(self._close) if self._close else -1
        if position >= 0 and not thought and (self._held[:position] or self._previous)[-1:] in _QUOTES:
            return self._cut(
                self._held[: position + len(self._close)], position + len(self._close), thought, self._place
            )
        if position >= 0:
            after = _Place.ANSWER_START if thought else _Place.ANSWER
            return self._cut(self._held[:position].rstrip(), position + len(self._close), thought, after)
        certain = self._held[: len(self._held) - len(_partial(self._held, self._close))].rstrip()
        return self._cut(certain, len(certain), thought, self._place) if certain else None

    def _cut(self, text: str, length: int, thought: bool, place: _Place) -> Piece:
        """A piece made of the first `length` characters held."""
        self._held, self._place = self._held[length:], place
        self._previous = text or self._previous
        return Piece(text, thought, self._tokens.take(length))


def _partial(text: str, tag: str) -> str:
    """The longest end of the text that may be the beginning of the tag."""
    for length in range(min(len(tag) - 1, len(text)), 0, -1):
        if text.endswith(tag[:length]):
            return tag[:length]
    return ""


class _TokenQueue:
    """Which characters came as how many tokens, so that each token is counted with the text in which it ends."""

    def __init__(self) -> None:
        self._entries: deque[list[int]] = deque()  # [characters, tokens] in order of arrival
        self.count = 0

    def put(self, characters: int, tokens: int) -> None:
        self._entries.append([characters, tokens])
        self.count += tokens

    def take(self, characters: int) -> int:
        """Tokens of the next so many characters; of a delta taken in part, a share by length, rounded down."""
        taken = 0
        while self._entries and self._entries[0][0] <= characters:
            length, tokens = self._entries.popleft()
            characters -= length
            taken += tokens
        if characters and self._entries:
            entry = self._entries[0]
            share = entry[1] * characters // entry[0]
            entry[0] -= characters
            entry[1] -= share
            taken += share
        self.count -= taken
        return taken

    def rest(self) -> int:
        """All tokens that are left."""
        rest, self.count = self.count, 0
        self._entries.clear()
        return rest
