"""The public functions: ask a question, watch the answer being made, hold a conversation.

This is where the rooms are wired together: a model is opened and `reason` set to work.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from importlib.resources import files
from pathlib import Path

from qwill.core import Answer, Budget, CheckpointError, Problem, UsageError
from qwill.core.events import Event, Finished
from qwill.engine.address import is_chain, is_remote, local_engine
from qwill.engine.protocol import Engine
from qwill.knowledge import Knowledge
from qwill.knowledge.places import open_set
from qwill.model.catalog import lookup, similar
from qwill.model.download import pulled
from qwill.model.files import is_gguf
from qwill.reason.deliberate import deliberate, effort_of
from qwill.reason.dialogue import History, remember
from qwill.reason.effort import Effort
from qwill.reason.guard_settings import Guards
from qwill.reason.lookups import answered
from qwill.reason.parse import parse
from qwill.reason.steering import Steering

PACKAGED = "qwill-nano"
_ACCEPTED = (
    f"Give the folder of a checkpoint (config.json, *.safetensors, tokenizer.json), a GGUF file, "
    f"{PACKAGED} or a pulled model (see `qwill models`), http://HOST:PORT/v1#MODEL, ollama:NAME or chain:NAME."
)


def ask(
    question: str,
    model: str | Path | None = None,
    *,
    budget: int | Budget | None = None,
    seed: int | None = None,
    temperature: float | None = None,
    precision: str | None = None,
    device: str | None = None,
    guards: Guards | None = None,
    effort: str | None = None,
    certainty: float | None = None,
    max_tokens: int | None = None,
    max_seconds: float | None = None,
    steering: Steering | None = None,
    knowledge: str | Knowledge | None = None,
    on_event: Callable[[Event], None] | None = None,
    engine: Engine | None = None,
) -> Answer:
    """Answer a question.

    Args:
        question: in any language; the answer comes in the same.
        model: what answers, see `open_model`; it stays open for further questions.
        budget: most tokens of thought, or a whole `Budget`; by default what the model's context holds.
        seed: makes sampling repeatable.
        temperature: instead of the one that the model's makers recommend; 0 always takes the likeliest token.
        precision, device: as for `open_model`.
        guards: what is watched meanwhile (loops, the answer's language, safety); all of it by default.
        effort: none, low, medium, high, max or auto; by default what suits the model. More of it means more thoughts,
            which are weighed against each other.
        certainty: think until the answer is this likely right, in (0, 1); it counts before `effort`.
        max_tokens: most tokens of all thoughts and answers together.
        max_seconds: wall-clock limit for everything.
        steering: by which another thread asks for the answer now, gives hints, pauses and stops.
        knowledge: a knowledge set, or the name of one (see `qwill know`): passages that fit are quoted to the model,
            and what the answer cites is checked against them.
        on_event: called with every event as it happens.
        engine: an open model to use instead of opening `model`.

    Raises:
        UsageError: the question is empty or no text, does not fit the model's context, or `model` is not understood.
        CheckpointError: the model cannot be loaded.
        EngineError: the model's server is not there, or does not have it.
    """
    events = stream(
        question,
        model,
        budget=budget,
        seed=seed,
        temperature=temperature,
        precision=precision,
        device=device,
        guards=guards,
        effort=effort,
        certainty=certainty,
        max_tokens=max_tokens,
        max_seconds=max_seconds,
        steering=steering,
        knowledge=knowledge,
        engine=engine,
    )
    return _last(events, on_event)


def stream(
    question: str,
    model: str | Path | None = None,
    *,
    budget: int | Budget | None = None,
    seed: int | None = None,
    temperature: float | None = None,
    precision: str | None = None,
    device: str | None = None,
    guards: Guards | None = None,
    effort: str | None = None,
    certainty: float | None = None,
    max_tokens: int | None = None,
    max_seconds: float | None = None,
    steering: Steering | None = None,
    knowledge: str | Knowledge | None = None,
    engine: Engine | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Event]:
    """Answer a question as a stream of events; arguments and errors as in `ask`.

    The question is read and the model opened before this returns. The last event is `Finished` with the answer;
    leaving the iteration early (or closing the iterator) ends the model's work at once.

    Args:
        stopped: asked after each piece of text; once it says true, what there is becomes the answer.
    """
    problem = parse(question)
    engine = engine or _shared(model, precision, device)
    _check_chain(engine, budget, seed, temperature, effort, certainty, max_tokens, max_seconds)
    steering = steering or Steering()
    ask = partial(
        _reason,
        engine=engine,
        budget=budget,
        seed=seed,
        temperature=temperature,
        stopped=stopped,
        guards=guards,
        effort=effort_of(effort, certainty, max_tokens, max_seconds, engine.profile),
        steering=steering,
    )
    if not knowledge:
        return ask(history=(), problem=problem)
    opened = open_set(knowledge) if isinstance(knowledge, str) else knowledge
    return answered(problem, opened, engine, lambda told, asked: ask(history=told, problem=asked), steering)


class Chat:
    """A conversation: each question is asked with what was said before.

    Args:
        model, budget, seed, temperature, precision, device, guards, effort, certainty, max_tokens, max_seconds, engine:
            as for `ask`; limits are those of each answer.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        budget: int | Budget | None = None,
        seed: int | None = None,
        temperature: float | None = None,
        precision: str | None = None,
        device: str | None = None,
        guards: Guards | None = None,
        effort: str | None = None,
        certainty: float | None = None,
        max_tokens: int | None = None,
        max_seconds: float | None = None,
        engine: Engine | None = None,
    ) -> None:
        self.engine = engine or _shared(model, precision, device)
        _check_chain(self.engine, budget, seed, temperature, effort, certainty, max_tokens, max_seconds)
        self.budget = budget
        self.seed = seed
        self.temperature = temperature
        self.guards = guards
        self.effort = effort_of(effort, certainty, max_tokens, max_seconds, self.engine.profile)
        self._history: History = ()

    @property
    def history(self) -> History:
        """What the model is shown of the conversation so far."""
        return self._history

    @property
    def remembers(self) -> bool:
        """Whether the model sees earlier turns at all."""
        return not self.engine.profile.single_turn

    def ask(self, question: str, on_event: Callable[[Event], None] | None = None) -> Answer:
        """Answer the next question; arguments and errors as in `qwill.ask`."""
        return _last(self.stream(question), on_event)

    def stream(
        self, question: str, stopped: Callable[[], bool] = lambda: False, steering: Steering | None = None
    ) -> Iterator[Event]:
        """Answer the next question as a stream of events; the turn is remembered when the stream has ended."""
        problem = parse(question)
        events = _reason(
            problem=problem,
            engine=self.engine,
            budget=self.budget,
            seed=self.seed,
            temperature=self.temperature,
            history=self._history,
            stopped=stopped,
            guards=self.guards,
            effort=self.effort,
            steering=steering,
        )
        for event in events:
            if isinstance(event, Finished):
                self._history = remember(self._history, problem.text, event.answer, self.engine.profile)
            yield event

    def reset(self) -> None:
        """Forget the conversation."""
        self._history = ()


