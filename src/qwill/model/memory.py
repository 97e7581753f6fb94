"""Memory foreseen before a model is loaded, against what is free; and what to do where it is not enough.

Three things take memory: the weights; keys and values, which grow with the context; and the workspace, which is what
loading needs for a moment over the weights, or what reading a prompt needs, whichever is more. The formulas are those
of the native engine, with one request at a time; other engines need about as much. `bench/memory.py` holds them
against real loads.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from qwill.core import UsageError
from qwill.model.shape import Precision, Shape, packed_matrix_bytes

BLOCK = 64
"""Positions that keys and values are kept for together (see `engine.kv`)."""
READ_TOKENS = 2048
"""Most tokens of a prompt that are computed at once (see `engine.scheduler`)."""
LEAST_CONTEXT = 2048
"""Below this a thinking model is of no use: rather refuse."""
KERNELS = 50_000_000
"""Bytes that torch's kernels keep for themselves once they have run; 35 to 70 million were measured on a CPU."""
USABLE = 0.95
"""Share of free memory that is planned with; the rest is for what formulas do not see."""


@dataclass(frozen=True)
class Need:
    """Bytes that a model takes."""

    weights: int
    cache: int
    workspace: int

    @property
    def total(self) -> int:
        return self.weights + self.cache + self.workspace


