"""A chain as a model: a question goes in as its one open input, its output comes out as the answer, and what the steps
before it wrote is the thought. So whatever takes a model takes a chain: `qwill.ask`, the command line, the servers."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread
from urllib.parse import unquote

from qwill.chain.recipe import Chain, ChainError, load_chain
from qwill.chain.running import Look, OpenModel, Runner, filled_inputs, resolved_models
from qwill.chain.telling import events_of
from qwill.core import Outcome, Problem, QwillError, Sampling, UsageError
from qwill.core.events import Event as Happening
from qwill.core.events import Finished, Thinking
from qwill.engine.estimate import estimate_tokens
from qwill.engine.profiles import THINKING, Profile
from qwill.engine.protocol import Capabilities, Delta, Finish, Message, Request
from qwill.knowledge import Knowledge, harmless
from qwill.reason.parse import parse

_PREFIX = "chain:"
_PROFILE = replace(THINKING, name="chain", sampling=Sampling(temperature=0.0), single_turn=True)
_LOOK_UP = 0.2  # seconds after which a waiting caller is given an empty delta


def lookup(knowledge: str | Knowledge) -> Look:
    """Looking things up in a knowledge set, for `Runner`: passages with their sources, as data without orders.

    Args:
        knowledge: the set, or the name of one.

    Raises:
        QwillError: there is no such set.
    """
    from qwill.knowledge.places import open_set

    opened = open_set(knowledge) if isinstance(knowledge, str) else knowledge
    return lambda query, limit: [f"({found.citation})\n{harmless(found.text)}" for found in opened.search(query, limit)]


@dataclass(frozen=True)
class Named:
    """What a model's name says of a chain: `chain:NAME?ROLE=MODEL&INPUT=VALUE&knowledge=SET`.

    Attributes:
        chain: that it names.
        models: role → model, of those it names.
        inputs: input → value, of those it names.
        knowledge: the set where the chain looks things up, or "".
    """

    chain: Chain
    models: Mapping[str, str]
    inputs: Mapping[str, str]
    knowledge: str

    @classmethod
    def read(cls, spec: str) -> Named:
        """Read a name.

        Raises:
            ChainError: there is no such chain, something in the name is none of its roles or inputs, or the chain
                looks things up and no set is named.
        """
        name, _, settings = spec.removeprefix(_PREFIX).partition("?")
        chain = load_chain(name)
        given = {key: unquote(value) for key, _, value in (part.partition("=") for part in settings.split("&") if part)}
        knowledge = given.pop("knowledge", "")
        if unknown := sorted(given.keys() - chain.models.keys() - chain.inputs.keys()):
            known = ", ".join((*chain.models, *chain.inputs, "knowledge"))
            raise ChainError(f"{chain.name} has no {', '.join(unknown)}.", f"It has: {known}.")
        if chain.query and not knowledge:
            raise ChainError(f"{chain.name} looks things up.", f"Name a set: {_PREFIX}{name}?knowledge=SET")
        models = {key: value for key, value in given.items() if key in chain.models}
        inputs = {key: value for key, value in given.items() if key not in chain.models}
        return cls(chain, models, inputs, knowledge)


class ChainEngine:
    """The `Engine` for a chain. Its steps keep their own sampling and budgets: a request's sampling changes nothing.

    Args:
        chain: what to run; exactly one input must be left open for the question.
        runner: what runs it.
        models: by role, instead of the chain's.
        inputs: values of other inputs than the open one.

    Raises:
        ChainError: not exactly one input is open, or a role or input is unknown or has nothing.
        QwillError: a model cannot be opened.
    """

    def __init__(
        self, chain: Chain, runner: Runner, models: Mapping[str, str], inputs: Mapping[str, str] | None = None
    ) -> None:
        self._chain, self._runner, self._inputs = chain, runner, dict(inputs or {})
        open_inputs = [name for name, value in {**chain.inputs, **self._inputs}.items() if value is None]
        left = ", ".join(open_inputs) or "no input"
        if len(open_inputs) != 1:
            raise ChainError(
                f"{chain.name} leaves {left} open; as a model, it needs one, for the question.",
                "Give the others a value: chain:NAME?INPUT=VALUE.",
            )
        self._question = open_inputs[0]
        filled_inputs(chain, {**self._inputs, self._question: ""})
        self._models = resolved_models(chain, models)
        try:
            engines = runner.open(self._models[step.model] for step in chain.steps)
        except BaseException:
            runner.close()
            raise
        self._first = engines[self._models[chain.steps[0].model]]

    @classmethod
    def open(cls, spec: str, open_model: OpenModel, cache: Path | None = None) -> ChainEngine:
        """A chain by what a model's name says: `chain:NAME?ROLE=MODEL&INPUT=VALUE&knowledge=SET`.

        Args:
            spec: NAME is a shipped chain or a .yaml file.
            open_model: opens the models of its steps.
            cache: where answers are kept, or None.

        Raises:
            ChainError: there is no such chain, or something in the name is none of its roles or inputs.
            QwillError: a model or the knowledge set cannot be opened.
        """
        named = Named.read(spec)
        runner = Runner(open_model, cache, lookup(named.knowledge) if named.knowledge else None)
        return cls(named.chain, runner, named.models, named.inputs)

    @property
    def name(self) -> str:
        return _PREFIX + self._chain.name

    @property
    def profile(self) -> Profile:
        return _PROFILE

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            continuation=False, logprobs=None, parallel=1, seed=False, hidden_states=False, thinking="field",
            context=self._first.capabilities.context,
        )  # fmt: skip

    def stream(self, requests: Sequence[Request]) -> ChainStream:
        """Start the requests, one after the other.

        Raises:
            UsageError: one wants what a chain cannot do.
        """
        for request in requests:
            if not request.messages or request.messages[-1].role != "user":
                raise UsageError(f"{self.name} answers a question.", "Give it messages that end with the user's.")
            wanted = (request.continuation, request.grammar, request.hidden_states)
            if any(wanted) or request.json_schema is not None or request.logprobs is not None:
                raise UsageError(
                    f"{self.name} is a chain: it neither goes on from a text nor keeps to a grammar or schema, and "
                    "reports no probabilities.",
                    "Ask one of its models itself.",
                )
        return ChainStream(requests, self._run)

    def count_tokens(self, text: str) -> int:
        return estimate_tokens(text)

    def close(self) -> None:
        self._runner.close()

    def events(
        self, problem: Problem, history: Sequence[Message] = (), stopped: Callable[[], bool] = lambda: False
    ) -> Iterator[Happening]:
        """Run the chain for a question: with what the system says before it, without earlier turns.

        Raises:
            ChainError: a step failed.
        """
        told = [message.content for message in history if message.role == "system"]
        inputs = {**self._inputs, self._question: "\n\n".join((*told, problem.text))}
        steps = self._runner.run(self._chain, inputs, self._models, stopped=stopped)
        return events_of(self._chain, steps, problem, stopped)

    def _run(self, request: Request, tell: Callable[[Delta], None], stopped: Callable[[], bool]) -> None:
        """Run the chain for a request. The thought comes together with the answer: half of it is nothing that could be
        cut off and answered from, and its tokens are no measure of what the answer may take."""
        thought = ""
        for event in self.events(parse(request.messages[-1].content), request.messages[:-1], stopped):
            if isinstance(event, Thinking):
                thought += event.text
            if isinstance(event, Finished):
                answer = event.answer
        text, finish = _within(answer.text, request)
        if answer.stopped_because is Outcome.STOPPED:
            finish = Finish.CANCELLED
        usage = answer.usage
        tell(Delta(
            request.id, thought=thought, text=text, finish=finish, prompt_tokens=usage.prompt_tokens,
            written_tokens=usage.thinking_tokens + usage.answer_tokens, thought_tokens=usage.thinking_tokens or None,
        ))  # fmt: skip


class ChainStream:
    """What a chain writes, as it comes. A thread of its own runs the chain: whoever waits can look up meanwhile."""

    def __init__(
        self,
        requests: Sequence[Request],
        run: Callable[[Request, Callable[[Delta], None], Callable[[], bool]], None],
    ) -> None:
        self._requests, self._run = requests, run
        self._cancelled = {request.id: Event() for request in requests}
        self._deltas: queue.Queue[Delta | Exception | None] = queue.Queue()
        self._thread = Thread(target=self._work, daemon=True)
        self._begun = False

    def __iter__(self) -> Iterator[Delta]:
        if not self._begun:
            self._begun = True
            self._thread.start()
        while True:
            try:
                delta = self._deltas.get(timeout=_LOOK_UP)
            except queue.Empty:
                yield Delta(self._requests[0].id)
                continue
            if delta is None:
                return
            if isinstance(delta, Exception):
                raise delta
            yield delta

    def cancel(self, request: str) -> None:
        self._cancelled[request].set()

    def close(self) -> None:
        for cancelled in self._cancelled.values():
            cancelled.set()
        if self._begun:
            self._thread.join()

    def _work(self) -> None:
        for request in self._requests:
            cancelled = self._cancelled[request.id]
            try:
                if not cancelled.is_set():
                    self._run(request, self._deltas.put, cancelled.is_set)
                    continue
                self._deltas.put(Delta(request.id, finish=Finish.CANCELLED))
            except QwillError as error:
                finish = Finish.CANCELLED if cancelled.is_set() else Finish.ERROR
                self._deltas.put(Delta(request.id, finish=finish, error="" if cancelled.is_set() else str(error)))
            except Exception as error:  # a bug is the caller's to see, not this thread's to die of
                self._deltas.put(error)
        self._deltas.put(None)


def _within(text: str, request: Request) -> tuple[str, Finish]:
    """The text up to a stop string or the most tokens that the request allows, by estimate."""
    found = [at for stop in request.stop if (at := text.find(stop)) >= 0]
    text = text[: min(found)] if found else text
    if request.max_tokens is None or (tokens := estimate_tokens(text)) <= request.max_tokens:
        return text, Finish.STOP
    return text[: int(len(text) * request.max_tokens / tokens)], Finish.LENGTH
