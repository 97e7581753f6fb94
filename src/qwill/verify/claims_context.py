"""What the words around a claim do to it: "if", "suppose", "not", "wait, no" and their like take its edge off.

A claim in such a context is not simply asserted, so it may be verified but is never refuted.
"""

from __future__ import annotations

import re

_SENTENCE_END = re.compile(r"[.;!?](?=\s|$)|[。；！？\n]")
_BEFORE = re.compile(
    r"\b(?:if|suppose|supposing|assum\w+|let(?!['’]s)|let['’]s say|imagine|would be|not|isn't|doesn't|don't|didn't|"
    r"aren't|never|cannot|can't|wrong(?:ly)?|incorrect(?:ly)?|mistake\w*|error|instead of|rather than|whether|unless|"
    r"no longer|wait|hypothe\w+|contradict\w*|(?<!balanced )equations?|claim(?:s|ed)?|guess\w*|maybe|perhaps|"
    r"try|trying|mod|modulo|modular|congruent|in base|base \d+|binary|hex\w*|octal|o'clock|am|pm|version|hmm|false|"
    r"satisf\w+|inequalit\w+)\b"
    r"|如果|若|假设|假如|假設|[设設](?![备備计計施置])|不是|不等于|并非|而非|错|錯|不对|不對|吗|嗎|是否|(?<![规規])模(?![型式拟擬块])"
    r"|进制|進制|同余|点钟|版本|方程|除非|尝试|猜|矛盾",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"(?<!\\)\b[A-Za-z]{2,}|[\u3400-\u9fff]")
_BEHIND = re.compile(
    r"\?|？|\b(?:wait|no,|nope|wrong|incorrect|not (?:right|correct|true|equal|possible)|isn't|is false|mistake|oops|"
    r"does not hold|doesn't|too (?:high|low|much|many|large|small)|instead)|不对|不對|错|錯|不成立|等等|不是|吗|嗎",
    re.IGNORECASE,
)
_ROUNDS = re.compile(
    r"\b(?:approx\w*|about|roughly|around|round\w*|nearest|estimat\w*|nearly|almost|remainder|left over|leftover)\b"
    r"|约|大约|約|四舍五入|左右|余|餘|剩|近似",
    re.IGNORECASE,
)
_FARTHEST = 1000  # characters before a claim that can belong to its sentence
_REACH = 60  # characters behind a claim in which it may be taken back


def doubt_around(text: str, start: int, end: int) -> str:
    """Why the claim at [start, end) should not be refuted, or ""."""
    if found := _BEFORE.search(text, _sentence_start(text, start), start):
        return f"said with “{found[0].strip()}”"
    if found := _BEHIND.search(text, end, min(len(text), end + _REACH)):
        return f"taken back by “{found[0].strip()}”"
    return ""


def _sentence_start(text: str, start: int) -> int:
    """Where the sentence of a claim begins; a formula that stands alone belongs to the sentence before it."""
    ends = [match.end() for match in _SENTENCE_END.finditer(text, max(0, start - _FARTHEST), start)]
    low = ends[-1] if ends else max(0, start - _FARTHEST)
    while ends and text[low - 1] == "\n" and not _LETTERS.search(text, low, start):
        ends.pop()
        low = ends[-1] if ends else max(0, start - _FARTHEST)
    return low


def rounds_around(text: str, start: int, end: int) -> bool:
    """Whether the sentence of a claim speaks of rounding or of remainders, so that its result is an approximation."""
    low = _sentence_start(text, start)
    reach = min(len(text), end + _FARTHEST)
    behind = _SENTENCE_END.search(text, end, reach)
    return bool(_ROUNDS.search(text, low, start) or _ROUNDS.search(text, end, behind.start() if behind else reach))
