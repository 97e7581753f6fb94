"""Programs as further witnesses: for a problem whose answer is a number, the model also writes short programs.

A program runs in the sandbox, and what it prints is compared with what the prose arrives at. Prose and program go wrong
in different ways, so their agreement says more than that of two texts; a program costs a third of the tokens of prose.
"""

from __future__ import annotations

import ast
import math
import re
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from qwill.core import (
    Answer,
    AnswerForm,
    Budget,
    Evidence,
    Kind,
    Language,
    Outcome,
    Problem,
    QwillError,
    Sampling,
    Status,
    Verdict,
)
from qwill.core.events import Answering, Event, Finished, Interrupted, Parsed, Thinking, Verified
from qwill.engine.protocol import Engine
from qwill.reason.posterior import Ballot
from qwill.reason.thinker import reason
from qwill.reason.trace import to_trace
from qwill.sandbox import End, Limits, level, run
from qwill.verify.code import code_in

TOKENS = 400  # of a program, with the words around it
_LIMITS = Limits(cpu_seconds=4.0, wall_seconds=6.0, memory_bytes=256 << 20, output_bytes=8 << 10, processes=4)
_NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?(?:/\d+)?")
_MOST_SILENT = 2  # programs without a number: this is no question for programs
_DIGITS = 10  # significant; what binary floating point adds behind them is noise

_WORK = (ast.BinOp, ast.AugAssign, ast.For, ast.While, ast.comprehension)
_NO_WORK = frozenset({"print", "int", "float", "str", "round", "format"})

_ASK = {
    Language.ENGLISH: "Write a short Python program that computes the answer and prints only the final number. "
    "Reply with the program alone, in one code block.",
    Language.CHINESE_SIMPLIFIED: "写一个简短的 Python 程序，算出答案，只打印最后的数。只回复程序，放在一个代码块里。",
    Language.CHINESE_TRADITIONAL: "寫一個簡短的 Python 程式，算出答案，只印出最後的數。"
    "只回覆程式，放在一個程式碼區塊裡。",
}
_SAYS = {
    Language.ENGLISH: "A program that computes it gives {value}.",
    Language.CHINESE_SIMPLIFIED: "用程序计算，结果是 {value}。",
    Language.CHINESE_TRADITIONAL: "用程式計算，結果是 {value}。",
}


def can_crosscheck(problem: Problem, engine: Engine) -> bool:
    """Whether programs can be witnesses, where there is a sandbox: the answer is a number, and the model knows more
    than its own few tasks."""
    return problem.form is AnswerForm.NUMBER and problem.kind is not Kind.CODE and not engine.profile.single_turn


def has_sandbox() -> bool:
    """Whether this machine can run programs. The first call tries it out, which takes some tenths of a second."""
    try:
        level()
    except QwillError:
        return False
    return True


def is_program(index: int, most: int) -> bool:
    """Whether the trace of this index is a program, where so many of them follow the first text."""
    return 1 <= index <= most


class Programs:
    """Which traces of one answer are programs.

    Args:
        most: how many of them to write, behind the first text.
    """

    def __init__(self, most: int) -> None:
        self.indices: set[int] = set()
        self.most, self._worthwhile = most, True

    def takes(self, index: int) -> bool:
        """Whether the trace of this index, which begins now, is to be a program."""
        if not (self._worthwhile and is_program(index, self.most) and has_sandbox()):
            return False
        self.indices.add(index)
        return True

    def heard(self, labels: Sequence[str | None]) -> None:
        """Take note of the classes of the answers so far: where programs say nothing, no more are written."""
        said = [labels[index] for index in self.indices if index < len(labels)]
        self._worthwhile = any(said) or len(said) < _MOST_SILENT


@dataclass(frozen=True)
class Printed:
    """What a program came to: its last number, or why there is none."""

    value: str | None
    detail: str


def printed_by(reply: str) -> Printed:
    """What the program in a reply comes to."""
    code = code_in(reply)
    if not code:
        return Printed(None, "no program was written")
    return run_program(code) if computes(code) else Printed(None, "the program computes nothing")


def run_program(code: str) -> Printed:
    """Run a model's program in the sandbox and read the number that it prints last."""
    ran = run(code, limits=_LIMITS)
    if ran.end is not End.OK:
        reason_given = ran.stderr.strip().splitlines()
        return Printed(None, reason_given[-1][:200] if reason_given else ran.end.value)
    numbers = _NUMBER.findall(ran.stdout)
    if not numbers:
        return Printed(None, "it prints no number")
    return Printed(_plain(numbers[-1].replace(",", "")), "")


