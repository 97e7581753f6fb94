"""llama.cpp in this process, for any GGUF file with a tokenizer of Qwen2's kind (Qwen2, Qwen3, QwQ, R1's Qwens, ours).

The library is the package `xllamacpp` (extra `llamacpp`). It wraps llama.cpp's server; requests go to it directly, but
it opens a port on 127.0.0.1 as well, which a random key keeps shut. Prompts are rendered and cut into tokens by us, so
that control tokens in a user's text stay text, as in the native engine.

Where it differs from the native engine: a character that takes several tokens is reported with the last of them;
a presence penalty counts the prompt's tokens too; cancelling takes effect with the next token, and so not before a
prompt is read; a seed repeats a text only while requests run one at a time (`slots=1`), since llama.cpp's sums depend
on what is computed together.
"""

from __future__ import annotations

import importlib
import os
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from qwill.core import EngineError, UsageError
from qwill.engine.checks import check_requests, limit_of, profile_of, prompt_of
from qwill.engine.constraint import compiled, spaced
from qwill.engine.profiles import Profile
from qwill.engine.protocol import Capabilities, Delta, Failure, Finish, Request, TokenInfo
from qwill.engine.queued import QueuedStream
from qwill.engine.text import StopSearch
from qwill.model.gguf import GgufSummary, summarise_gguf
from qwill.model.memory import LEAST_CONTEXT, USABLE, free_memory, gigabytes

MOST_ALTERNATIVES = 20
PREFIX = "llamacpp:"
"""How a model is named that this engine shall run: llamacpp:PATH.gguf."""
_SLOTS = 4
_MOST_CONTEXT = 32768  # by default: keys and values of the whole context are taken at the start
_BATCH_BYTES = 400_000_000  # of llama.cpp's own, for computing; measured 300 for a model of 0.5 billion


