"""Running a chain: each step is asked once, ever.

An answer is kept by the content of what was asked (model, prompt, settings, schema), on the disk before the next step
begins. So a run that was killed goes on without paying twice, and a changed step asks again only itself and what
depends on it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any

from jinja2 import TemplateError

from qwill.chain.recipe import Chain, ChainError, Step, environment
from qwill.chain.replies import constrained, faults, json_in
from qwill.core import Answer, Budget, Outcome, Sampling, Usage
from qwill.core.events import Answering, Event, Finished, Thinking
from qwill.engine.protocol import Engine, Message, Request
from qwill.reason.deliberate import deliberate, effort_of
from qwill.reason.guard_settings import Guards
from qwill.reason.parse import parse
from qwill.reason.thinker import reason
from qwill.runs import Journal

_AT_ONCE = 16  # items of a foreach asked at once, at most
_ANSWER = 1024  # tokens of a step's answer, at most
_GUARDS = Guards(language=False)  # a prompt says itself in which language it wants its answer


@dataclass(frozen=True)
class Said:
    """What a step wrote.

    Attributes:
        text: the answer; what `{{ id }}` shows.
        thought: the thought before it.
        json: the value, for a step with a schema.
        prompt_tokens, thinking_tokens, answer_tokens: what it took, all tries together; 0 where it is not known.
        tries: how often it was asked for.
    """

    text: str
    thought: str = ""
    json: Any = None
    prompt_tokens: int = 0
    thinking_tokens: int = 0
    answer_tokens: int = 0
    tries: int = 1

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Done:
    """A step that is done.

    Attributes:
        step: its id.
        result: what it wrote; a list for a foreach, None where `when` was false.
        kept: how many of its answers were there from an earlier run.
        seconds: how long it took.
        cost: by the chain's prices, what was kept being free; None where its role has no price.
    """

    step: str
    result: Said | list[Said] | None
    kept: int = 0
    seconds: float = 0.0
    cost: float | None = None


@dataclass(frozen=True)
class Piece:
    """A piece of what a step writes while it writes it; one without text says that the step begins."""

    step: str
    text: str = ""
    thought: bool = False


OpenModel = Callable[[str], Engine]
Look = Callable[[str, int], list[str]]
"""Finds at most so many passages for a question."""
Watch = Callable[[Piece], None]


@dataclass(frozen=True)
class _Caller:
    """Who runs a chain: says when it is to stop, and is told what is being written, from any thread."""

    stopped: Callable[[], bool]
    watch: Watch


class Runner:
    """Runs chains. Several threads may run chains with one runner: their requests meet in the engines.

    Args:
        open_model: opens a model by its name; called once for each.
        cache: the journal of answers, or None to keep none.
        look: looks things up for chains that want it, or None.
    """

    def __init__(self, open_model: OpenModel, cache: Path | None = None, look: Look | None = None) -> None:
        self._open, self._look, self._engines = open_model, look, dict[str, Engine]()
        self._journal = Journal(cache) if cache else None
        self._known = {record["key"]: record for record in self._journal.read()} if self._journal else {}
        self._lock, self._opening = Lock(), Lock()

    def run(
        self, chain: Chain, inputs: Mapping[str, str], models: Mapping[str, str] | None = None, *,
        stopped: Callable[[], bool] = lambda: False, watch: Watch = lambda piece: None,
    ) -> Iterator[Done]:  # fmt: skip
        """Do the steps in order; each is given out when it is done.

        Args:
            chain: what to run.
            inputs: values of the chain's inputs.
            models: instead of the chain's, by role.
            stopped: asked while models write; once it says true, the chain ends with an error. What was done is kept.
            watch: called with each piece of text as it is written, for a foreach from several threads.

        Raises:
            ChainError: an input is missing or unknown, a role is unknown, or a step failed.
        """
        values: dict[str, Any] = dict(filled_inputs(chain, inputs))
        models = resolved_models(chain, models or {})
        if chain.query:
            if self._look is None:
                raise ChainError(f"{chain.name} looks things up.", "Name a set: --knowledge NAME")
            values["passages"] = self._look(_rendered(chain.query, values, chain.name), chain.passages)
        self.open(models[step.model] for step in chain.steps)
        caller = _Caller(stopped, watch)
        for step in chain.steps:
            watch(Piece(step.id))
            began = monotonic()
            done = replace(self._done(chain, step, values, models[step.model], caller), seconds=monotonic() - began)
            values[step.id] = done.result
            yield done

    def open(self, models: Iterable[str]) -> dict[str, Engine]:
        """Open models that are not open yet.

        Raises:
            QwillError: one cannot be opened.
        """
        with self._opening:
            for model in models:
                if model not in self._engines:
                    self._engines[model] = self._open(model)
            return dict(self._engines)

    def close(self) -> None:
        """Close the models that were opened."""
        with self._opening:
            while self._engines:
                self._engines.popitem()[1].close()

    def _done(self, chain: Chain, step: Step, values: Mapping[str, Any], model: str, caller: _Caller) -> Done:
        where = f"{chain.name}, step {step.id}"
        if step.when and not _value(step.when, values, where):
            return Done(step.id, None)
        if not step.foreach:
            said, kept = self._asked(step, _rendered(step.prompt, values, where), model, where, caller)
            return Done(step.id, said, int(kept), cost=_cost(chain, step, [] if kept else [said]))
        items = _value(step.foreach, values, where)
        if not isinstance(items, list | tuple):
            raise ChainError(f"{where}: foreach needs a list.", f"{step.foreach} is {type(items).__name__}.")
        if len(items) > step.limit:
            raise ChainError(f"{where}: {len(items)} items, more than its limit.", f"Raise `limit`, now {step.limit}.")
        prompts = [
            _rendered(step.prompt, {**values, "item": item, "index": index}, where)
            for index, item in enumerate(items, 1)
        ]
        at_once = min(_AT_ONCE, self._engines[model].capabilities.parallel)
        with ThreadPoolExecutor(max(at_once, 1)) as pool:
            results = list(pool.map(lambda prompt: self._asked(step, prompt, model, where, caller), prompts))
        paid = [said for said, kept in results if not kept]
        return Done(step.id, [said for said, _ in results], len(results) - len(paid), cost=_cost(chain, step, paid))

    def _asked(self, step: Step, prompt: str, model: str, where: str, caller: _Caller) -> tuple[Said, bool]:
        """A step's answer, and whether it was there already."""
        engine = self._engines[model]
        asked = [engine.name, prompt, step.schema, step.effort, step.budget, step.temperature]
        key = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
        with self._lock:
            known = self._known.get(key)
        if known is not None:
            return Said(**known["said"]), True
        said = _valid(step, prompt, engine, where, caller)
        record = {"key": key, "model": engine.name, "said": asdict(said)}
        if self._journal:
            with self._lock:
                self._known[key] = record
                self._journal.append(record)
        return said, False


