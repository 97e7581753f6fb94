"""Peak memory and time of loading a checkpoint, by the dtypes in the file and in memory.

    python bench/load.py [--preset qwen2.5-0.5b] [--folder DIR]

Writes random weights of a preset's shape (in DIR, or a temporary folder), loads them in a fresh process each time,
and prints the growth of the resident set at its peak over the size of the weights in memory, and GB/s. The goal is
at most 1.1. transformers is measured beside it where it is installed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

from qwill.model.checkpoint import save_model
from qwill.model.config import PRESETS
from qwill.model.transformer import Transformer

MEASURE = """
import json, sys, threading, time
import psutil, torch
folder, dtype, loader = sys.argv[1], getattr(torch, sys.argv[2]), sys.argv[3]
if loader == "qwill":
    from qwill.model.checkpoint import load_model as load
else:
    from transformers import Qwen2ForCausalLM
    load = Qwen2ForCausalLM.from_pretrained
process, stop, peak = psutil.Process(), threading.Event(), [0]
def watch():
    while not stop.is_set():
        peak[0] = max(peak[0], process.memory_info().rss)
        time.sleep(0.001)
watcher = threading.Thread(target=watch)
before, start = process.memory_info().rss, time.perf_counter()
watcher.start()
model = load(folder, dtype=dtype)
for parameter in model.parameters():
    parameter.detach().flatten()[::1024].sum()  # touches every page: a lazy map counts only when it is read
seconds = time.perf_counter() - start
stop.set()
watcher.join()
weights = sum(parameter.numel() * parameter.element_size() for parameter in model.parameters())
print(json.dumps({"weights": weights, "peak": peak[0] - before, "seconds": seconds}))
"""


def write_random(preset: str, folder: Path, dtype: torch.dtype) -> None:
    with torch.device("meta"):
        model = Transformer(PRESETS[preset])
    weights = {name: torch.randn(tensor.shape).to(dtype) for name, tensor in model.state_dict().items()}
    model.load_state_dict(weights, assign=True)
    save_model(model, folder)


def measure(folder: Path, dtype: str, loader: str) -> dict[str, float]:
    command = [sys.executable, "-c", MEASURE, str(folder), dtype, loader]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="qwen2.5-0.5b", choices=PRESETS)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    print(arguments.preset)
    print(f"{'loader':14}{'file':10}{'memory':10}{'weights MB':>12}{'peak':>8}{'seconds':>9}{'GB/s':>7}")
    with tempfile.TemporaryDirectory(dir=arguments.folder) as scratch:
        for stored in ("bfloat16", "float32"):
            folder = Path(scratch) / stored
            write_random(arguments.preset, folder, getattr(torch, stored))
            for loaded in ("bfloat16", "float32"):
                for loader in ("qwill", "transformers"):
                    got = measure(folder, loaded, loader)
                    size = got["weights"]
                    print(
                        f"{loader:14}{stored:10}{loaded:10}{size / 1e6:12.0f}{got['peak'] / size:8.2f}"
                        f"{got['seconds']:9.2f}{size / got['seconds'] / 1e9:7.2f}",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