class LlamaCppEngine:
    """The `Engine` for a GGUF file, run by llama.cpp.

    Args:
        path: the file; of a model in several files the first.
        name: by default the file's.
        profile: how the model wants to be used; by default what its chat template speaks for.
        slots: most requests computed at once; by default 4, or 1 where memory is short. More wait.
        context: most tokens of prompt and text of each; by default the model's own, 32,768 or what the memory holds.
        threads: by default as many as this process may use.

    Raises:
        CheckpointError: the file is damaged, or its tokenizer is of another kind.
        UsageError: the package is not installed, or the free memory does not hold the model.
        EngineError: llama.cpp cannot load it.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        name: str | None = None,
        profile: Profile | None = None,
        slots: int | None = None,
        context: int | None = None,
        threads: int | None = None,
    ) -> None:
        library = _library()
        path = Path(path).expanduser()
        summary = summarise_gguf(path)
        self.tokenizer = summary.tokenizer
        self.profile = profile or profile_of(self.tokenizer)
        self._name = name or path.resolve().name.removesuffix(".gguf")
        self._slots, self._context = _sizes(self._name, summary, slots, context)
        parameters = library.CommonParams()
        parameters.model.path = str(path)
        parameters.n_ctx, parameters.n_parallel = self._context * self._slots, self._slots
        parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads or _threads()
        parameters.special = True  # tags of thoughts are control tokens in some files
        parameters.verbosity = -1
        parameters.warmup = parameters.ctx_shift = parameters.ui = False
        parameters.cache_ram_mib = 0
        parameters.api_keys = [secrets.token_hex(16)]
        try:
            self._server: Any = library.Server(parameters)
        except RuntimeError as error:
            raise EngineError(f"llama.cpp cannot load {path}: {error}", "Try another engine, or file.") from error
        self._free = threading.Semaphore(self._slots)
        self._jobs: set[_Job] = set()
        self._closing = threading.Lock()

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
            grammar=True,
            json_schema=True,
        )

    def count_tokens(self, text: str) -> int:
        return len(self.tokenizer.encode(text, special=False))

    def stream(self, requests: Sequence[Request]) -> QueuedStream:
        """Start a batch of requests.

        Raises:
            UsageError: a request is malformed, its prompt leaves no room in the context, or the engine is closed.
        """
        if self._server is None:
            raise UsageError(f"The engine {self.name} is closed.")
        check_requests(requests, MOST_ALTERNATIVES)
        out: SimpleQueue[Delta] = SimpleQueue()
        jobs = [self._job(request, out) for request in requests]
        self._jobs = {job for job in self._jobs if not job.over.is_set()} | set(jobs)
        for job in jobs:
            threading.Thread(target=self._work, args=(job,), daemon=True).start()
        return QueuedStream(jobs, out)

    def _job(self, request: Request, out: SimpleQueue[Delta]) -> _Job:
        if request.hidden_states or request.confidence:
            raise UsageError("llama.cpp reports no hidden states and no confidence.", "Use the native engine.")
        prompt = prompt_of(request, self.tokenizer)
        compiled(request)  # llama.cpp would write any text where it cannot read a schema
        sampling = request.sampling
        payload: dict[str, Any] = {
            "prompt": list(prompt),
            "n_predict": limit_of(request, prompt, self._context, self.name),
            "stream": True,
            "stream_options": {"include_usage": True},
            "samplers": ["penalties", "temperature", "top_k", "top_p", "min_p"],
            "temperature": sampling.temperature,
            "top_k": sampling.top_k,
            "top_p": sampling.top_p,
            "min_p": sampling.min_p,
            "presence_penalty": sampling.presence_penalty,
            "repeat_penalty": 1.0,
            "repeat_last_n": self._context,
            "n_probs": max(1, request.logprobs or 0),
            # What is remembered of another request is computed in other pieces, and rounds differently.
            "cache_prompt": sampling.seed is None,
        }
        if sampling.seed is not None:
            payload["seed"] = sampling.seed % 2**32
        if request.grammar:
            payload["grammar"] = request.grammar
        if request.json_schema is not None:
            payload["json_schema"] = spaced(request.json_schema)
        ends = {number: self.tokenizer.decode([number]) for number in self.tokenizer.eos_ids}
        return _Job(request, payload, len(prompt), ends, out)

    def _work(self, job: _Job) -> None:
        """Carry one request out; whatever happens, its last delta comes."""
        with self._free:
            if job.begin():
                try:
                    self._server.handle_completions(job.payload, job.take)
                    job.finish()
                except Exception as error:  # of any kind: whoever waits for the text must not wait for ever
                    job.end(Finish.ERROR, error=f"{type(error).__name__}: {error}", failure=Failure.SERVER)
        job.over.set()

    def close(self) -> None:
        """Cancel what runs, and free the model."""
        with self._closing:
            for job in self._jobs:
                job.cancel()
            for job in self._jobs:
                job.over.wait()
            self._server = None


class _Job:
    """One request under way. `take` and `finish` are called in its own thread, `cancel` in any."""

    def __init__(
        self,
        request: Request,
        payload: Mapping[str, Any],
        prompt_tokens: int,
        ends: Mapping[int, str],
        out: SimpleQueue[Delta],
    ) -> None:
        self.request, self.payload = request, payload
        self.over = threading.Event()
        self._prompt_tokens, self._ends, self._out = prompt_tokens, ends, out
        self._text = StopSearch(request.stop)
        self._guard = threading.Lock()
        self._begun = self._cancelled = self._ended = False
        self._finish: Finish | None = None
        self._stop: str | None = None
        self._written: int | None = None
        self._error = ""

    def begin(self) -> bool:
        """Whether there is still something to do."""
        with self._guard:
            self._begun = not self._cancelled
            return self._begun

    def take(self, chunk: Mapping[str, Any]) -> bool:
        """Pass one piece on; whether that was enough."""
        if "error" in chunk:
            self._error = str(chunk["error"].get("message", chunk["error"]))
            return True
        usage = chunk.get("usage")
        if usage:
            self._written = usage.get("completion_tokens")
        for choice in chunk.get("choices", ()):
            text, tokens = self._read(choice)
            if choice.get("finish_reason"):
                self._finish = Finish.LENGTH if choice["finish_reason"] == "length" else Finish.STOP
            text, self._stop = self._text.push(text)
            if text or tokens:
                self._out.put(Delta(self.request.id, text, tokens))
        return self._cancelled or self._stop is not None

    def _read(self, choice: Mapping[str, Any]) -> tuple[str, tuple[TokenInfo, ...]]:
        """A choice's new text, without the token that ends it, and what is reported of its tokens."""
        text: str = choice.get("text") or ""
        reported = (choice.get("logprobs") or {}).get("content") or []
        for token in reported:
            text = text.removesuffix(self._ends.get(token["id"], ""))
        if self.request.logprobs is None:
            return text, ()
        most = self.request.logprobs
        return text, tuple(
            TokenInfo(
                token["id"],
                token["logprob"],
                tuple((other["id"], other["logprob"]) for other in token["top_logprobs"][:most]),
            )
            for token in reported
        )

    def finish(self) -> None:
        """Say how it went, when llama.cpp is done."""
        if self._error:
            self.end(Finish.ERROR, error=self._error, failure=Failure.REFUSED)
        elif self._stop is not None:
            self.end(Finish.STOP)
        elif self._cancelled:
            self.end(Finish.CANCELLED)
        else:
            self.end(self._finish or Finish.STOP)

    def cancel(self) -> None:
        with self._guard:
            self._cancelled = True
            begun = self._begun
        if not begun:
            self.end(Finish.CANCELLED)
            self.over.set()

    def end(self, finish: Finish, *, error: str = "", failure: Failure | None = None) -> None:
        """Give out the last delta, with what was held back."""
        with self._guard:
            if self._ended:
                return
            self._ended = True
        self._out.put(
            Delta(
                self.request.id,
                "" if self._stop is not None else self._text.flush(),
                finish=finish,
                stop=self._stop,
                prompt_tokens=self._prompt_tokens,
                written_tokens=self._written,
                error=error,
                failure=failure,
            )
        )


