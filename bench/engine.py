"""Tokens per second and memory of the native engine beside transformers and llama.cpp.

    python bench/engine.py [--quick] [--model FOLDER] [--dtype bfloat16] [--threads 2]
    python bench/engine.py --real FILE.gguf [--real FILE.gguf ...] [--quick] [--engines int4 llama.cpp] [--batches 1 8]

The first compares random models of two sizes with transformers.generate: same weights, prompts, dtype and number of new
tokens; nothing ends a text early. "Same" says how many greedy texts agree token for token. The second takes real
models (and nano) through every engine and precision at batch 1, 8 and 64: native in bf16, int8 and int4, transformers
in bf16, and llama.cpp with the file as it is (for nano, F16); with --built, also as it was built on this machine.
Prompts are read anew in every run and count; of one text alone the reading (to the first token) and the writing of all
further tokens are told apart as well, and the share of the measured memory bandwidth that writing draws: bytes of
weights read for a token, times tokens per second.

Each figure (or engine, in the second) comes from a process of its own: loads the model, runs once to warm up, then
takes the fastest of several runs, reading the prompt included. Memory is the most that the process held, less what it
held before it loaded the model. Greedy, except for the samples of one prompt (temperature 1, no filters, on both
sides). Timings mean something on a quiet machine only, ratios in processor time on a busy one too.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import psutil
import torch
from rich.console import Console
from rich.table import Table

import engine_real
from qwill.core import GREEDY, Sampling
from qwill.engine.native import NativeEngine
from qwill.engine.profiles import PLAIN
from qwill.engine.protocol import Request
from qwill.model.checkpoint import load_config, load_model, save_model
from qwill.model.config import PRESETS, ModelConfig
from qwill.model.transformer import Transformer

HUNDRED_MILLION = ModelConfig(
    vocab_size=32000,
    hidden_size=768,
    intermediate_size=2048,
    num_hidden_layers=12,
    num_attention_heads=12,
    num_key_value_heads=4,
    max_position_embeddings=2048,
    rope_theta=1e6,
)


@dataclass(frozen=True)
class Case:
    """Requests to time: how many, tokens in each prompt, whether they share it, and the ratio to reach."""

    name: str
    requests: int
    prompt: int
    shared: bool
    goal: float | None


CASES = (
    Case("batch 1", 1, 64, shared=False, goal=2.0),
    Case("batch 16", 16, 64, shared=False, goal=None),
    Case("batch 64", 64, 64, shared=False, goal=1.5),
    Case("16 samples of one prompt", 16, 512, shared=True, goal=3.0),
)


@dataclass(frozen=True)
class Job:
    """What one process measures."""

    engine: str
    folder: str
    case: int
    new_tokens: int
    dtype: str
    runs: int
    cpu_time: bool


class Numbers:
    """A tokenizer whose text is token numbers: any model can be timed, with or without a tokenizer of its own."""

    eos_ids: frozenset[int] = frozenset()

    def encode(self, text: str, *, special: bool = True) -> list[int]:
        return [int(number) for number in text.split()]

    def streamer(self) -> Numbers:
        return self

    def push(self, number: int) -> str:
        return f"{number} "

    def flush(self) -> str:
        return ""


def prompts(case: Case, vocabulary: int) -> list[list[int]]:
    generator = torch.Generator().manual_seed(case.requests)
    rows = torch.randint(0, vocabulary, (1 if case.shared else case.requests, case.prompt), generator=generator)
    return [row.tolist() for row in rows.expand(case.requests, -1)]


def native(job: Job, case: Case) -> Callable[[int], list[list[int]]]:
    """A function that writes so many tokens for each prompt, with our engine."""
    model = load_model(job.folder, getattr(torch, job.dtype))
    model.config = replace(model.config, eos_token_id=None)
    texts = [" ".join(map(str, prompt)) for prompt in prompts(case, model.config.vocab_size)]
    numbers: Any = Numbers()
    engine = NativeEngine(model, numbers, name="native", profile=PLAIN, slots=case.requests, consume=True)

    def run(new_tokens: int) -> list[list[int]]:
        requests = [
            Request(
                prompt=text,
                sampling=Sampling(temperature=1.0, seed=number) if case.shared else GREEDY,
                max_tokens=new_tokens,
                id=str(number),
            )
            for number, text in enumerate(texts)
        ]
        written: dict[str, list[int]] = {request.id: [] for request in requests}
        for delta in engine.stream(requests):
            written[delta.request].extend(token.id for token in delta.tokens)
        return list(written.values())

    return run


def reference(job: Job, case: Case) -> Callable[[int], list[list[int]]]:
    """The same with `transformers.generate`."""
    library: Any = importlib.import_module("transformers")
    model = library.AutoModelForCausalLM.from_pretrained(job.folder, dtype=getattr(torch, job.dtype)).eval()
    rows = prompts(case, model.config.vocab_size)
    tokens = torch.tensor(rows[:1] if case.shared else rows)

    def run(new_tokens: int) -> list[list[int]]:
        settings = library.GenerationConfig(
            max_new_tokens=new_tokens,
            do_sample=case.shared,
            temperature=1.0 if case.shared else None,
            top_k=0 if case.shared else None,
            num_return_sequences=case.requests if case.shared else 1,
            eos_token_id=None,
            pad_token_id=0,
        )
        model.generation_config = settings
        with torch.inference_mode():
            out = model.generate(tokens, attention_mask=torch.ones_like(tokens), generation_config=settings)
        return [row[case.prompt :].tolist() for row in out]

    return run


def measure(job: Job) -> dict[str, object]:
    """Tokens per second, peak memory in bytes, and what was written."""
    case = CASES[job.case]
    if job.engine == "transformers":
        importlib.import_module("transformers.models.qwen2.modeling_qwen2")
    before = psutil.Process().memory_info().rss
    run = (native if job.engine == "native" else reference)(job, case)
    run(min(8, job.new_tokens))
    seconds, clock = [], time.process_time if job.cpu_time else time.perf_counter
    for _ in range(job.runs):
        start = clock()
        written = run(job.new_tokens)
        seconds.append(clock() - start)
    assert all(len(row) == job.new_tokens for row in written)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {
        "tokens_per_second": case.requests * job.new_tokens / min(seconds),
        "bytes": max(0, peak - before),
        "written": written,
    }


def measured_apart(job: Job, threads: int) -> dict[str, object]:
    """`measure` in a process of its own."""
    command = [sys.executable, __file__, "--job", json.dumps(asdict(job)), "--threads", str(threads)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{job.engine} failed:\n{done.stderr[-3000:]}")
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def random_model(config: ModelConfig, folder: Path) -> Path:
    """A random model whose greedy texts do not fall into a loop at once."""
    torch.manual_seed(0)
    model = Transformer(replace(config, eos_token_id=None))
    for parameter in model.parameters():
        if parameter.ndim == 2:
            parameter.data.normal_(std=0.05)
    save_model(model, folder)
    return folder


def compare(folder: Path, label: str, arguments: argparse.Namespace, table: Table) -> None:
    """Measure both engines on all cases, a row of the table each."""
    size = load_config(folder).parameter_count()
    new_tokens = 16 if arguments.quick else 128 if size < 20e6 else 32
    runs = 1 if arguments.quick else 3
    for number, case in enumerate(CASES):
        ours, theirs = (
            measured_apart(
                Job(engine, str(folder), number, new_tokens, arguments.dtype, runs, arguments.cpu_time),
                arguments.threads,
            )
            for engine in ("native", "transformers")
        )
        ratio = float(str(ours["tokens_per_second"])) / float(str(theirs["tokens_per_second"]))
        print(f"{label}, {case.name}: {ratio:.1f} x", file=sys.stderr, flush=True)
        table.add_row(
            f"{label}, {size / 1e6:.1f}M",
            f"{case.name}, {case.prompt} + {new_tokens}",
            *(f"{found['tokens_per_second']:,.0f}" for found in (ours, theirs)),
            f"{ratio:.1f} x",
            f"{case.goal:.1f} x" if case.goal else "",
            *(f"{float(str(found['bytes'])) / 2**20:,.0f}" for found in (ours, theirs)),
            "" if case.shared else agreement(ours["written"], theirs["written"]),
        )


def agreement(ours: object, theirs: object) -> str:
    assert isinstance(ours, list)
    assert isinstance(theirs, list)
    return f"{sum(a == b for a, b in zip(ours, theirs, strict=True))}/{len(ours)}"


def main(arguments_: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="The native engine beside transformers.generate.")
    parser.add_argument("--quick", action="store_true", help="few tokens, one run each: a rough look")
    parser.add_argument("--model", type=Path, help="a checkpoint folder to measure instead of random models")
    parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16"))
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--cpu-time", action="store_true", help="count processor seconds: on a busy machine")
    parser.add_argument(
        "--only", choices=("nano", "100M", "real"), help="one of the random models; --real without nano"
    )
    parser.add_argument("--real", type=Path, action="append", help="a GGUF file to take through every engine")
    parser.add_argument(
        "--batches", nargs="*", type=int, default=engine_real.BATCHES, help="with --real: the first is 1"
    )
    parser.add_argument("--engines", nargs="*", choices=engine_real.ENGINES, help="with --real: these only")
    parser.add_argument(
        "--built", type=Path, help="with --real: a folder with an xllamacpp of your own, beside the wheel"
    )
    parser.add_argument("--job", help=argparse.SUPPRESS)
    arguments = parser.parse_args(arguments_)
    torch.set_num_threads(arguments.threads)
    if arguments.real is not None:
        engine_real.compare(arguments)
        return
    if arguments.job:
        print(json.dumps(measure(Job(**json.loads(arguments.job)))))
        return
    table = Table(
        "model", "requests, tokens", "native", "transformers", "ratio", "goal", "native MiB", "transf. MiB", "same",
        title=f"Tokens per second, {arguments.dtype}, {arguments.threads} threads",
    )  # fmt: skip
    if arguments.model:
        compare(arguments.model, arguments.model.name, arguments, table)
    else:
        shapes = {"nano": PRESETS["qwill-nano"], "100M": HUNDRED_MILLION}
        with tempfile.TemporaryDirectory() as folder:
            for label, config in shapes.items():
                if arguments.only in (None, label):
                    compare(random_model(config, Path(folder) / label), label, arguments, table)
    Console(width=None if sys.stdout.isatty() else 130).print(table)


if __name__ == "__main__":
    main()
