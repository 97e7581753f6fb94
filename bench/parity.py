"""One model in several engines and precisions: does each position get the same likeliest token?

    python bench/parity.py MODEL                                2,000 positions, in windows of 250
    python bench/parity.py MODEL --positions 200 --only native llama.cpp
    python bench/parity.py MODEL.gguf --transformers-reads-gguf     minutes, but nothing of ours in between
    python bench/parity.py src/qwill/models/nano --thoughts 40      on texts that the model writes itself

MODEL is a GGUF file or a checkpoint folder. Everything is held against the native engine in fp32. transformers gets
the same weights as a checkpoint folder that we write, or reads the GGUF file by itself. llama.cpp (of the package
xllamacpp) runs the F16 file that we write, and the model's own file if it is one. The text is bench/parity.txt, or for
a model that does not read prose its own greedy answers to held-out generated problems; teacher-forced.
Kullback-Leibler divergence is of the others' distribution from ours, in nats; llama.cpp's over its 500 likeliest tokens
and all others taken as one: a lower bound, close where those others have little weight. Its perplexity is over the
tokens that are whole characters.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import itertools
import math
import random
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from rich.console import Console
from rich.table import Table
from torch import Tensor

from qwill.core import GREEDY
from qwill.engine.native import NativeEngine
from qwill.engine.packed import FromFiles, Packed
from qwill.engine.protocol import Message, Request
from qwill.model.checkpoint import save_model
from qwill.model.files import is_gguf
from qwill.model.gguf import save_gguf
from qwill.model.opening import open_checkpoint, open_parts
from qwill.model.shape import Precision
from qwill.model.tokenizer import Tokenizer
from qwill.tasks import FAMILIES

TEXT = Path(__file__).with_name("parity.txt")
REPORTED = 500
PRECISIONS = {"bf16": Precision.BF16, "int8": Precision.INT8, "int4": Precision.INT4}


@dataclass(frozen=True)
class Place:
    """What comes after a token: the likeliest token; tokens (None: all of them) and their logprobs; the logprob of the
    text's own next token (None where it is not known)."""

    best: int
    tokens: Tensor | None
    logprobs: Tensor
    following: float | None


Score = Callable[[list[int]], Iterator[Place]]
"""The places after each token of a window."""


class Tally:
    """Agreement, divergence and perplexity, summed up."""

    def __init__(self) -> None:
        self.places = self.agreed = self.counted = 0
        self.divergence = self.surprise = 0.0

    def add(self, ours_V: Tensor, place: Place) -> None:
        self.places += 1
        self.agreed += place.best == int(ours_V.argmax())
        self.divergence += divergence(ours_V, place)
        if place.following is not None:
            self.counted += 1
            self.surprise -= place.following

    @property
    def cells(self) -> tuple[str, str, str]:
        return (
            f"{self.agreed / self.places:.2%}",
            f"{self.divergence / self.places:.1e}",
            f"{math.exp(self.surprise / self.counted):.2f}" if self.counted else "",
        )


def divergence(ours_V: Tensor, place: Place) -> float:
    """Of the place's distribution from ours, in nats."""
    q, p = place.logprobs.double(), (ours_V if place.tokens is None else ours_V[place.tokens]).double()
    inside = float((p.exp() * (p - q)).sum())
    if place.tokens is None:
        return inside
    rest_p, rest_q = (max(1e-12, 1 - float(logs.exp().sum())) for logs in (p, q))
    return inside + rest_p * math.log(rest_p / rest_q)


def own_thoughts(path: Path, count: int) -> str:
    """Conversations in which the model answers problems of all families in turn, greedy, control tokens included."""
    rng = random.Random("parity")
    families = itertools.islice(itertools.cycle(FAMILIES.values()), count)
    questions = [(Message("user", family.item(rng, "test").question),) for family in families]
    engine = NativeEngine.load(path, "fp32", slots=count)
    requests = [Request(messages, sampling=GREEDY, max_tokens=400, id=str(n)) for n, messages in enumerate(questions)]
    answers = dict.fromkeys((request.id for request in requests), "")
    for delta in engine.stream(requests):
        answers[delta.request] += delta.text
    engine.close()
    prompts = (engine.tokenizer.decode(engine.tokenizer.chat(messages)) for messages in questions)
    ends = engine.tokenizer.decode([min(engine.tokenizer.eos_ids)])
    return "".join(prompt + answer + ends + "\n" for prompt, answer in zip(prompts, answers.values(), strict=True))


def causal(layer: int, units_NUGK: Tensor) -> Tensor:
    """Attention among the tokens of one window."""
    R = units_NUGK.shape[1] - 2
    q, k, v = units_NUGK[:, :R], units_NUGK[:, R], units_NUGK[:, R + 1]
    keys, values = (x.transpose(0, 1)[:, None].expand(-1, R, -1, -1) for x in (k, v))
    out = F.scaled_dot_product_attention(q.permute(2, 1, 0, 3), keys, values, is_causal=True)
    return out.permute(2, 1, 0, 3).reshape(len(units_NUGK), -1)


def native(path: Path, precision: Precision, *, wide: bool = False) -> Callable[[list[int]], Tensor]:
    """Log-probabilities (T, V) of a window by the native engine's weights; `wide` as prompts are read, not written."""
    dtype = torch.float32 if precision is Precision.FP32 else torch.bfloat16
    with open_parts(path) as (parts, _):
        packed = Packed(FromFiles(parts, dtype), precision=precision)
    return lambda window: packed.logits(
        packed.hidden(torch.tensor(window), torch.arange(len(window)), causal, wide=wide)
    ).log_softmax(-1)


