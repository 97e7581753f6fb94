"""A run of a chain as the stream of events that every surface shows: steps are the thought, the output the answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from time import monotonic

from qwill.chain.recipe import Chain, ChainError
from qwill.chain.running import Done, Said, outcome
from qwill.core import Answer, Outcome, Problem, Trace
from qwill.core.answer import Usage
from qwill.core.events import Answering, Event, Finished, Parsed, Thinking
from qwill.reason.phrases import no_answer

Results = dict[str, Said | list[Said] | None]


def events_of(
    chain: Chain, steps: Iterable[Done], problem: Problem, stopped: Callable[[], bool] = lambda: False
) -> Iterator[Event]:
    """A run as events. The last step's text is held back until it is known whether anything follows.

    Args:
        chain: what is run.
        steps: from `Runner.run`, begun or not.
        problem: the question that fills the chain's open input.
        stopped: asked after each step; once it says true, what the last step wrote becomes the answer.

    Raises:
        ChainError: a step failed, unless everything was to stop.
    """
    began, thought, held, tokens = monotonic(), "", "", 0
    done = Results()
    yield Parsed(problem=problem)
    try:
        for step in steps:
            if held:
                thought += held
                yield Thinking(text=held, tokens=tokens)
            done[step.step] = step.result
            held = f"## {step.step}\n{as_text(step.result) or '(left out)'}\n\n"
            tokens = sum(said.thinking_tokens + said.answer_tokens for said in all_of(step.result))
            if stopped():
                break
    except ChainError:
        if not stopped():
            raise
    final, ended = _last(done), Outcome.STOPPED
    if not stopped():
        final, ended = outcome(chain, done), Outcome.COMPLETE
    text = as_text(final) or no_answer(problem.language, ended, "")
    yield Answering(text=text, tokens=sum(said.answer_tokens for said in all_of(final)))
    traces = (Trace(thought.strip()),) if thought else ()
    usage = _usage(done, final, monotonic() - began)
    yield Finished(answer=Answer(text, traces=traces, usage=usage, stopped_because=ended))


def as_text(result: Said | list[Said] | None) -> str:
    """What a step wrote; values as indented JSON, "" for a step that was left out."""
    return "\n\n".join(
        said.text if said.json is None else json.dumps(said.json, ensure_ascii=False, indent=2)
        for said in all_of(result)
    )


def all_of(result: Said | list[Said] | None) -> list[Said]:
    """The answers of a step: one, several of a foreach, none where it was left out."""
    return result if isinstance(result, list) else [result] if result else []


def _last(done: Results) -> Said | list[Said] | None:
    return next((result for result in reversed(done.values()) if result), None)


def _usage(done: Results, final: Said | list[Said] | None, seconds: float) -> Usage:
    """The tokens of all steps. What steps before the last answered is thought to who asks, and counts as such."""
    said = [piece for result in done.values() for piece in all_of(result)]
    answer = sum(piece.answer_tokens for piece in all_of(final))
    return Usage(
        prompt_tokens=sum(piece.prompt_tokens for piece in said),
        thinking_tokens=sum(piece.thinking_tokens + piece.answer_tokens for piece in said) - answer,
        answer_tokens=answer,
        seconds=seconds,
    )