def open_model(spec: str | Path | None = None, precision: str | None = None, device: str | None = None) -> Engine:
    """Open a model for use; close it when done.

    Args:
        spec: the folder of a checkpoint in the Hugging Face layout, or a GGUF file; the name of a pulled model (see
            `qwill models`); None or "qwill-nano" for the packaged model; or a model on a server that speaks OpenAI's
            chat API: `http://HOST:PORT/v1#MODEL`, `https://HOST/v1#MODEL`, or `ollama:NAME` for Ollama on this
            machine. QWILL_API_KEY in the environment is the server's key. `llamacpp:PATH` runs a GGUF file in
            llama.cpp, `transformers:PATH` a folder in transformers (slow; to compare with), `vllm:PATH` one in vLLM.
            `chain:NAME?ROLE=MODEL&INPUT=VALUE` is a chain of prompts (see `qwill.chain`) over such models.
        precision: of a model in this process: "fp32", "bf16", "fp16", "int8" or "int4".
        device: where our own engine runs it: "cpu" (the default), "cuda:0", "mps"; "auto" for what its memory suggests;
            "cuda:0+cpu" spreads the layers, "cuda:0,cuda:1" puts a copy on each (see `qwill.model.placement`).

    Raises:
        UsageError: it is none of them, or does not fit into memory.
        CheckpointError: the checkpoint cannot be loaded.
        EngineError: the server is not there, or does not have the model.
        ChainError: there is no such chain, or its name says not all that it needs.
    """
    if is_chain(spec):
        from qwill.chain import ChainEngine

        here = (precision, device)
        return ChainEngine.open(str(spec), lambda model: open_model(model, *(() if is_remote(model) else here)))
    if is_remote(spec):
        _runs_as_it_is("A model on a server", precision, device)
        from qwill.engine.http import HttpEngine

        return HttpEngine.connect(str(spec))
    engine, _ = local_engine(str(spec))
    folder = model_path(spec)
    if engine == "llamacpp":
        _runs_as_it_is("A GGUF file in llama.cpp", precision, device)
        from qwill.engine.llamacpp import LlamaCppEngine

        return LlamaCppEngine(folder)
    if engine == "transformers":
        _runs_as_it_is("A model in transformers", None, device)
        from qwill.engine.reference import TransformersEngine

        return TransformersEngine(folder, precision or "fp32")
    if engine == "vllm":
        _runs_as_it_is("A model in vLLM", None, device)
        from qwill.engine.vllm import VllmEngine

        return VllmEngine(folder, precision or "bf16")
    from qwill.engine.replicas import load_replicas  # torch comes with it: only once there is something to load

    return load_replicas(folder, precision or "fp32", device=device or "cpu", name=PACKAGED if spec is None else None)


def _check_chain(engine: Engine, *given: object) -> None:
    """See to it that a chain is given no setting that it would not follow.

    Raises:
        UsageError: it is.
    """
    if is_chain(engine.name) and any(setting is not None for setting in given):
        raise UsageError(
            f"{engine.name} is a chain: its steps have their own budgets, effort and sampling.",
            "Leave these options out, or set them in the chain's file.",
        )


