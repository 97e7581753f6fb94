"""Real models through every engine and precision: the second half of bench/engine.py, which says how it measures."""

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
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import psutil
import torch
from rich.console import Console
from rich.table import Table

from qwill.core import GREEDY
from qwill.engine.protocol import Engine, Request
from qwill.model.checkpoint import save_model
from qwill.model.files import is_gguf
from qwill.model.gguf import save_gguf
from qwill.model.gguf_file import GgufFile
from qwill.model.opening import open_checkpoint
from qwill.model.shape import Precision, Shape

TEXT = Path(__file__).with_name("parity.txt")
NANO = Path(__file__).parents[1] / "src" / "qwill" / "models" / "nano"
PROMPT = 100
"""Tokens of each prompt, about: long enough that int4 reads it by the product for many rows."""
ENGINES = ("bf16", "int8", "int4", "transformers", "llama.cpp")
BUILT = "llama.cpp, built here"
BATCHES = (1, 8, 64)


@dataclass(frozen=True)
class Job:
    """What one process measures: an engine's name, a folder or file for it, and how much it has to write."""

    engine: str
    model: str
    batches: tuple[int, ...]
    new_tokens: int
    runs: int
    threads: int
    cpu_time: bool

    @property
    def clock(self) -> Callable[[], float]:
        return time.process_time if self.cpu_time else time.perf_counter


@dataclass(frozen=True)
class Found:
    """Tokens written per second at each batch, with the reading of prompts; of one text alone, what reading and writing
    reach apart; bytes at the peak."""

    with_prompts: tuple[float, ...]
    reading: float
    writing: float
    bytes: int


def bandwidth(threads: int, clock: Callable[[], float]) -> float:
    """Bytes per second that this machine reads from memory: the fastest of several sums over 1 GB.

    In processor time all threads count, so it is that of one.
    """
    torch.set_num_threads(threads)
    numbers = torch.ones(1 << 27, dtype=torch.int64)
    seconds = []
    for _ in range(7):
        start = clock()
        numbers.sum()
        seconds.append(clock() - start)
    return numbers.nbytes / min(seconds)


def bytes_per_token(engine: str, model: Path) -> int:
    """Bytes of weights that are read to write one token of one text."""
    if engine in ("llama.cpp", BUILT):
        with GgufFile(model) as file:
            entries = file.entries
            table = entries["token_embd.weight"].length if "output.weight" in entries else 0
            return sum(entry.length for entry in entries.values()) - table
    with torch.device("meta"):
        shape = Shape.of(open_config(model))
    narrow = engine if engine in ("int8", "int4") else "bf16"
    table = shape.vocabulary * (shape.width + 2 if narrow != "bf16" else 2 * shape.width)
    # What is only looked up in is not read: of the packed weights all but the table, unless that is the head as well.
    shared = shape.tied and narrow == "int8"
    return shape.packed_bytes(Precision(narrow)) - (0 if shared else table)


def open_config(model: Path) -> Any:
    from qwill.model.opening import open_parts

    with open_parts(model) as (parts, _):
        return parts.config


def prompts(count: int, encode: Callable[[str], list[int]], decode: Callable[[list[int]], str]) -> list[str]:
    tokens = encode(TEXT.read_text(encoding="utf-8"))
    return [decode(tokens[at * 40 : at * 40 + PROMPT]) for at in range(count)]


def ours(job: Job) -> tuple[Run, int]:
    engine: Any
    if job.engine in ("llama.cpp", BUILT):
        from qwill.engine.llamacpp import LlamaCppEngine

        engine = LlamaCppEngine(job.model, slots=max(job.batches), context=256, threads=job.threads)
    else:
        from qwill.engine.native import NativeEngine

        engine = NativeEngine.load(job.model, job.engine, slots=max(job.batches), context=256)

    def encode(text: str) -> list[int]:
        tokens: list[int] = engine.tokenizer.encode(text, special=False)
        return tokens

    texts = prompts(max(job.batches), encode, engine.tokenizer.decode)
    return lambda batch, new_tokens: written(engine, texts[:batch], new_tokens), len(encode(texts[0]))


def written(engine: Engine, texts: list[str], new_tokens: int) -> int:
    # With a seed llama.cpp reads prompts anew instead of remembering them from the run before.
    greedy = replace(GREEDY, seed=1)
    requests = [Request(prompt=text, sampling=greedy, max_tokens=new_tokens, id=str(n)) for n, text in enumerate(texts)]
    count = 0
    for delta in engine.stream(requests):
        count += delta.written_tokens or len(delta.tokens)
        if delta.error:
            raise SystemExit(delta.error)
    return count