def _valid(step: Step, prompt: str, engine: Engine, where: str, caller: _Caller) -> Said:
    """An answer that fulfils the step's schema, asked again with what was wrong until it does."""
    if step.schema is None:
        return _said(_answered(step, prompt, engine, where, caller), 1, Usage())
    told = f"{prompt}\n\nReply with JSON only, fulfilling this schema:\n{json.dumps(step.schema, ensure_ascii=False)}"
    before = Usage()
    wrong, ask = "", told
    for attempt in range(step.retries + 1):
        answer = _answered(step, ask, engine, where, caller)
        try:
            value = json_in(answer.text)
            wrong = "; ".join(faults(value, step.schema))
        except ValueError as error:
            wrong = str(error)
        said = _said(answer, attempt + 1, before)
        if not wrong:
            return replace(said, json=value)
        before = Usage(said.prompt_tokens, said.thinking_tokens, said.answer_tokens)
        ask = f"{told}\n\nAn earlier reply was:\n{answer.text[:2000]}\n\nIt was wrong: {wrong}. Reply with JSON only."
    raise ChainError(
        f"{where}: no valid JSON in {step.retries + 1} tries: {wrong}.", "Ask a larger model, or for less."
    )


def _answered(step: Step, prompt: str, engine: Engine, where: str, caller: _Caller) -> Answer:
    stopped = caller.stopped
    sampling = engine.profile.sampling
    if step.temperature is not None:
        sampling = replace(sampling, temperature=step.temperature)
    if step.schema is not None:
        held = Request((Message("user", prompt),), sampling=sampling, max_tokens=_ANSWER, json_schema=step.schema)
        if answer := constrained(held, engine, stopped, lambda text: caller.watch(Piece(step.id, text))):
            return answer
    for event in _reasoned(step, prompt, engine, sampling, stopped):
        if isinstance(event, Thinking | Answering):
            caller.watch(Piece(step.id, event.text, isinstance(event, Thinking)))
        if isinstance(event, Finished):
            if event.answer.stopped_because in (Outcome.ENGINE_ERROR, Outcome.NO_ANSWER, Outcome.STOPPED):
                said = event.answer.text.strip()[:300]
                raise ChainError(f"{where}: {'stopped.' if stopped() else said}", "What was done before is kept.")
            return event.answer
    raise ChainError(f"{where}: the model's stream broke off.", "What was done before is kept.")