def transformers(path: Path, folder: Path, *, reads_gguf: bool) -> Callable[[list[int]], Tensor]:
    library: Any = importlib.import_module("transformers")
    if reads_gguf:
        model = library.AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
    else:
        save_model(open_checkpoint(path)[0], folder)
        model = library.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    model.eval()
    return lambda window: model(torch.tensor([window])).logits[0].log_softmax(-1)


def places(logprobs_TV: Tensor, window: list[int]) -> Iterator[Place]:
    for number, row_V in enumerate(logprobs_TV):
        following = float(row_V[window[number + 1]]) if number + 1 < len(window) else None
        yield Place(int(row_V.argmax()), None, row_V, following)


class LlamaCpp:
    """llama.cpp in this process: a prompt for every place, of which it computes the last token only."""

    def __init__(self, path: Path, context: int, threads: int, tokenizer: Tokenizer) -> None:
        library: Any = importlib.import_module("xllamacpp")
        parameters = library.CommonParams()
        parameters.model.path = str(path)
        parameters.n_ctx, parameters.n_parallel, parameters.warmup = context, 1, False
        parameters.verbosity, parameters.cache_ram_mib = -1, 0
        parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
        self._server = library.Server(parameters)
        self._tokenizer = tokenizer
        (self._neutral,) = tokenizer.encode("a")

    def __call__(self, window: list[int]) -> Iterator[Place]:
        return (self._place(window[: end + 1], window[end + 1 : end + 2]) for end in range(len(window)))

    def _place(self, prompt: list[int], following: list[int]) -> Place:
        # A token is reported if it is drawn, and is whole characters: so the text's own next token is made to be
        # drawn, or another where it is no such token. Probabilities are from before this.
        known = bool(following) and self._is_whole(following[0])
        drawn = following[0] if known else self._neutral
        reply = self._server.handle_completions(
            {"prompt": prompt, "n_predict": 1, "n_probs": REPORTED, "logit_bias": [[drawn, 1000]], "temperature": 0}
        )
        told = reply["choices"][0]["logprobs"]["content"][0]
        best = told["top_logprobs"]
        tokens, logprobs = ([token[field] for token in best] for field in ("id", "logprob"))
        return Place(tokens[0], torch.tensor(tokens), torch.tensor(logprobs), told["logprob"] if known else None)

    def _is_whole(self, token: int) -> bool:
        text = self._tokenizer.decode([token])
        return bool(text) and "\ufffd" not in text and text not in self._tokenizer.control_tokens


def compared(args: argparse.Namespace, folder: Path) -> Iterator[tuple[str, Callable[[], Score]]]:
    """What is held against ours: its name, and what makes it (one at a time is in memory)."""

    def whole(make: Callable[[], Callable[[list[int]], Tensor]]) -> Callable[[], Score]:
        def score() -> Score:
            logprobs = make()
            return lambda window: places(logprobs(window), window)

        return score

    path: Path = args.model
    if "transformers" in args.only:
        reads = args.transformers_reads_gguf
        name = f"transformers fp32, {'reading the file' if reads else 'our export'}"
        yield name, whole(lambda: transformers(path, folder / "export", reads_gguf=reads))
    if "native" in args.only:
        for name, precision in PRECISIONS.items():
            yield f"native {name}", whole(partial(native, path, precision))
            if precision is not Precision.BF16:
                yield f"native {name}, reading", whole(partial(native, path, precision, wide=True))
    if "llama.cpp" in args.only:
        tokenizer = open_tokenizer(path)

        def ours() -> Score:
            save_gguf(*open_checkpoint(path), folder / "ours.gguf", "f16")
            return LlamaCpp(folder / "ours.gguf", args.window + 8, args.threads, tokenizer)

        yield "llama.cpp, F16 file that we write", ours
        if is_gguf(path):
            yield "llama.cpp, the file itself", lambda: LlamaCpp(path, args.window + 8, args.threads, tokenizer)


def open_tokenizer(path: Path) -> Tokenizer:
    with open_parts(path) as (_, tokenizer):
        return tokenizer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--positions", type=int, default=2000)
    parser.add_argument("--window", type=int, default=250)
    parser.add_argument("--only", nargs="*", default=["transformers", "native", "llama.cpp"])
    parser.add_argument("--text", type=Path, default=TEXT)
    parser.add_argument("--thoughts", type=int, default=0, help="so many answers of the model itself instead of a text")
    parser.add_argument("--transformers-reads-gguf", action="store_true")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    text = own_thoughts(args.model, args.thoughts) if args.thoughts else args.text.read_text(encoding="utf-8")
    tokens = open_tokenizer(args.model).encode(text, special=bool(args.thoughts))[: args.positions]
    windows = [tokens[first : first + args.window] for first in range(0, len(tokens), args.window)]
    table = Table(title=f"{args.model.name}, {len(tokens)} positions, against the native engine in fp32")
    for column in ("", "same likeliest token", "mean divergence, nats", "perplexity"):
        table.add_column(column)
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        reference = native(args.model, Precision.FP32)
        ours = [reference(window) for window in windows]  # 1.2 GB for 152,000 tokens
        del reference
        scores = {"native fp32": lambda: lambda window: places(ours[windows.index(window)], window)}
        for name, make in [*scores.items(), *compared(args, Path(folder))]:
            score, tally = make(), Tally()
            for window, ours_TV in zip(windows, ours, strict=True):
                for ours_V, place in zip(ours_TV, score(window), strict=True):
                    tally.add(ours_V, place)
            del score
            gc.collect()
            table.add_row(name, *tally.cells)
            print(name, *tally.cells, sep=" | ", flush=True)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
