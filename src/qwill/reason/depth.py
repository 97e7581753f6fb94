"""Depth: whether a thought that goes on would still change its answer, or one that was closed should go on.

Every few hundred tokens the engine is asked, apart from the thought, which answer it comes to so far: the thought is
closed for it behind its last whole sentence or line, and a few tokens of answer are written and thrown away. The
thought itself never learns of it. Once its answer has stayed the same for some looks it has converged, sooner where
tools have verified claims of it and refuted none.

The idea is that of dynamic early exit (Yang et al. 2025, arXiv:2504.15895), which reads the model's own probabilities
instead; agreement of looks needs none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import closing

from qwill.core import Evidence, Problem, Status
from qwill.engine.protocol import Engine, Request
from qwill.reason.classes import Classes
from qwill.reason.value import final_value

EVERY = 256  # tokens of thought between two looks
LOOK_TOKENS = 32  # of answer written for one look
_SHORT = 256  # tokens; a thought that was closed before is short
_SAME_CHECKED = 3  # looks with one answer after which a thought has converged whose claims were checked
_SAME = 5  # the same for one in which nothing could be checked
_END = re.compile(r"[.!?]\s|[。！？\n]")


class Depth:
    """Looks at one thought.

    Args:
        problem: what is asked; its answer has to be comparable.
        engine: writes the looks; it has to be able to go on from a given text.
        ask: makes the request for the answer that a thought comes to, in so many tokens.
        every: tokens of thought between two looks.
    """

    def __init__(
        self, problem: Problem, engine: Engine, ask: Callable[[str, int], Request], *, every: int = EVERY
    ) -> None:
        self._problem, self._engine, self._ask, self._every = problem, engine, ask, every
        self._classes = Classes(problem)
        self._seen: list[str | None] = []
        self._looked_at = 0

    def is_due(self, tokens: int) -> bool:
        """Whether enough is new in a thought of so many tokens."""
        return tokens - self._looked_at >= self._every

    def look(self, thought: str, tokens: int) -> int:
        """Look at a thought of so many tokens; how many tokens that took."""
        self._looked_at = tokens
        whole = max((end.end() for end in _END.finditer(thought)), default=len(thought))
        text, spent = "", 0
        with closing(self._engine.stream([self._ask(thought[:whole], LOOK_TOKENS)])) as stream:
            for delta in stream:
                text += delta.text
                spent += len(delta.tokens)
        value = final_value(self._problem, text)
        self._seen.append(None if value is None else self._classes.of_value(value))
        return spent

    def converged(self, checked: Sequence[Evidence]) -> str | None:
        """The answer that the thought has come to, or None.

        Args:
            checked: the claims of the thought that were checked.
        """
        found = {evidence.verdict.status for evidence in checked}
        needed = _SAME_CHECKED if Status.VERIFIED in found and Status.REFUTED not in found else _SAME
        last = self._seen[-needed:]
        return last[0] if len(last) == needed and len(set(last)) == 1 else None


def is_short(tokens: int, checked: Sequence[Evidence]) -> bool:
    """Whether a thought of so many tokens was closed early, with no claim of it verified."""
    return 0 < tokens < _SHORT and all(evidence.verdict.status is not Status.VERIFIED for evidence in checked)
