"""The public functions: ask a question, watch the answer being made, hold a conversation.

This is where the rooms are wired together: a model is opened and `reason` set to work.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from qwill.core import Answer, Budget, CheckpointError, Problem, UsageError
from qwill.core.events import Event, Finished
from qwill.engine.address import is_remote
from qwill.engine.protocol import Engine
from qwill.model.catalog import lookup, similar
from qwill.model.download import pulled
from qwill.model.files import is_gguf
from qwill.reason.dialogue import History, remember
from qwill.reason.parse import parse
from qwill.reason.thinker import reason

PACKAGED = "qwill-nano"
_ACCEPTED = (
    f"Give the folder of a checkpoint (config.json, *.safetensors, tokenizer.json), a GGUF file, "
    f"{PACKAGED} or a pulled model (see `qwill models`), http://HOST:PORT/v1#MODEL or ollama:NAME."
)


def ask(
    question: str,
    model: str | Path | None = None,
    *,
    budget: int | Budget | None = None,
    seed: int | None = None,
    temperature: float | None = None,
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
        on_event: called with every event as it happens.
        engine: an open model to use instead of opening `model`.

    Raises:
        UsageError: the question is empty or no text, does not fit the model's context, or `model` is not understood.
        CheckpointError: the model cannot be loaded.
        EngineError: the model's server is not there, or does not have it.
    """
    events = stream(question, model, budget=budget, seed=seed, temperature=temperature, engine=engine)
    return _last(events, on_event)


def stream(
    question: str,
    model: str | Path | None = None,
    *,
    budget: int | Budget | None = None,
    seed: int | None = None,
    temperature: float | None = None,
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
    engine = engine or _shared(model)
    return _reason(
        problem=problem, engine=engine, budget=budget, seed=seed, temperature=temperature, history=(), stopped=stopped
    )


class Chat:
    """A conversation: each question is asked with what was said before.

    Args:
        model, budget, seed, temperature, engine: as for `ask`.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        budget: int | Budget | None = None,
        seed: int | None = None,
        temperature: float | None = None,
        engine: Engine | None = None,
    ) -> None:
        self.engine = engine or _shared(model)
        self.budget = budget
        self.seed = seed
        self.temperature = temperature
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

    def stream(self, question: str, stopped: Callable[[], bool] = lambda: False) -> Iterator[Event]:
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
        )
        for event in events:
            if isinstance(event, Finished):
                self._history = remember(self._history, problem.text, event.answer, self.engine.profile)
            yield event

    def reset(self) -> None:
        """Forget the conversation."""
        self._history = ()


def open_model(spec: str | Path | None = None) -> Engine:
    """Open a model for use; close it when done.

    Args:
        spec: the folder of a checkpoint in the Hugging Face layout, or a GGUF file; the name of a pulled model (see
            `qwill models`); None or "qwill-nano" for the packaged model; or a model on a server that speaks OpenAI's
            chat API: `http://HOST:PORT/v1#MODEL`, `https://HOST/v1#MODEL`, or `ollama:NAME` for Ollama on this
            machine. QWILL_API_KEY in the environment is the server's key.

    Raises:
        UsageError: it is none of them.
        CheckpointError: the checkpoint cannot be loaded.
        EngineError: the server is not there, or does not have the model.
    """
    if is_remote(spec):
        from qwill.engine.http import HttpEngine

        return HttpEngine.connect(str(spec))
    folder = _folder(spec)
    from qwill.engine.native import NativeEngine  # torch comes with it: only once there is something to load

    return NativeEngine.load(folder, name=PACKAGED if spec is None else None)


def _folder(spec: str | Path | None) -> Path:
    """The checkpoint folder, or GGUF file, that a model's name stands for."""
    if spec is None or str(spec) == PACKAGED:
        packaged = Path(str(files("qwill"))) / "models" / "nano"
        if not (packaged / "config.json").is_file():
            raise CheckpointError(
                f"The packaged model {PACKAGED} is missing from this installation ({packaged}).",
                "Train it with: qwill train recipes/nano.yaml, and give the result with -m FOLDER.",
            )
        return packaged
    folder = Path(spec).expanduser()
    if is_gguf(folder):
        return folder
    if folder.is_file():
        raise UsageError(f"The model {spec} is a file, and no GGUF file.", _ACCEPTED)
    return folder if folder.is_dir() else _pulled(str(spec))


def _pulled(name: str) -> Path:
    """The folder of a model of the catalog that is on this machine."""
    entry = lookup(name)
    if entry is None:
        close = similar(name)
        raise UsageError(f"There is no model {name}.", f"Did you mean {' or '.join(close)}?" if close else _ACCEPTED)
    if entry.name == PACKAGED:
        return _folder(None)
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


def _shared(spec: str | Path | None) -> Engine:
    """The engine of a model, opened once for as long as its files stay the same."""
    key = (spec,) if is_remote(spec) else _files_of(_folder(spec).resolve())
    if key not in _open_engines:
        for engine in _open_engines.values():
            engine.close()
        _open_engines.clear()
        _open_engines[key] = open_model(spec)
    return _open_engines[key]


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
) -> Iterator[Event]:
    """Set `reason` to work."""
    recommended = engine.profile.sampling
    temperature = recommended.temperature if temperature is None else temperature
    return reason(
        problem,
        engine,
        budget=budget if isinstance(budget, Budget) else Budget(thinking_tokens=budget),
        sampling=replace(recommended, seed=seed, temperature=temperature),
        history=history,
        is_decline=_is_decline,
        stopped=stopped,
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
