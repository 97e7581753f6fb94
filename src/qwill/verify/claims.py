"""Claims inside a text: found with their places, and checked one by one.

A claim is a statement that can be decided without knowing what it is about: an equality between closed expressions, a
comparison, a conversion of units, a count of letters, a day of the week, a balanced reaction, what a program prints.
Finding prefers to miss a claim over marking what is none, and checking says UNKNOWN when in doubt: to refute what is
true does more harm than to let an error pass.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from qwill.core import Evidence, Language, Status, Verdict
from qwill.verify.claims_context import doubt_around, rounds_around
from qwill.verify.claims_dates import find_dates
from qwill.verify.claims_equalities import find_relations
from qwill.verify.claims_facts import find_facts
from qwill.verify.claims_identities import find_identities
from qwill.verify.claims_kinds import ClaimKind, Found, Statement
from qwill.verify.claims_letters import find_letters
from qwill.verify.claims_measures import find_measures
from qwill.verify.claims_programs import find_outputs
from qwill.verify.claims_reactions import find_reactions
from qwill.verify.fences import fences

MAX_TEXT = 200_000
_PROSE_LABELS = ("", "text", "plaintext", "markdown", "latex", "math", "tex")
_LOOKS_LIKE_CODE = re.compile(
    r"\b(?:def|return|import|print|class|for|while|const|let|var|function|int)\b|#include|[;{}]$"
)


@dataclass(frozen=True)
class Claim:
    """A claim in a text.

    Attributes:
        kind: what it is about.
        text: as it stands in the text.
        span: [start, end) in characters of that text.
        statement: what it says.
        doubt: why it must not be refuted (said with "if", taken back at once); empty where it is simply asserted.
    """

    kind: ClaimKind
    text: str
    span: tuple[int, int]
    statement: Statement
    doubt: str = ""


def claims(text: str, language: Language = Language.ENGLISH) -> tuple[Claim, ...]:
    """The claims of a text in the order of their places; no two overlap.

    Args:
        text: a thought or an answer; what exceeds 200,000 characters is not read.
        language: of the text. Signs, LaTeX and the words of English and Chinese are understood in any text.
    """
    del language
    text = text[:MAX_TEXT]
    prose = _without_code(text)
    found: list[Claim] = []
    for start, end, statement in find_outputs(text):
        found.append(Claim(statement.kind, text[start:end], (start, end), statement))
    for finder in _FINDERS:
        for start, end, statement in finder(prose):
            if all(end <= claim.span[0] or start >= claim.span[1] for claim in found):
                doubt = doubt_around(prose, start, end)
                found.append(Claim(statement.kind, text[start:end], (start, end), statement, doubt))
    return tuple(sorted(found, key=lambda claim: claim.span))


def check(claim: Claim, *, seconds: float = 2.0) -> Evidence:
    """What checking a claim finds. A claim made in doubt is never refuted.

    Args:
        claim: one of those that `claims` gave.
        seconds: processor time that a program may take to show its output; all else takes far less.
    """
    began = time.perf_counter()
    status, detail = claim.statement.check(seconds)
    if status is Status.REFUTED and claim.doubt:
        status, detail = Status.UNKNOWN, f"{detail}; {claim.doubt}"
    verdict = Verdict(status, str(claim.kind), detail, time.perf_counter() - began)
    return Evidence(claim.text, claim.span, verdict)


def _without_code(text: str) -> str:
    """The text with its fenced programs blanked out, every other character in its place."""
    for fence in fences(text):
        if fence.label not in _PROSE_LABELS or _LOOKS_LIKE_CODE.search(fence.body):
            start, end = fence.outer
            text = text[:start] + re.sub(r"[^\n]", " ", text[start:end]) + text[end:]
    return text


def _find_relations(text: str) -> Iterator[Found]:
    """Chains of relations; where the sentence rounds, its equalities are approximate."""
    for start, end, chain in find_relations(text):
        if not rounds_around(text, start, end):
            yield start, end, chain
            continue
        about = tuple("≈" if relation == "=" else relation for relation in chain.relations)
        yield start, end, replace(chain, relations=about)


# What an earlier one finds is not looked at again by a later one.
_FINDERS: tuple[Callable[[str], Iterator[Found]], ...] = (
    find_reactions, find_letters, find_dates, find_facts, find_measures, _find_relations,
    find_identities,
)  # fmt: skip