def foresee(
    shape: Shape, precision: Precision, context: int, positions: int | None = None, *, packed: bool = False
) -> Need:
    """What running a model with a full context of one request takes.

    Args:
        shape: the model's.
        precision: of the weights; keys and values are fp32 with fp32 weights, and bf16 with all others.
        context: tokens of prompt and text together.
        positions: how many the model has in all, by default `context`: rotary angles are kept for every one.
        packed: int8 and int4 are the native engine's own, not GGUF's Q8_0 and Q4_K_M.
    """
    element = 4 if precision is Precision.FP32 else 2
    if packed or element == 4 or precision is Precision.BF16:
        weights = shape.packed_bytes(precision)
    else:
        weights = shape.weight_bytes(precision)
        if shape.tied:  # held once for looking up and once in the order that the output head is computed in
            weights += _table_bytes(shape, precision)
    blocks = -(-context // BLOCK) + 1
    cache = blocks * BLOCK * shape.kv_bytes_per_token(element)
    rotations = (
        12 * (positions or context) * shape.head
    )  # cosines and sines in fp32, and the complex factors made of them
    loading = _loading_bytes(shape, precision)
    working = max(loading - cache, _reading_bytes(shape, element, context))
    return Need(weights, cache, working + rotations + KERNELS)


def longest_context(shape: Shape, precision: Precision, free: int, most: int, *, packed: bool = False) -> int:
    """The largest context that fits into `free` bytes, at most `most`; 0 when not even one block does."""
    low, high = 0, -(-most // BLOCK)
    while low < high:
        middle = (low + high + 1) // 2
        if foresee(shape, precision, min(middle * BLOCK, most), most, packed=packed).total <= USABLE * free:
            low = middle
        else:
            high = middle - 1
    return min(low * BLOCK, most)


def check_memory(
    shape: Shape,
    precision: Precision,
    *,
    name: str,
    most: int,
    context: int | None = None,
    device: str = "cpu",
) -> int:
    """The context that a model can be run with by the native engine.

    Args:
        shape, precision: of the model.
        name: what to call it.
        most: the model's own context.
        context: tokens asked for; None takes as much as fits, up to `most`.
        device: where it is, or is to go.

    Raises:
        UsageError: it does not fit into the free memory; says what would.
    """
    free = free_memory(device)
    if free is None:
        return context or most
    asked = context or min(most, LEAST_CONTEXT)
    need = foresee(shape, precision, asked, most, packed=True)
    fits = longest_context(shape, precision, free, most, packed=True)
    if fits >= asked:
        return context or fits
    raise UsageError(
        f"{name} does not fit: at {precision} with {asked:,} tokens of context it takes {gigabytes(need.total)} "
        f"({gigabytes(need.weights)} of weights, {gigabytes(need.cache)} of keys and values), and {gigabytes(free)} "
        f"is free{'' if device == 'cpu' else ' on ' + device}.",
        advice(shape, precision, free, most, asked),
    )


def of_itemsize(size: int) -> Precision:
    """The precision of plain numbers of `size` bytes; fp16 counts as bf16."""
    return Precision.FP32 if size >= 4 else Precision.BF16


def advice(shape: Shape, precision: Precision, free: int, most: int, asked: int) -> str:
    """What would fit instead, in one sentence."""
    options = []
    fits = longest_context(shape, precision, free, most, packed=True)
    if fits >= LEAST_CONTEXT:
        options.append(f"a context of {fits:,} tokens at {precision}")
    smaller = list(Precision)[list(Precision).index(precision) + 1 :]
    for other in smaller:
        tokens = longest_context(shape, other, free, asked, packed=True)
        if tokens >= min(asked, LEAST_CONTEXT):
            options.append(str(other) if tokens >= asked else f"{other} with {tokens:,} tokens")
    same = " fp16 takes as much as bf16." if precision is Precision.BF16 else ""
    if options:
        return f"What fits: {', or '.join(options)}.{same}"
    least = foresee(shape, Precision.INT4, min(asked, LEAST_CONTEXT), packed=True).total
    return (
        f"Even int4 takes {gigabytes(least)}: use a smaller model (`qwill models` shows which fit) or a server.{same}"
    )


def gigabytes(count: int) -> str:
    """Bytes as people read them: 1 GB is 10^9."""
    return f"{count / 1e9:.1f} GB" if count >= 5e7 else f"{count / 1e6:.0f} MB"


def _table_bytes(shape: Shape, precision: Precision) -> int:
    """Bytes of one table of the vocabulary as it is looked up in."""
    numbers = shape.vocabulary * shape.width
    bits = {Precision.FP32: 32, Precision.BF16: 16, Precision.INT8: 8.5, Precision.INT4: 4.5}[precision]
    return int(numbers * bits / 8)


def _loading_bytes(shape: Shape, precision: Precision) -> int:
    """The most that loading holds over the weights, when the last layer comes or the tables of the vocabulary do.

    A matrix is laid out anew while it is there as it was read: for int8 and int4 in bf16, gate and up together. What
    has not come yet does not count: the matrix down is read after them, the layers after the tables.
    """
    element = 4 if precision is Precision.FP32 else 2
    as_read = element * shape.width * shape.inner
    down = packed_matrix_bytes(precision, shape.width, shape.inner)
    last_layer = max(2 * as_read - down, as_read)
    kept = shape.tied and precision in (Precision.FP32, Precision.BF16)
    tables = 0 if kept else element * shape.vocabulary * shape.width
    return max(last_layer, tables - replace(shape, vocabulary=0).packed_bytes(precision))


def _reading_bytes(shape: Shape, element: int, context: int) -> int:
    """What computing a piece of a prompt holds at once: the stream twice, gate and up, and their product."""
    tokens = min(context, READ_TOKENS)
    units = (shape.heads + 2 * shape.groups) * shape.head
    feed_forward = element * (2 * shape.width + 3 * shape.inner)
    attending = element * (2 * shape.width + units) + 3 * 4 * units
    return tokens * max(feed_forward, attending)


def free_memory(device: str = "cpu") -> int | None:
    """Bytes that can still be taken on a device ("cpu", "cuda", "cuda:1", "mps"); None where that is not known.

    On the CPU it is what the system calls available, and less where a control group (a container) allows less.
    """
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.mem_get_info(device)[0])
    if device.startswith("mps"):
        import torch

        return int(torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory())
    limits = [free for free in (_system_free(), _group_free()) if free is not None]
    return min(limits, default=None)


def best_device() -> tuple[str, int]:
    """The device with most memory free for a model: its name and bytes; the CPU with 0 where nothing is known."""
    found = [(device, free_memory(device) or 0) for device in devices()]
    return max(found, key=lambda named: named[1] if named[0] != "cpu" or len(found) == 1 else 0)


def devices() -> list[str]:
    """The CPU, and the accelerators that torch can use here. Torch is loaded only where there may be one."""
    mac = sys.platform == "darwin"
    if not mac and not Path("/dev/nvidiactl").exists() and not Path("/dev/kfd").exists() and sys.platform != "win32":
        return ["cpu"]
    import torch

    cards = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    return ["cpu", *cards, *(["mps"] if mac and torch.backends.mps.is_available() else [])]


def _system_free() -> int | None:
    try:
        fields = Path("/proc/meminfo").read_text(encoding="ascii")
        found = re.search(r"^MemAvailable:\s+(\d+) kB", fields, re.MULTILINE)
        return int(found[1]) * 1024 if found else None
    except OSError:
        return _mac_free()


def _mac_free() -> int | None:
    """What macOS can give: free, inactive and speculative pages."""
    try:
        report = subprocess.run(["vm_stat"], capture_output=True, text=True, check=True, timeout=5).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    size = re.search(r"page size of (\d+) bytes", report)
    pages = re.findall(r"^Pages (?:free|inactive|speculative):\s+(\d+)\.", report, re.MULTILINE)
    return int(size[1]) * sum(map(int, pages)) if size and pages else None


def _group_free(root: Path = Path("/sys/fs/cgroup"), membership: Path = Path("/proc/self/cgroup")) -> int | None:
    """What this process's control group and those around it still allow; None when none is limited."""
    free = []
    for folder, limit, usage, cache in _groups(root, membership):
        try:
            most, used = (folder / limit).read_text().strip(), int((folder / usage).read_text())
            reclaimable = re.search(rf"^{cache} (\d+)", (folder / "memory.stat").read_text(), re.MULTILINE)
        except (OSError, ValueError):
            continue
        # Without a limit, version 2 says "max" and version 1 the largest number of pages, over 8 exabytes.
        if most.isdecimal() and int(most) < 1 << 60:
            free.append(max(int(most) - used + (int(reclaimable[1]) if reclaimable else 0), 0))
    return min(free, default=None)


def _groups(root: Path, membership: Path) -> Iterator[tuple[Path, str, str, str]]:
    """The folders of our control group and all around it, with their files' names in either version.

    Inside a container the group's path may not exist below `root`; its root is then the container's own group.
    """
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            base, names = root, ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            base, names = root / "memory", ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        group = base / path.lstrip("/")
        while True:
            yield group, *names
            if group == base or base not in group.parents:
                break
            group = group.parent