def computes(code: str) -> bool:
    """Whether a program works its number out: one that only prints a number which it holds already repeats what the
    model believed before, and is no witness."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True  # what runs will say
    return any(isinstance(node, _WORK) or (isinstance(node, ast.Call) and _works(node)) for node in ast.walk(tree))


def _works(call: ast.Call) -> bool:
    """Whether a call does more than print a value or read it in another form."""
    return not (isinstance(call.func, ast.Name) and call.func.id in _NO_WORK)


def _plain(number: str) -> str:
    """A number without the noise of binary floating point."""
    if "/" in number or not any(mark in number for mark in ".eE"):
        return number
    value = float(number)
    if not math.isfinite(value):
        return number
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else f"{value:.{_DIGITS}g}"


def asking_for_program(problem: Problem) -> str:
    """The question, with the request for a program behind it."""
    return f"{problem.text}\n\n{_in(problem.language, _ASK)}"


def program_course(
    problem: Problem,
    engine: Engine,
    *,
    budget: Budget,
    sampling: Sampling,
    stopped: Callable[[], bool],
) -> Iterator[Event]:
    """Have the model write a program for the problem and run it, as a trace of its own.

    The program is the thought of this trace, and its output the value of its answer. Writing is ended as soon as the
    program is there.
    """
    asked = replace(problem, text=asking_for_program(problem), form=AnswerForm.CODE)
    tokens = TOKENS if budget.thinking_tokens is None else min(TOKENS, budget.thinking_tokens + budget.answer_tokens)
    written = _Written()
    yield Parsed(problem=problem)
    for event in reason(
        asked,
        engine,
        budget=Budget(0, tokens, budget.seconds),
        sampling=sampling,
        stopped=lambda: stopped() or written.is_whole,
    ):
        if isinstance(event, Thinking | Answering):
            written.text += event.text
            yield Thinking(text=event.text, tokens=event.tokens)
        elif isinstance(event, Finished):
            yield from _run_and_finish(problem, written.text, event.answer)
        elif isinstance(event, Interrupted) and event.reason != "stop":
            yield event


def is_whole(text: str) -> bool:
    """Whether a code block was opened and closed: nothing more is wanted of a program's text."""
    return text.count("```") >= 2


class _Written:
    """The program as it grows."""

    def __init__(self) -> None:
        self.text = ""

    @property
    def is_whole(self) -> bool:
        return is_whole(self.text)


def _run_and_finish(problem: Problem, text: str, draft: Answer) -> Iterator[Event]:
    """Run what was written and say what came out."""
    printed = printed_by(text) if draft.stopped_because is not Outcome.ENGINE_ERROR else Printed(None, "it broke off")
    said = _in(problem.language, _SAYS).format(value=printed.value) if printed.value else ""
    verdict = Verdict(Status.UNKNOWN, "program", printed.detail)  # a witness, no proof: it is weighed with the others
    yield Verified(evidence=Evidence(said or text[:80], (0, len(said)), verdict))
    yield Answering(text=said or printed.detail, tokens=0)
    tokens = draft.usage.thinking_tokens + draft.usage.answer_tokens
    yield Finished(
        answer=replace(
            draft,
            text=said or printed.detail,
            value=printed.value,
            traces=(to_trace(text, [(len(text), tokens)]),) if text else (),
            usage=replace(draft.usage, thinking_tokens=tokens, answer_tokens=0),
            stopped_because=Outcome.COMPLETE if printed.value else Outcome.NO_ANSWER,
        )
    )


def _in(language: Language, said: Mapping[Language, str]) -> str:
    """What is said in this language, or in English where we have no words in it."""
    return said.get(language, said[Language.ENGLISH])


def weigh_with_programs(
    labels: Sequence[str | None], programs: Collection[int], *, weight: float, agreement: float
) -> list[Ballot]:
    """What each answer counts where some traces are programs.

    A program that prints nothing says nothing, neither for nor against the problem being easy.

    Args:
        labels: classes of the answers.
        programs: indices of those that are programs.
        weight: as `Measured.program`.
        agreement: as `Measured.agreement`; it counts once for a value, however many arrive at it.
    """
    prose = {label for index, label in enumerate(labels) if index not in programs and label is not None}
    ballots = []
    for index, label in enumerate(labels):
        if index not in programs:
            ballots.append(Ballot(label))
        elif label is None:
            ballots.append(Ballot(None, weight=0.0))
        else:
            ballots.append(Ballot(label, weight, agreement if label in prose else 0.0))
            prose.discard(label)
    return ballots