def _runs_as_it_is(what: str, precision: str | None, device: str | None) -> None:
    """See to it that nothing is asked for that only an engine of our own could do."""
    if precision is not None:
        raise UsageError(f"{what} has the precision that it has; {precision} cannot be asked for.")
    if device is not None:
        raise UsageError(f"{what} runs where it runs; {device} cannot be asked for.", "Leave --device out.")


def model_path(spec: str | Path | None = None) -> Path:
    """The checkpoint folder, or GGUF file, that a model's name stands for; name and errors as in `open_model`."""
    _, name = local_engine(str(spec))
    if spec is None or name == PACKAGED:
        packaged = Path(str(files("qwill"))) / "models" / "nano"
        if not (packaged / "config.json").is_file():
            raise CheckpointError(
                f"The packaged model {PACKAGED} is missing from this installation ({packaged}).",
                "Train it with: qwill train recipes/nano, and give the result with -m FOLDER.",
            )
        return packaged
    folder = Path(name).expanduser()
    if is_gguf(folder):
        return folder
    if folder.is_file():
        raise UsageError(f"The model {name} is a file, and no GGUF file.", _ACCEPTED)
    return folder if folder.is_dir() else _pulled(name)


def _pulled(name: str) -> Path:
    """The folder of a model of the catalog that is on this machine."""
    entry = lookup(name)
    if entry is None:
        close = similar(name)
        raise UsageError(f"There is no model {name}.", f"Did you mean {' or '.join(close)}?" if close else _ACCEPTED)
    if entry.name == PACKAGED:
        return model_path(None)
    if not entry.native:
        raise UsageError(
            f"{entry.name} has an architecture that the native engine does not run yet.",
            f"Use a server that has it, such as ollama:NAME; GGUF files are in {entry.gguf[0]}.",
        )
    folder = pulled(entry)
    if folder is None:
        raise UsageError(f"{entry.name} is not on this machine.", f"Fetch it with: qwill pull {entry.name}")
    return folder


_open_engines: dict[tuple[object, ...], Engine] = {}


def _shared(spec: str | Path | None, precision: str | None, device: str | None) -> Engine:
    """The engine of a model, opened once for as long as its files stay the same."""
    key = (local_engine(str(spec))[0], precision, device, *_identity(spec))
    if key not in _open_engines:
        for engine in _open_engines.values():
            engine.close()
        _open_engines.clear()
        _open_engines[key] = open_model(spec, precision, device)
    return _open_engines[key]


def _identity(spec: str | Path | None) -> tuple[object, ...]:
    """What tells whether a model is still the same: its address, or its files; of a chain that of all its models."""
    if is_remote(spec):
        return (spec,)
    if not is_chain(spec):
        return _files_of(model_path(spec).resolve())
    from qwill.chain import Named, resolved_models

    named = Named.read(str(spec))
    return (spec, repr(named), *(_identity(model) for model in resolved_models(named.chain, named.models).values()))


def _files_of(folder: Path) -> tuple[object, ...]:
    """The folder, or file, with what tells whether its files are still the same."""
    members = sorted(folder.iterdir()) if folder.is_dir() else [folder]
    stamps = ((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in members)
    return (folder, *stamps)


@atexit.register
def _close_shared() -> None:
    for engine in _open_engines.values():
        engine.close()


def _reason(
    *,
    problem: Problem,
    engine: Engine,
    budget: int | Budget | None,
    seed: int | None,
    temperature: float | None,
    history: History,
    stopped: Callable[[], bool],
    guards: Guards | None,
    effort: Effort,
    steering: Steering | None,
) -> Iterator[Event]:
    """Set `deliberate` to work, or a chain."""
    if is_chain(engine.name):
        from qwill.chain import ChainEngine

        if isinstance(engine, ChainEngine):
            return engine.events(problem, history, lambda: stopped() or bool(steering and steering.stopped))
    recommended = engine.profile.sampling
    temperature = recommended.temperature if temperature is None else temperature
    if temperature == 0 and not engine.profile.greedy:
        raise UsageError(
            f"{engine.name} is not to be asked at temperature 0: models of its kind then repeat themselves.",
            f"Leave the temperature out ({recommended.temperature} is recommended), or take one above 0.",
        )
    return deliberate(
        problem,
        engine,
        effort=effort,
        steering=steering,
        budget=budget if isinstance(budget, Budget) else Budget(thinking_tokens=budget),
        sampling=replace(recommended, seed=seed, temperature=temperature),
        history=history,
        is_decline=_is_decline,
        stopped=stopped,
        guards=guards,
    )


def _is_decline(reply: str) -> bool:
    # The words with which our own model declines live with the tasks that teach them; loaded once there is a reply.
    from qwill.tasks.outside import is_decline

    return is_decline(reply)


def _last(events: Iterator[Event], on_event: Callable[[Event], None] | None) -> Answer:
    """Run a stream to its end, for the answer."""
    for event in events:
        if on_event:
            on_event(event)
        if isinstance(event, Finished):
            answer = event.answer
    return answer
