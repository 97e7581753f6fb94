"""Citations where a model gives none: behind a sentence that a quoted passage says, its number is put.

What is put there was checked first, so such a citation always holds. Sentences that cite by themselves, that no passage
says, and what is not prose are left as they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from qwill.knowledge.citations import supporting
from qwill.knowledge.search import Found
from qwill.knowledge.silence import is_silent

_CITED = r"(?:[ \t]*(?:\[\d{1,2}\]|【\d{1,2}】))"
_OVER = re.compile(rf"(?:[.!?](?=\s)|[。！？](?:[”’」』]|)|\n){_CITED}*(?=\s*[^\s\[【”’」』])")
"""The end of a sentence, once it is known what follows."""
_CITES = re.compile(r"\[\d{1,2}\]|【\d{1,2}】")
_NO_PROSE = re.compile(r"^\s*(?:[|#>]|```|~~~)|\\boxed|\$")

_DATA = re.compile(r"\s*(?:\{|\[(?!\d))")


class Citing:
    """Reads an answer as it grows and puts citations into it.

    Args:
        found: the passages, numbered from 1; more may come while the answer grows.

    Attributes:
        put: (place in the text as it was written, characters put there), in order.
    """

    def __init__(self, found: Sequence[Found]) -> None:
        self._found = found
        self._held, self._read = "", 0
        self._in_code = self._is_data = False
        self.put: list[tuple[int, int]] = []

    def push(self, text: str) -> str:
        """Take in some text; what is certain by now, with citations."""
        self._held += text
        out = ""
        while match := _OVER.search(self._held):
            out += self._cited(self._held[: match.end()])
            self._held = self._held[match.end() :]
        return out

    def flush(self) -> str:
        """The rest, now that nothing follows."""
        rest, self._held = self._held, ""
        return self._cited(rest)

    def cut_back(self, keep: int) -> int:
        """Of the text as it was written only so much remains; how much that is with what was put in.

        Nothing may be held: call `flush` first.
        """
        self.put = [(place, length) for place, length in self.put if place < keep]
        self._read = keep
        return self.moved(keep)

    def skip(self, text: str) -> None:
        """Something stands there now that is not to be looked at."""
        self._read += len(text)

    def moved(self, place: int) -> int:
        """Where a place of the text as it was written is now."""
        return place + sum(length for put, length in self.put if put < place)

    def _cited(self, sentence: str) -> str:
        self._is_data |= self._read == 0 and bool(_DATA.match(sentence))
        self._read += len(sentence)
        was_code = self._in_code
        self._in_code ^= sentence.count("```") % 2 == 1
        body = sentence.rstrip()
        if (
            self._is_data
            or was_code
            or self._in_code
            or not body
            or _CITES.search(body)
            or _NO_PROSE.search(body)
            or is_silent(body)
        ):
            return sentence
        number = supporting(body, self._found)
        if number is None:
            return sentence
        mark = f" [{number}]"
        self.put.append((self._read - len(sentence) + len(body), len(mark)))
        return body + mark + sentence[len(body) :]


def with_citations(answer: str, found: Sequence[Found]) -> str:
    """An answer with citations put in."""
    citing = Citing(found)
    return citing.push(answer) + citing.flush()
