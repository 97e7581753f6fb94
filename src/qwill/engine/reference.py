"""transformers as an engine: slow, one request at a time, to compare other engines with."""

from __future__ import annotations

import importlib
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from qwill.core import CheckpointError, UsageError
from qwill.engine.checks import check_requests, limit_of, profile_of, prompt_of
from qwill.engine.profiles import Profile
from qwill.engine.protocol import Capabilities, Delta, Finish, Request, TokenInfo
from qwill.engine.sampler import Sampler, log_probabilities, seed_key
from qwill.engine.text import TextStream
from qwill.model.files import is_gguf
from qwill.model.tokenizer import Tokenizer

MOST_ALTERNATIVES = 20
_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class TransformersEngine:
    """The `Engine` for a model that transformers runs. Tokens are drawn as the native engine draws them.

    Requests of all callers take turns, a whole one at a time.

    Args:
        folder: a checkpoint in Hugging Face's layout, with its tokenizer.
        precision: "fp32", "bf16" or "fp16".
        name: by default the folder's.
        profile: how the model wants to be used; by default what its chat template speaks for.

    Raises:
        CheckpointError: transformers cannot load it.
        UsageError: transformers is not installed, or the precision is another.
    """

    def __init__(
        self, folder: str | Path, precision: str = "fp32", *, name: str | None = None, profile: Profile | None = None
    ) -> None:
        folder = Path(folder)
        if precision not in _DTYPES:
            raise UsageError(f"The transformers engine has no {precision}.", f"It has {', '.join(_DTYPES)}.")
        if is_gguf(folder):
            raise UsageError(f"The transformers engine reads folders; {folder} is a GGUF file.", "`qwill convert` it.")
        try:
            library: Any = importlib.import_module("transformers")
        except ImportError as error:
            raise UsageError("The transformers engine is not installed.", "pip install transformers") from error
        self.tokenizer = Tokenizer.load(folder)
        self.profile = profile or profile_of(self.tokenizer)
        self._name = name or folder.resolve().name
        try:
            self._model: Any = library.AutoModelForCausalLM.from_pretrained(folder, dtype=_DTYPES[precision]).eval()
        except (OSError, ValueError, RuntimeError) as error:
            raise CheckpointError(f"transformers cannot load {folder}: {error}", "Use the native engine.") from error
        self._turn = threading.Lock()
        self._closed = False

    @property
    def name(self) -> str:
        return self._name

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            continuation=True,
            logprobs=MOST_ALTERNATIVES,
            parallel=1,
            seed=True,
            hidden_states=False,
            thinking="tags" if self.profile.think_close else "none",
            context=self._model.config.max_position_embeddings,
        )

    def count_tokens(self, text: str) -> int:
        return len(self.tokenizer.encode(text, special=False))

    def stream(self, requests: Sequence[Request]) -> TransformersStream:
        """Start a batch of requests.

        Raises:
            UsageError: a request is malformed or asks for what this engine cannot do, or the engine is closed.
        """
        if self._closed:
            raise UsageError(f"The engine {self.name} is closed.")
        check_requests(requests, MOST_ALTERNATIVES)
        for request in requests:
            reports = request.hidden_states or request.confidence
            if reports or request.grammar or request.json_schema is not None:
                raise UsageError(
                    "The transformers engine reports no hidden states, no confidence, and keeps to no grammar.",
                    "Use the native engine.",
                )
        return TransformersStream(self, requests)

    def write(self, request: Request, cancelled: threading.Event) -> Iterator[Delta]:
        """The deltas of one request."""
        prompt = prompt_of(request, self.tokenizer)
        limit = limit_of(request, prompt, self.capabilities.context, self.name)
        text = TextStream(self.tokenizer.streamer(), request.stop)
        sampler = Sampler([request.sampling], [seed_key(request.sampling.seed)])
        ends = self.tokenizer.eos_ids
        seen: set[int] = set()
        finish, stop, pending = Finish.LENGTH, None, torch.tensor([prompt])
        cache: Any = None
        for place in range(limit):
            if cancelled.is_set():
                finish = Finish.CANCELLED
                break
            with torch.inference_mode(), self._turn:
                out = self._model(pending, past_key_values=cache, use_cache=True, logits_to_keep=1)
            cache, logits_1V = out.past_key_values, out.logits[:, -1].float().numpy()
            token = int(sampler.choose(logits_1V, np.array([place]), [seen])[0])
            info = _told(token, logits_1V[0], request.logprobs)
            if token in ends:
                yield Delta(request.id, tokens=(info,))
                finish = Finish.STOP
                break
            seen.add(token)
            pending = torch.tensor([[token]])
            piece, stop = text.push(token)
            yield Delta(request.id, piece, (info,))
            if stop is not None:
                finish = Finish.STOP
                break
        rest = ""
        if stop is None:
            rest, stop = text.flush()
        yield Delta(request.id, rest, finish=finish, stop=stop, prompt_tokens=len(prompt))

    def close(self) -> None:
        self._closed, self._model = True, None


class TransformersStream(Iterator[Delta]):
    """The deltas of one call, one request after another; work is done while somebody waits for them."""

    def __init__(self, engine: TransformersEngine, requests: Sequence[Request]) -> None:
        self._cancelled = {request.id: threading.Event() for request in requests}
        self._deltas = self._all(engine, deque(requests))

    def _all(self, engine: TransformersEngine, waiting: deque[Request]) -> Iterator[Delta]:
        for request in waiting:
            yield from engine.write(request, self._cancelled[request.id])

    def __next__(self) -> Delta:
        return next(self._deltas)

    def cancel(self, request: str) -> None:
        """End one request with its next delta."""
        self._cancelled[request].set()

    def close(self) -> None:
        """End all requests of this call."""
        for event in self._cancelled.values():
            event.set()
        self._deltas = iter(())


def _told(token: int, logits_V: np.ndarray, alternatives: int | None) -> TokenInfo:
    if alternatives is None:
        return TokenInfo(token)
    logprobs = log_probabilities(logits_V)
    best = np.argsort(-logprobs, kind="stable")[:alternatives]
    return TokenInfo(token, float(logprobs[token]), tuple((int(n), float(logprobs[n])) for n in best))
