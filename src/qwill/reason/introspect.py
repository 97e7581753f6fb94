"""Deep introspection: the claims of a thought are checked while it streams, and a refuted one is put right there.

Where the engine can go on from a given text, writing is cut at the false claim and goes on from its correction: in a
thought after a sentence that says so ("Wait: 37 × 24 = 888, not 878."); in an answer, and in the thought of a model
that knows no such sentences, from the right number in the place of the wrong one. Elsewhere the model is told in
another turn. Only what a tool has refuted is ever touched, and only so many times: what is unknown stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from qwill.core import Answer, Evidence, Language, Status
from qwill.core.events import Event, Questioned, Verified
from qwill.reason.guard_stream import Cut
from qwill.reason.posterior import Ballot
from qwill.verify.claims import Claim, check, claims
from qwill.verify.claims_equalities import Relations
from qwill.verify.claims_links import judge_link, value_of, written

MOST_CORRECTIONS = 4  # in one thought or answer; a model that errs more often than this is not helped by more
_SETTLED = 40  # characters behind a claim, within its line, after which it is taken to be over
_CONTEXT = 200  # characters before the new text that claims in it may begin in
_STRIDE = 24  # characters that come before a line is read again: reading takes as long as a few tokens do
_SECONDS = 0.5  # for one claim
_DOUBT = -1.5
"""Log likelihood ratio of a refuted claim left in an answer: of 116 samples of a model of 0.5 billion (GSM8K), 13 of 85
wrong ones held one, and none of 31 right ones."""
_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
_BARE = re.compile(r"(?:[\d\s.,()\[\]{}+\-−*/×÷·^=$%&]|\\(?:times|cdot|div|d?frac|left|right|[,;!$%]))+")
"""Nothing but calculation: what holds letters may mean more than can be seen, and is noted but not put right."""
_OPEN_END = re.compile(r"[\d\s.,)=+\-*/×÷·%]*$")

_WAIT = {
    Language.ENGLISH: "\nWait: {left} = {right}, not {wrong}.\n",
    Language.CHINESE_SIMPLIFIED: "\n等等：{left} = {right}，不是 {wrong}。\n",
    Language.CHINESE_TRADITIONAL: "\n等等：{left} = {right}，不是 {wrong}。\n",
}
_TOLD = {
    Language.ENGLISH: "There is a mistake: {left} = {right}, not {wrong}. Correct it, and give the final answer again.",
    Language.CHINESE_SIMPLIFIED: "有一处错误：{left} = {right}，不是 {wrong}。请改正，再给出最终答案。",
    Language.CHINESE_TRADITIONAL: "有一處錯誤：{left} = {right}，不是 {wrong}。請改正，再給出最終答案。",
}


@dataclass(frozen=True)
class Correction:
    """What a refuted claim should have said.

    Attributes:
        left, wrong, right: of "left = wrong, but it is right", as written.
        place: [start, end) of the wrong number in the text.
        end: of the whole claim.
    """

    left: str
    wrong: str
    right: str
    place: tuple[int, int]
    end: int

    @property
    def keeps_kind(self) -> bool:
        """Whether the right number is written as the wrong one is: a whole one for a whole one, with the same sign.
        A model that is told nothing of the change would not know what to do with another kind."""
        kinds = [(number.startswith("-"), "." in number) for number in (self.wrong, self.right)]
        return _NUMBER.fullmatch(self.right) is not None and kinds[0] == kinds[1]

    def as_wait(self, language: Language) -> str:
        """What to put into a thought behind the claim."""
        return self._said(_WAIT, language)

    def as_told(self, language: Language) -> str:
        """What to tell the model in another turn."""
        return self._said(_TOLD, language)

    def _said(self, words: dict[Language, str], language: Language) -> str:
        form = words.get(language, words[Language.ENGLISH])
        return form.format(left=self.left, right=self.right, wrong=self.wrong)


def correction_of(claim: Claim) -> Correction | None:
    """The right number for a refuted equality that ends in a wrong one; None where that is not what is wrong."""
    statement = claim.statement
    if not isinstance(statement, Relations):
        return None
    for left, relation, right in zip(statement.sides, statement.relations, statement.sides[1:], strict=False):
        if relation not in "=≈" or judge_link(left.node, right.node, relation) is not Status.REFUTED:
            continue
        value, number = value_of(left.node), _NUMBER.search(right.text)
        if value is None or number is None or len(_NUMBER.findall(right.text)) != 1 or not _BARE.fullmatch(left.text):
            return None
        start = right.start + number.start()
        place = (start, start + len(number[0]))
        return Correction(left.text.strip(), number[0], written(value), place, claim.span[1])
    return None


class Introspection:
    """What was found in one trace's thought and answer: the claim ledger, in the order of their places.

    Args:
        language: of the question; corrections are said in it.
        in_place: put numbers of a thought right without a word.

    Attributes:
        of_thought, of_answer: the claims checked so far, with spans in their text as it was then.
        corrected: how many were put right.
        pending: the first refuted claim of an answer that could not be put right where it stood.
        resume_at: by whether it is an answer's: where the claim begins that was put right last, to be checked again.
    """

    def __init__(self, language: Language, *, in_place: bool = False) -> None:
        self.language, self.in_place = language, in_place
        self.of_thought: list[Evidence] = []
        self.of_answer: list[Evidence] = []
        self.corrected = 0
        self.pending: Correction | None = None
        self.resume_at: dict[bool, int] = {}
        self._news: list[Event] = []

    def news(self) -> Iterator[Event]:
        """Events for what was found since the last call."""
        yield from self._news
        self._news.clear()

    def note(self, evidence: Evidence, ledger: list[Evidence]) -> None:
        """Enter a checked claim."""
        ledger.append(evidence)
        if evidence.verdict.status is Status.REFUTED:
            self._news.append(Questioned(claim=evidence.claim, reason=evidence.verdict.detail))
        self._news.append(Verified(evidence=evidence))

    def guard(self, text: str, *, in_answer: bool, corrects: bool) -> ClaimGuard:
        """What reads along from the end of this text of a thought or an answer."""
        start = self.resume_at.pop(in_answer, len(text))
        return ClaimGuard(self, in_answer=in_answer, corrects=corrects, start=start)

    def entered(self, answer: Answer) -> Answer:
        """The answer with the ledger: claims of the answer in `evidence`, those of its thought in the steps that hold
        them. What does not stand in the text any more, being corrected or cut off, is in the events alone."""
        found = tuple(evidence for evidence in self.of_answer if _stands(evidence, answer.text))
        if not answer.traces:
            return replace(answer, evidence=found)
        trace, *others = answer.traces
        standing = [evidence for evidence in self.of_thought if _stands(evidence, trace.text)]
        steps = tuple(
            replace(step, evidence=tuple(e for e in standing if step.span[0] <= e.span[0] < step.span[1]))
            for step in trace.steps
        )
        return replace(answer, evidence=found, traces=(replace(trace, steps=steps), *others))

    @property
    def may_correct(self) -> bool:
        """Whether there were not too many corrections yet."""
        return self.corrected < MOST_CORRECTIONS


def doubt_refuted(ballots: Sequence[Ballot], answers: Sequence[Answer | None]) -> list[Ballot]:
    """What answers count where a claim that stands in some of them is refuted."""
    return [
        replace(ballot, evidence=ballot.evidence + _DOUBT)
        if answer and any(found.verdict.status is Status.REFUTED for found in answer.evidence)
        else ballot
        for ballot, answer in zip(ballots, answers, strict=True)
    ]


def _stands(evidence: Evidence, text: str) -> bool:
    return text[slice(*evidence.span)] == evidence.claim


class ClaimGuard:
    """Reads along with a thought or an answer, checks each claim as soon as it is over, and says where to cut.

    Args:
        found: where what it finds is entered.
        in_answer: it reads an answer.
        corrects: whether to cut at all; otherwise claims are only checked.
        start: characters that stand there already and were checked before.
    """

    def __init__(self, found: Introspection, *, in_answer: bool, corrects: bool, start: int = 0) -> None:
        self._found, self._in_answer, self._corrects = found, in_answer, corrects
        self._ledger = found.of_answer if in_answer else found.of_thought
        self._text = ""
        self._done = start  # claims that end before this were checked

    def push(self, text: str) -> Cut | None:
        """Take in the next piece."""
        self._text += text
        if len(self._text) <= self._done:
            return None
        end = self._certain_end()
        if end < self._done + _STRIDE and "\n" not in self._text[self._done : end]:
            return None
        return self._check_up_to(end)

    def finish(self) -> Cut | None:
        """Check what is left, now that nothing follows."""
        return self._check_up_to(len(self._text))

    def note_rest(self) -> None:
        """Check what is left, but cut nothing: the text has been gone on from."""
        self._corrects = False
        self._check_up_to(len(self._text))

    def _certain_end(self) -> int:
        """How far claims are over: the last line's end, or so far back in the line that nothing can change them."""
        line_end = self._text.rfind("\n") + 1
        line = self._text[line_end:]
        open_end = _OPEN_END.search(line)
        settled = len(self._text) - max(_SETTLED, len(open_end[0]) if open_end else 0)
        return max(line_end, settled)

    def _check_up_to(self, end: int) -> Cut | None:
        if end <= self._done:
            return None
        begin = max(0, self._text.rfind("\n", 0, max(self._done - _CONTEXT, 0)) + 1)
        for claim in claims(self._text[begin:], self._found.language):
            start, stop = claim.span[0] + begin, claim.span[1] + begin
            if stop <= self._done or stop > end:
                continue
            self._done = stop
            evidence = replace(check(claim, seconds=_SECONDS), span=(start, stop))
            self._found.note(evidence, self._ledger)
            if evidence.verdict.status is Status.REFUTED and (cut := self._cut_at(claim, evidence, begin)):
                return cut
        self._done = max(self._done, end)
        return None

    def _cut_at(self, claim: Claim, evidence: Evidence, begin: int) -> Cut | None:
        """Where to cut for a refuted claim, and what to put there."""
        correction = correction_of(claim)
        if correction is None or not self._found.may_correct:
            return None
        if not self._corrects:
            if self._in_answer:
                self._found.pending = self._found.pending or correction
            return None
        silently = not self._in_answer and self._found.in_place
        if silently and not correction.keeps_kind:
            return None
        self._found.corrected += 1
        detail = evidence.verdict.detail
        if not self._in_answer and not silently:
            appended = correction.as_wait(self._found.language)
            return Cut(begin + correction.end, "refuted", detail, appended=appended)
        self._found.resume_at[self._in_answer] = evidence.span[0]
        place = begin + correction.place[0]
        keep = len(self._text[:place].rstrip())
        return Cut(keep, "refuted", detail, appended=self._text[keep:place] + correction.right)
