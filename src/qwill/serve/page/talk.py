"""What stands on the page: questions and answers as they grow, and how they are shown."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import gradio as gr
from gradio.components.plot import PlotData

from qwill.core import Answer, Evidence, Outcome, QwillError, Status, Trace, Verdict
from qwill.core.events import Finished, Parsed, Retrieved, Thinking, Verified, Voted
from qwill.documents import Document
from qwill.reason.trace import to_trace
from qwill.serve.conversations import Turn
from qwill.serve.errors import ApiError
from qwill.serve.filters import Said
from qwill.serve.keeping import NEW
from qwill.serve.page.charts import charts_in
from qwill.serve.page.marking import Steps, checks, marked, thought_html
from qwill.serve.page.words import Words
from qwill.serve.work import Happened

Messages = list[dict[str, Any]]


class Reply:
    """One answer as it grows."""

    def __init__(self) -> None:
        self.text, self.failure = "", ""
        self.evidence: list[Evidence] = []
        self.passages: list[str] = []
        self.answer: Answer | None = None
        self._thought, self._tokens = "", 0
        self._said, self._steps = Said(), Steps()
        self._began, self._seconds = time.monotonic(), 0.0
        self._weighed = 0

    @classmethod
    def kept(cls, turn: Turn) -> Reply:
        """An answer of a kept conversation."""
        reply = cls()
        thought = "".join(str(part["text"]) for part in turn.parts if part["type"] == "thought")
        told: dict[str, Any] = next((part["value"] for part in turn.parts if part["type"] == "told"), {})
        reply.text = turn.text
        reply.evidence = [
            Evidence(
                str(claim["claim"]),
                (int(claim["span"][0]), int(claim["span"][1])),
                Verdict(Status(claim["status"]), str(claim["method"]), str(claim["detail"])),
            )
            for claim in told.get("claims", ())
        ]
        traces = (to_trace(thought, ()),) if thought else ()
        outcome = Outcome(told.get("stop_reason", Outcome.COMPLETE))
        reply.answer = Answer(turn.text, confidence=told.get("confidence"), traces=traces, stopped_because=outcome)
        return reply

    @property
    def thought(self) -> str:
        return self.answer.thought if self.answer else self._thought

    def take(self, happened: Sequence[Happened]) -> bool:
        """Take in what happens; whether there is something new to show."""
        for item in happened:
            match item.event:
                case QwillError(message=message) | ApiError(message=message):
                    self.failure = message
                case BaseException() as error:
                    self.failure = type(error).__name__
                case event:
                    thought, text = self._said.take(event)
                    self._thought += thought
                    self.text += text
                    self._note(event)
        return any(not isinstance(item.event, Parsed) for item in happened)

    def _note(self, event: object) -> None:
        match event:
            case Thinking(tokens=tokens):
                self._tokens += tokens
                self._seconds = time.monotonic() - self._began
            case Verified(evidence=evidence):
                self.evidence.append(evidence)
            case Retrieved(source=source, passage=passage):
                self.passages.append(f"**{source}** — {' '.join(passage.split())[:300]}")
            case Voted(counted=counted):
                self._weighed = counted
            case Finished(answer=answer):
                self.answer, self.text = answer, answer.text
                self.evidence += answer.evidence
            case _:
                pass

    def messages(self, words: Words) -> Messages:
        """What the page shows of it: the thoughts in folds, the answer with its marks and charts, what was checked."""
        shown = self._thoughts(words)
        text, charts = charts_in(self.text) if self.answer else (self.text, [])
        if text.strip():
            # Marks stand where the claims do, which a chart in front of them would move.
            body = marked(text, self.evidence if text == self.text else _moved(self.evidence, self.text, text))
            shown.append({"role": "assistant", "content": body + self._foot(words)})
        for chart in charts:
            if chart.fault:
                shown.append(_note(f"{words['no_chart']}: {chart.fault}"))
            else:
                plot = gr.Plot(PlotData(type="altair", plot=chart.spec), show_label=False, container=False)
                shown.append({"role": "assistant", "content": plot})
        if self.answer and self.evidence:
            lines = checks(self.evidence)
            shown.append(_fold("\n\n".join(lines), f"{words['checks']} · {len(lines)}"))
        if self.answer and self.passages:
            shown.append(_fold("\n\n".join(self.passages), f"{words['passages']} · {len(self.passages)}"))
        if self.failure:
            shown.append(_note(self.failure))
        return shown

    def _thoughts(self, words: Words) -> Messages:
        if self.answer is None:
            if not self._thought:
                return []
            body = thought_html(self._thought, self._steps.of(self._thought), self.evidence, words)
            title = f"{words['thought']} · {self._tokens} {words['tokens']}"
            return [_fold(body, title, seconds=self._seconds, pending=not self.text)]
        shown = []
        for number, trace in enumerate(self.answer.traces):
            tokens = self.answer.usage.thinking_tokens if number == 0 else 0
            title = words["another"] if number else words["thought"]
            title += f" · {tokens} {words['tokens']}" if tokens else ""
            seconds = self._seconds if number == 0 and self._seconds else None
            shown.append(_fold(self._whole(trace, words), title, seconds=seconds))
        return shown

    def _whole(self, trace: Trace, words: Words) -> str:
        own = [evidence for step in trace.steps for evidence in step.evidence]
        return thought_html(trace.text, trace.steps, [*self.evidence, *own], words)

    def _foot(self, words: Words) -> str:
        """How the answer ended, where that is not as usual, and how sure it is."""
        if self.answer is None:
            return ""
        told = []
        if self.answer.confidence is not None:
            told.append(f"{self.answer.confidence:.0%} {words['certain']}")
        if self._weighed > 1:
            told.append(f"{self._weighed} {words['thoughts']}")
        unusual = self.answer.stopped_because is not Outcome.COMPLETE
        if unusual and (self.answer.thought or self.answer.stopped_because is not Outcome.BUDGET):
            told.append(words[self.answer.stopped_because.value])
        return f'\n\n<span class="qw-foot">{" · ".join(told)}</span>' if told else ""


@dataclass
class Exchange:
    """A question and its answer; `again` where it went on from an edited thought."""

    question: str
    reply: Reply
    again: bool = False


@dataclass
class Lane:
    """One column of the page: a conversation with one model."""

    exchanges: list[Exchange] = field(default_factory=list)

    def messages(self, words: Words) -> Messages:
        """What the page shows of it."""
        shown: Messages = []
        for exchange in self.exchanges:
            asked = exchange.question + (f"\n\n*✎ {words['again']}*" if exchange.again else "")
            shown += [{"role": "user", "content": asked}, *exchange.reply.messages(words)]
        return shown

    def history(self) -> list[tuple[str, str]]:
        """(question, answer) as a model is shown them: of a question that was asked again, the last answer."""
        told: list[tuple[str, str]] = []
        for exchange in self.exchanges:
            if exchange.again and told:
                told.pop()
            if exchange.reply.answer:
                told.append((exchange.question, exchange.reply.text))
        return told


@dataclass
class Session:
    """One visitor's page.

    Attributes:
        talk_id: of the kept conversation, or `NEW`.
        lanes: the columns; the second one is for comparing.
        running: ids of the answers that are being made.
        files: what the next questions are asked about, by name.
        chain: id of the chain that is run, or "".
    """

    talk_id: str = NEW
    lanes: tuple[Lane, Lane] = field(default_factory=lambda: (Lane(), Lane()))
    running: list[str] = field(default_factory=list)
    files: dict[str, Document] = field(default_factory=dict)
    chain: str = ""

    def clear(self) -> None:
        """Begin anew."""
        self.talk_id, self.lanes, self.files = NEW, (Lane(), Lane()), {}


def _moved(evidence: Sequence[Evidence], before: str, after: str) -> list[Evidence]:
    """Evidence of a text from which charts were taken out: a claim is looked for where it stands now."""
    moved, position = [], 0
    for item in sorted(evidence, key=lambda item: item.span):
        start, end = item.span
        place = after.find(item.claim, position) if before[start:end] == item.claim else -1
        if place >= 0:
            moved.append(Evidence(item.claim, (place, place + len(item.claim)), item.verdict))
            position = place
    return moved


def _fold(text: str, title: str, *, seconds: float | None = None, pending: bool = False) -> dict[str, Any]:
    """A message that can be folded; open while it grows."""
    metadata: dict[str, Any] = {"title": title, "status": "pending" if pending else "done"}
    if seconds is not None:
        metadata["duration"] = round(seconds, 1)
    return {"role": "assistant", "content": text, "metadata": metadata}


def _note(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": f"**!** {text}"}