def _library() -> Any:
    try:
        return importlib.import_module("xllamacpp")
    except ImportError as error:
        raise UsageError("The llama.cpp engine is not installed.", "pip install 'qwill[llamacpp]'") from error


def _threads() -> int:
    allowed: Callable[[int], set[int]] | None = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def _sizes(name: str, summary: GgufSummary, slots: int | None, context: int | None) -> tuple[int, int]:
    """How many requests at once, and with how much context each.

    Raises:
        UsageError: that does not make sense, or the memory does not hold it.
    """
    if (slots is not None and slots < 1) or (context is not None and context < 2):
        raise UsageError(f"At least 1 slot and 2 tokens of context are needed; got {slots} and {context}.")
    most = context or min(summary.context, _MOST_CONTEXT)
    free = free_memory()
    if free is None:
        return slots or _SLOTS, most
    room = int(USABLE * free) - summary.file_bytes - _BATCH_BYTES
    for count in [slots] if slots else [_SLOTS, 1]:
        if most * summary.cache_bytes * count <= room:
            return count, most
    fits = max(room, 0) // (summary.cache_bytes * (slots or 1)) // 256 * 256
    if context is None and fits >= LEAST_CONTEXT:
        return slots or 1, fits
    raise UsageError(
        f"{name} does not fit: it takes {gigabytes(summary.file_bytes)} of weights and, for each of {slots or 1} "
        f"requests at once, {gigabytes(most * summary.cache_bytes)} of keys and values; {gigabytes(free)} is free.",
        f"A context of {fits:,} tokens fits." if fits >= LEAST_CONTEXT else "Use a smaller model or file.",
    )
