"""Memory foreseen against memory taken: a slice of QwQ-32B's geometry is loaded and run for real.

    python bench/memory.py [--layers 4] [--shrink 1] [--vocabulary 4096] [--prompt 256] [--precision int4] [--threads 2]

Writes a checkpoint of so many layers in 32B's widths (divided by --shrink), loads it with the native engine in a
fresh process, lets it read a prompt and write two tokens, and prints what the resident set had grown to at its
peak beside what the planner said. The same with half the layers tells what a layer takes, apart from what is taken
once; scaled to all 64 layers and the whole vocabulary this is held against the figure that `qwill models` gives.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import replace

import torch

from qwill.model.checkpoint import save_model
from qwill.model.config import PRESETS, ModelConfig
from qwill.model.memory import foresee
from qwill.model.shape import Precision, Shape
from qwill.model.tokenizer import train_bpe
from qwill.model.transformer import Transformer

MEASURE = """
import ctypes, json, sys
import torch
from pathlib import Path
from qwill.core import Sampling
from qwill.engine.native import NativeEngine
from qwill.engine.protocol import Request
def status(name):
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024
torch.set_num_threads(int(sys.argv[4]))
torch.nn.functional.linear(torch.ones(64, 64, dtype=torch.bfloat16), torch.ones(64, 64, dtype=torch.bfloat16))
before = status("RssAnon:")
resident = status("VmRSS:")
engine = NativeEngine.load(sys.argv[1], sys.argv[3], slots=1, context=int(sys.argv[2]) + 64)
peak_of_loading = status("VmHWM:") - resident
getattr(ctypes.CDLL(None), "malloc_trim", lambda _: None)(0)  # what the C library keeps of freed pieces is no weight
loaded = status("RssAnon:") - before
prompt = "a" * int(sys.argv[2])
for delta in engine.stream([Request(prompt=prompt, max_tokens=2, sampling=Sampling(temperature=0.0))]):
    pass
print(json.dumps({"tokens": delta.prompt_tokens, "loaded": loaded, "loading": peak_of_loading,
                  "peak": status("VmHWM:") - resident}))
"""


def slice_of_32b(layers: int, shrink: int, vocabulary: int) -> ModelConfig:
    """So many layers in 32B's proportions."""
    whole = PRESETS["qwq-32b-preview"]
    return replace(
        whole,
        vocab_size=vocabulary,
        hidden_size=whole.hidden_size // shrink,
        intermediate_size=whole.intermediate_size // shrink,
        num_hidden_layers=layers,
        num_attention_heads=whole.num_attention_heads // shrink,
        num_key_value_heads=whole.num_key_value_heads // shrink,
        bos_token_id=None,
        eos_token_id=None,
    )


def measure(config: ModelConfig, asked: argparse.Namespace) -> dict[str, int]:
    """Bytes that loading and running the shape really take, in a process of its own."""
    with torch.device("meta"):
        model = Transformer(config)
    weights = {name: torch.zeros(tensor.shape, dtype=torch.bfloat16) for name, tensor in model.state_dict().items()}
    model.load_state_dict(weights, assign=True)
    with tempfile.TemporaryDirectory() as scratch:
        save_model(model, scratch)
        del model, weights
        train_bpe(["a b"], vocab_size=263).save(scratch)
        command = [sys.executable, "-c", MEASURE, scratch, str(asked.prompt), asked.precision, str(asked.threads)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    figures: dict[str, int] = json.loads(done.stdout)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--shrink", type=int, default=1)
    parser.add_argument("--vocabulary", type=int, default=4096)
    parser.add_argument("--prompt", type=int, default=256)
    parser.add_argument("--precision", choices=("bf16", "int8", "int4"), default="bf16")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    asked = parser.parse_args()
    config = slice_of_32b(asked.layers, asked.shrink, asked.vocabulary)
    half, got = (
        measure(replace(config, num_hidden_layers=layers), asked) for layers in (asked.layers // 2, asked.layers)
    )
    shape, precision = Shape.of(config), Precision(asked.precision)
    need = foresee(shape, precision, got["tokens"] + 64, config.context, packed=True)
    print(f"parameters {config.parameter_count() / 1e9:.3f} billion, {got['tokens']} tokens of prompt, {precision}")
    print(f"foreseen  {need.total / 1e6:9.1f} MB  {need}")
    print(f"measured  {got['peak'] / 1e6:9.1f} MB  ({got['peak'] / need.total - 1:+.1%})")
    print(f"weights   {got['loaded'] / 1e6:9.1f} MB resident after loading, {got['loading'] / 1e6:.1f} MB at the peak")
    per_layer = (got["loaded"] - half["loaded"]) / (asked.layers - asked.layers // 2) * asked.shrink**2
    whole = Shape.of(PRESETS["qwq-32b-preview"])
    scaled = 64 * per_layer + replace(whole, layers=0).packed_bytes(precision)
    foreseen = whole.packed_bytes(precision)
    print(f"32B       {scaled / 1e9:9.2f} GB of weights scaled up, {foreseen / 1e9:.2f} foreseen", end=" ")
    print(f"({scaled / foreseen - 1:+.1%})")


if __name__ == "__main__":
    main()