def _reasoned(
    step: Step, prompt: str, engine: Engine, sampling: Sampling, stopped: Callable[[], bool]
) -> Iterator[Event]:
    """One thought, or as many as the step's effort wants."""
    problem, budget = parse(prompt), Budget(thinking_tokens=step.budget, answer_tokens=_ANSWER)
    if step.effort is None:
        return reason(problem, engine, budget=budget, sampling=sampling, guards=_GUARDS, stopped=stopped)
    effort = effort_of(step.effort, None, None, None, engine.profile)
    return deliberate(problem, engine, effort=effort, budget=budget, sampling=sampling, guards=_GUARDS, stopped=stopped)


def outcome(chain: Chain, done: Mapping[str, Said | list[Said] | None]) -> Said | list[Said]:
    """What a chain came to, from the results of its steps.

    Raises:
        ChainError: its output was left out by `when`.
    """
    found = _value(chain.output, done, f"{chain.name}, output")
    if found is None:
        raise ChainError(f"{chain.name}: its output was left out.", f"The output is {chain.output}.")
    return found  # type: ignore[no-any-return]


def filled_inputs(chain: Chain, given: Mapping[str, str]) -> dict[str, str]:
    """The inputs with their defaults.

    Raises:
        ChainError: one is missing, or unknown.
    """
    if unknown := sorted(given.keys() - chain.inputs.keys()):
        raise ChainError(f"{chain.name} takes no {', '.join(unknown)}.", f"It takes: {', '.join(chain.inputs)}.")
    values = {**chain.inputs, **given}
    missing = sorted(name for name, value in values.items() if value is None)
    if missing:
        raise ChainError(f"{chain.name} needs {', '.join(missing)}.", "Give them as name=value.")
    return {name: str(value) for name, value in values.items()}


def as_asked(chain: Chain, step: Step, values: Mapping[str, str]) -> str:
    """A step's prompt as far as it is known before anything is asked: filled in where it needs inputs alone, else the
    template."""
    if step.needs or step.foreach or (chain.query and "passages" in step.prompt):
        return step.prompt
    return _rendered(step.prompt, values, f"{chain.name}, step {step.id}")


def resolved_models(chain: Chain, given: Mapping[str, str]) -> dict[str, str]:
    """Role → model, with those given in place of the chain's own.

    Raises:
        ChainError: a role is unknown, or has no model.
    """
    if unknown := sorted(given.keys() - chain.models.keys()):
        raise ChainError(f"{chain.name} has no role {', '.join(unknown)}.", f"Its roles: {', '.join(chain.models)}.")
    resolved = {role: given.get(role, model) for role, model in chain.models.items()}
    if missing := [role for role, model in resolved.items() if not model]:
        raise ChainError(f"{chain.name} needs a model for {', '.join(missing)}.", f"Give --model {missing[0]}=MODEL.")
    return {role: str(model) for role, model in resolved.items()}


def _said(answer: Answer, tries: int, before: Usage) -> Said:
    """An answer with what it took, earlier tries included."""
    usage = answer.usage
    return Said(
        text=answer.text.strip(), thought=answer.thought.strip(), tries=tries,
        prompt_tokens=before.prompt_tokens + usage.prompt_tokens,
        thinking_tokens=before.thinking_tokens + usage.thinking_tokens,
        answer_tokens=before.answer_tokens + usage.answer_tokens,
    )  # fmt: skip


def _cost(chain: Chain, step: Step, paid: Iterable[Said]) -> float | None:
    if step.model not in chain.prices:
        return None
    reading, writing = chain.prices[step.model]
    return sum(
        reading * said.prompt_tokens + writing * (said.thinking_tokens + said.answer_tokens) for said in paid
    ) / 1e6  # fmt: skip


def _rendered(template: str, values: Mapping[str, Any], where: str) -> str:
    try:
        return environment().from_string(template).render(values)
    except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
        raise ChainError(f"{where}: {error}.", "The prompt mentions what is not there.") from error


def _value(expression: str, values: Mapping[str, Any], where: str) -> Any:
    try:
        return environment().compile_expression(expression, undefined_to_none=False)(**values)
    except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
        raise ChainError(f"{where}: {error}.", f"In the expression {expression}.") from error
