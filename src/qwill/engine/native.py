"""Our own engine: any Qwen2 checkpoint on this machine, with many requests computed together.

Determinism, in fp32: the tokens of a request depend on its prompt, settings and seed alone, bit for bit, whatever
else runs, joins, leaves or is cancelled meanwhile; another number of threads, kind of processor or version of torch may
round differently. In bf16 the same held wherever it was measured (five shapes of heads, 22 requests each alone and
within batches of 64, logprobs and hidden states included; AVX-512 with bf16), but near ties of logits are a hundred
times as frequent, so a machine whose kernels do not keep to the rules in `Packed` would show it sooner.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType

import torch

from qwill.core import UsageError
from qwill.engine.jobs import Call, Job
from qwill.engine.packed import Packed
from qwill.engine.profiles import NANO, PLAIN, Profile, recognise
from qwill.engine.protocol import Capabilities, Delta, Message, Request
from qwill.engine.scheduler import Scheduler
from qwill.engine.text import TextStream
from qwill.model.memory import check_memory, of_itemsize
from qwill.model.opening import open_checkpoint
from qwill.model.shape import Shape
from qwill.model.tokenizer import CHATML_THINKING, Tokenizer
from qwill.model.transformer import Transformer

MOST_ALTERNATIVES = 20


class NativeEngine:
    """The `Engine` for a `Transformer` in this process.

    Safe to call from several threads; their requests are computed together. There is no background work: requests
    advance while somebody waits for a delta.

    Args:
        model: copied into another layout (see `Packed`); the engine does not keep it.
        tokenizer: the model's.
        name: what the engine is called.
        profile: how the model wants to be used.
        slots: most requests computed at once; more wait in the order in which they came.
        context: most tokens of prompt and text together; the model's own by default.
        consume: free the model's own weights while copying them; it cannot be used any more.
    """

    def __init__(
        self,
        model: Transformer,
        tokenizer: Tokenizer,
        *,
        name: str,
        profile: Profile,
        slots: int = 64,
        context: int | None = None,
        consume: bool = False,
    ) -> None:
        self._start(Packed(model, consume=consume), tokenizer, name=name, profile=profile, slots=slots, context=context)

    @classmethod
    def load(
        cls,
        folder: str | Path,
        dtype: torch.dtype = torch.float32,
        *,
        device: str | torch.device = "cpu",
        name: str | None = None,
        profile: Profile | None = None,
        slots: int = 64,
        context: int | None = None,
    ) -> NativeEngine:
        """An engine for the checkpoint in a folder; holds its weights once, and the embedding of a tied model twice.

        Args:
            folder: a checkpoint in Hugging Face's layout, with its tokenizer; or a GGUF file.
            dtype: of weights, keys and values.
            device: where it runs.
            name: by default the folder's or file's.
            profile: by default what the chat template speaks for.
            slots: as in the constructor.
            context: as there; by default the model's own, or as much of it as the free memory holds for one request.

        Raises:
            CheckpointError: there is no model that can be run.
            UsageError: the free memory does not hold it.
        """
        model, tokenizer = open_checkpoint(folder, dtype, device)
        engine = cls.__new__(cls)
        packed = Packed(model, consume=True)
        name = name or Path(folder).resolve().name.removesuffix(".gguf")
        context = _context_in_memory(packed, name, context)
        profile = profile or _profile_of(tokenizer)
        engine._start(packed, tokenizer, name=name, profile=profile, slots=slots, context=context)
        return engine

    def _start(
        self, packed: Packed, tokenizer: Tokenizer, *, name: str, profile: Profile, slots: int, context: int | None
    ) -> None:
        most = packed.config.context
        if slots < 1:
            raise UsageError(f"An engine needs at least 1 slot; got {slots}.")
        if context is not None and not 2 <= context <= most:
            raise UsageError(f"This model's context is 2 to {most} tokens; got {context}.")
        self.tokenizer, self.profile = tokenizer, profile
        self._name, self._slots, self._context = name, slots, context or most
        end_tokens = {*tokenizer.eos_ids, *packed.config.eos_token_ids}
        self._scheduler: Scheduler | None = Scheduler(packed, slots, end_tokens)

    @property
    def name(self) -> str:
        return self._name

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            continuation=True,
            logprobs=MOST_ALTERNATIVES,
            parallel=self._slots,
            seed=True,
            hidden_states=True,
            thinking="tags" if self.profile.think_close else "none",
            context=self._context,
        )

    @property
    def busy(self) -> int:
        """Slots in use."""
        return self._scheduler.busy if self._scheduler else 0

    @property
    def kv_bytes(self) -> int:
        """Bytes of keys and values held now, in whole blocks."""
        return self._scheduler.kv_bytes if self._scheduler else 0

    def count_tokens(self, text: str) -> int:
        return len(self.tokenizer.encode(text, special=False))

    def stream(self, requests: Sequence[Request]) -> NativeStream:
        """Start a batch of requests.

        Raises:
            UsageError: a request is malformed, its prompt leaves no room in the context, or the engine is closed.
        """
        if self._scheduler is None:
            raise UsageError(f"The engine {self._name} is closed.")
        ids = [request.id for request in requests]
        if len(set(ids)) < len(ids):
            raise UsageError("Two requests of one call have the same id.", "Give each its own.")
        call = Call()
        jobs = [self._job(call, request) for request in requests]
        self._scheduler.submit(jobs)
        return NativeStream(self._scheduler, call)

    def _job(self, call: Call, request: Request) -> Job:
        _check(request)
        prompt = self._prompt(request)
        room = self._context - len(prompt)
        if not prompt:
            raise UsageError("The prompt is empty.", "Give the model at least one token to go on from.")
        if room < 1:
            raise UsageError(
                f"The prompt is {len(prompt):,} tokens long, and the context of {self._name} holds {self._context:,} "
                "with at least one left for the text.",
                f"Shorten it by {1 - room:,} tokens or more.",
            )
        limit = room if request.max_tokens is None else min(room, request.max_tokens)
        return Job(call, request, prompt, limit, TextStream(self.tokenizer.streamer(), request.stop))

    def _prompt(self, request: Request) -> tuple[int, ...]:
        if request.prompt is not None:
            return tuple(self.tokenizer.encode(request.prompt))
        return tuple(self.tokenizer.chat(request.messages, continuation=request.continuation))

    def close(self) -> None:
        if self._scheduler is not None:
            scheduler, self._scheduler = self._scheduler, None
            scheduler.cancel_all()


def _context_in_memory(packed: Packed, name: str, context: int | None) -> int | None:
    """The context that the memory left by the weights holds; what is no context at all is left to others to name."""
    most = packed.config.context
    if context is not None and not 2 <= context <= most:
        return context
    return check_memory(
        Shape.of(packed.config),
        of_itemsize(packed.dtype.itemsize),
        name=name,
        most=most,
        context=context,
        device=str(packed.device),
        loaded=True,
    )


def _profile_of(tokenizer: Tokenizer) -> Profile:
    """The profile that the chat template speaks for."""
    template = tokenizer.chat_template
    if template is None:
        return PLAIN
    if template == CHATML_THINKING:
        return NANO
    return recognise(template, tokenizer.render([Message("user", "?")]))


def _check(request: Request) -> None:
    checks = (
        ((request.prompt is None) == bool(request.messages), "has either messages or a prompt"),
        (request.prompt is None or not request.continuation, "continues messages, not a raw prompt"),
        (request.max_tokens is None or request.max_tokens >= 1, "writes at least 1 token"),
        (all(request.stop), "has no empty stop string"),
        (request.logprobs is None or 0 <= request.logprobs <= MOST_ALTERNATIVES, "wants 0 to 20 alternatives"),
    )
    for holds, rule in checks:
        if not holds:
            raise UsageError(f"A request {rule}; request {request.id!r} does not.")


class NativeStream(Iterator[Delta]):
    """The deltas of one call. Letting go of it cancels what still runs."""

    def __init__(self, scheduler: Scheduler, call: Call) -> None:
        self._scheduler, self._call = scheduler, call

    def __next__(self) -> Delta:
        delta = self._scheduler.next(self._call)
        if delta is None:
            raise StopIteration
        return delta

    def cancel(self, request: str) -> None:
        """End one request now; nothing happens if it has ended already."""
        self._scheduler.cancel(self._call, request)

    def close(self) -> None:
        """End all requests of this call now."""
        self._scheduler.cancel(self._call)

    def __enter__(self) -> NativeStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self._scheduler.abandon(self._call)
