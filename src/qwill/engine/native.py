"""Our own engine: any Qwen2 checkpoint on this machine, with many requests computed together.

Determinism, in fp32: the tokens of a request depend on its prompt, settings and seed alone, bit for bit, whatever
else runs, joins, leaves or is cancelled meanwhile; another number of threads, kind of processor or version of torch may
round differently. In bf16 the same held wherever it was measured (five shapes of heads, 22 requests each alone and
within batches of 64, logprobs and hidden states included; AVX-512 with bf16), but near ties of logits are a hundred
times as frequent, so a machine whose kernels do not keep to the rules in `Packed` would show it sooner. int8 and int4
are as bf16.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType

import torch

from qwill.core import UsageError
from qwill.engine.checks import check_requests, limit_of, profile_of, prompt_of
from qwill.engine.constraint import Constraints
from qwill.engine.jobs import Call, Job
from qwill.engine.kv import Stage
from qwill.engine.packed import FromFiles, Held, Packed
from qwill.engine.profiles import Profile
from qwill.engine.protocol import Capabilities, Delta, Request, TokenInfo
from qwill.engine.scheduler import Scheduler
from qwill.engine.scoring import score
from qwill.engine.text import TextStream
from qwill.model.confidence import ConfidenceHead, load_head
from qwill.model.config import ModelConfig
from qwill.model.opening import open_parts
from qwill.model.placement import Place, place_model, places
from qwill.model.shape import Precision, Shape
from qwill.model.tokenizer import Tokenizer
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
        precision: INT8 or INT4 round the weights of a bf16 model.
        head: tells how likely a text is to end in a right answer.
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
        precision: Precision | None = None,
        head: ConfidenceHead | None = None,
    ) -> None:
        packed = Packed(Held(model, consume=consume), precision=precision)
        self._start(packed, tokenizer, name=name, profile=profile, slots=slots, context=context, head=head)

    @classmethod
    def load(
        cls,
        folder: str | Path,
        precision: str | torch.dtype = "fp32",
        *,
        device: str | Place = "cpu",
        name: str | None = None,
        profile: Profile | None = None,
        slots: int = 64,
        context: int | None = None,
    ) -> NativeEngine:
        """An engine for the checkpoint in a folder, with the confidence head beside it if there is one.

        Weights are read and laid out layer by layer. The embedding of a tied model is held twice, but for int8.

        Args:
            folder: a checkpoint in Hugging Face's layout, with its tokenizer; or a GGUF file.
            precision: "fp32", "bf16", "fp16": of weights, keys and values; "int8", "int4": of weights, the rest is
                bf16. A torch dtype means the first three.
            device: where it runs: a device, several that share its layers, or "auto" (see `model.placement`).
            name: by default the folder's or file's.
            profile: by default what the chat template speaks for.
            slots: as in the constructor.
            context: as there; by default the model's own, or as much of it as the free memory holds for one request.

        Raises:
            CheckpointError: there is no model that can be run.
            UsageError: the free memory does not hold it, or there is no such precision or device.
        """
        place = places(device) if isinstance(device, str) else (device,)
        if len(place) > 1:
            raise UsageError(f"One engine is one copy of a model; {device} names {len(place)}.", "See load_replicas.")
        dtype, stored = _kind(precision)
        label = name or Path(folder).resolve().name.removesuffix(".gguf")
        with open_parts(folder) as (parts, tokenizer):
            stages, context = _stages_in_memory(parts.config, stored, label, context, place[0])
            packed = Packed(FromFiles(parts, dtype), precision=stored, stages=stages)
            head = load_head(folder, parts.config.hidden_size)
        engine = cls.__new__(cls)
        profile = profile or profile_of(tokenizer)
        engine._start(packed, tokenizer, name=label, profile=profile, slots=slots, context=context, head=head)
        return engine

    def _start(
        self,
        packed: Packed,
        tokenizer: Tokenizer,
        *,
        name: str,
        profile: Profile,
        slots: int,
        context: int | None,
        head: ConfidenceHead | None,
    ) -> None:
        most = packed.config.context
        if slots < 1:
            raise UsageError(f"An engine needs at least 1 slot; got {slots}.")
        if context is not None and not 2 <= context <= most:
            raise UsageError(f"This model's context is 2 to {most} tokens; got {context}.")
        self.tokenizer, self.profile = tokenizer, profile
        self._name, self._slots, self._context = name, slots, context or most
        self._constraints = Constraints(tokenizer, packed.config.vocab_size)
        end_tokens = {*tokenizer.eos_ids, *packed.config.eos_token_ids}
        self._packed = packed
        self._has_head = head is not None
        self._scheduler: Scheduler | None = Scheduler(packed, slots, end_tokens, head and head.to(packed.device))

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
            grammar=True,
            json_schema=True,
            confidence=self._has_head,
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
        check_requests(requests, MOST_ALTERNATIVES)
        if any(request.confidence for request in requests) and not self._has_head:
            raise UsageError(f"{self._name} has no confidence head.", "Train one: `qwill train`, kind: confidence.")
        call = Call()
        jobs = [self._job(call, request) for request in requests]
        self._scheduler.submit(jobs)
        return NativeStream(self._scheduler, call)

    def _job(self, call: Call, request: Request) -> Job:
        prompt = prompt_of(request, self.tokenizer)
        limit = limit_of(request, prompt, self._context, self._name)
        text = TextStream(self.tokenizer.streamer(), request.stop)
        return Job(call, request, prompt, limit, text, constraint=self._constraints.of(request))

    def tokenize(self, text: str) -> list[int]:
        """As `Scorer`."""
        return self.tokenizer.encode(text)

    def text_of(self, tokens: Sequence[int]) -> str:
        """As `Scorer`."""
        return self.tokenizer.decode(tokens)

    def score(self, tokens: Sequence[int], alternatives: int) -> tuple[TokenInfo, ...]:
        """As `Scorer`."""
        if self._scheduler is None:
            raise UsageError(f"The engine {self._name} is closed.")
        if not 1 <= len(tokens) <= self._context:
            raise UsageError(f"A text to be scored has 1 to {self._context:,} tokens; got {len(tokens):,}.")
        return score(self._packed, tokens, alternatives)

    def close(self) -> None:
        if self._scheduler is not None:
            scheduler, self._scheduler = self._scheduler, None
            scheduler.cancel_all()


_KINDS = {
    "fp32": (torch.float32, Precision.FP32),
    "bf16": (torch.bfloat16, Precision.BF16),
    "fp16": (torch.float16, Precision.BF16),  # the memory is the same
    "int8": (torch.bfloat16, Precision.INT8),
    "int4": (torch.bfloat16, Precision.INT4),
}
PRECISIONS = tuple(_KINDS)
"""What `NativeEngine.load` takes."""


def _kind(precision: str | torch.dtype) -> tuple[torch.dtype, Precision]:
    """What activations are, and weights."""
    for name, (dtype, stored) in _KINDS.items():
        if precision in (name, dtype):
            return dtype, stored
    raise UsageError(f"There is no precision {precision}.", f"There are {', '.join(PRECISIONS)}.")


def _stages_in_memory(
    config: ModelConfig, precision: Precision, name: str, context: int | None, place: Place
) -> tuple[list[Stage], int | None]:
    """Which layers go where, and the context that the memory holds; what is no context at all is left to others to
    name.

    Raises:
        UsageError: the model does not fit.
    """
    most = config.context
    asked = context if context is not None and 2 <= context <= most else None
    found, fits = place_model(Shape.of(config), precision, place, name=name, most=most, context=asked)
    stages, first = [], 0
    for device, count in found:
        stages.append(Stage(torch.device(device), range(first, first + count)))
        first += count
    return stages, fits if context is None else context


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