def theirs(job: Job) -> tuple[Run, int]:
    library: Any = importlib.import_module("transformers")
    model = library.AutoModelForCausalLM.from_pretrained(job.model, dtype=torch.bfloat16).eval()
    tokenizer = library.AutoTokenizer.from_pretrained(job.model)

    def encode(text: str) -> list[int]:
        tokens: list[int] = tokenizer.encode(text, add_special_tokens=False)
        return tokens

    texts = prompts(max(job.batches), encode, tokenizer.decode)
    length = min(len(encode(text)) for text in texts)
    tokens_BT = torch.tensor([encode(text)[:length] for text in texts])

    def run(batch: int, new_tokens: int) -> int:
        settings = library.GenerationConfig(
            max_new_tokens=new_tokens, do_sample=False, eos_token_id=None, pad_token_id=0
        )
        mask_BT = torch.ones_like(tokens_BT[:batch])
        with torch.inference_mode():
            model.generate(tokens_BT[:batch], attention_mask=mask_BT, generation_config=settings)
        return batch * new_tokens

    return run, length


Run = Callable[[int, int], int]
"""Writes so many tokens (the second) for each of so many prompts (the first); returns how many it wrote in all."""


def measure(job: Job) -> Found:
    torch.set_num_threads(job.threads)
    before = psutil.Process().memory_info().rss
    run, length = (theirs if job.engine == "transformers" else ours)(job)

    def seconds(batch: int, new_tokens: int) -> tuple[float, int]:
        """The fastest of several runs, and how many tokens each wrote."""
        took = []
        for _ in range(job.runs):
            start = job.clock()
            count = run(batch, new_tokens)
            took.append(job.clock() - start)
        return min(took), count

    run(1, 2)
    first, _ = seconds(1, 1)
    found = [seconds(batch, job.new_tokens) for batch in job.batches]
    rates = tuple(count / took for took, count in found)
    alone, count = found[0]
    return Found(rates, length / first, (count - 1) / (alone - first), max(0, peak_memory() - before))


def peak_memory() -> int:
    """The most bytes that this process has held. On Linux getrusage would tell the parent's where that was more."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def measured_apart(job: Job, built: Path | None = None) -> Found:
    """`measure` in a process of its own; `built` is where it finds the llama.cpp that was built on this machine."""
    command = [sys.executable, __file__, json.dumps(asdict(job))]
    paths = [str(built) if built and job.engine == BUILT else "", os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise SystemExit(f"{job.engine} failed:\n{done.stderr[-3000:]}")
    return Found(**json.loads(done.stdout.splitlines()[-1]))


def source(engine: str, model: Path, folder: Path) -> Path:
    """What an engine is given: the model, or what we write from it for transformers and llama.cpp."""
    if engine == "transformers" and not (folder / "config.json").exists():
        whole, tokenizer = open_checkpoint(model, torch.bfloat16)
        save_model(whole, folder)
        tokenizer.save(folder)
    if engine in ("llama.cpp", BUILT) and not is_gguf(model):
        save_gguf(*open_checkpoint(model), folder / "ours.gguf", "f16")
        return folder / "ours.gguf"
    return folder if engine == "transformers" else model


def compare(arguments: argparse.Namespace) -> None:
    """Measure nano and the given models in every engine; a row of the table each."""
    batches = tuple(arguments.batches)
    new_tokens, runs = (8, 1) if arguments.quick else (48, 3)
    clock = time.process_time if arguments.cpu_time else time.perf_counter
    most = bandwidth(arguments.threads, clock)
    table = Table(
        title=f"Tokens per {'processor ' if arguments.cpu_time else ''}second, {arguments.threads} threads; "
        f"memory is read at {most / 1e9:.0f} GB/s"
    )
    alone = ("1: reading", "1: writing", "of bandwidth")
    for column in ("model", "engine", *(f"batch {batch}" for batch in batches), *alone, "MiB"):
        table.add_column(column)
    for model in arguments.real if arguments.only == "real" else [NANO, *arguments.real]:
        with tempfile.TemporaryDirectory() as folder:
            for engine in [*(arguments.engines or ENGINES), *([BUILT] if arguments.built else [])]:
                path = source(engine, model, Path(folder))
                job = Job(engine, str(path), batches, new_tokens, runs, arguments.threads, arguments.cpu_time)
                found = measured_apart(job, arguments.built)
                share = found.writing * bytes_per_token(engine, path) / most
                cells = [f"{rate:,.1f}" for rate in (*found.with_prompts, found.reading, found.writing)]
                row = (model.name, engine, *cells, f"{share:.0%}", f"{found.bytes / 2**20:,.0f}")
                table.add_row(*row)
                print(*row, sep=" | ", file=sys.stderr, flush=True)
    Console(width=None if sys.stdout.isatty() else 130).print(table)


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    print(json.dumps(asdict(measure(Job(**{**asked, "batches": tuple(asked["batches"])})))))
