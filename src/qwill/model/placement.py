"""On which devices a model runs: whole on one, its layers spread over several, or a copy on each of several.

A place is written as "cuda:0", or as "cuda:0+cuda:1+cpu": layers in this order, as many on each as its memory holds.
"cuda:0=20+cpu" puts 20 there and all others on the CPU. Commas between places mean a copy of the model on each.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from qwill.core import UsageError
from qwill.model.memory import (
    LEAST_CONTEXT,
    USABLE,
    advice,
    best_device,
    check_memory,
    devices,
    foresee,
    free_memory,
    gigabytes,
)  # fmt: skip
from qwill.model.shape import Precision, Shape

AUTO = "auto"
_PART = re.compile(r"(cpu|mps|cuda(?::\d+)?)(?:=(\d+))?")
_EXAMPLES = "Write cpu, cuda:0, mps, auto, all, cuda:0+cpu (layers on both) or cuda:0,cuda:1 (a copy on each)."
_SHARES = 19
"""Steps in which accelerators are filled alike, up to `USABLE`."""


@dataclass(frozen=True)
class Share:
    """A device, and how many layers it gets: None lets its memory decide."""

    device: str
    layers: int | None = None


Place = tuple[Share, ...]
"""Where one copy of a model lies, in the order of its layers; empty leaves it to the memory that is free."""


def places(text: str) -> tuple[Place, ...]:
    """Where the copies of a model are to be: "auto" leaves one to the memory, "all" is one on every accelerator.

    Raises:
        UsageError: it cannot be read, or names a device that is not there.
    """
    text = text.strip()
    if text == AUTO:
        return ((),)
    there = devices()
    if text == "all":
        return tuple((Share(device),) for device in there if device != "cpu") or ((Share("cpu"),),)
    return tuple(tuple(_share(part.strip(), there) for part in place.split("+")) for place in text.split(","))


def _share(text: str, there: Sequence[str]) -> Share:
    match = _PART.fullmatch(text)
    if match is None or match[2] == "0":
        raise UsageError(f"{text!r} names no device.", _EXAMPLES)
    device = "cuda:0" if match[1] == "cuda" else match[1]
    if device not in there:
        raise UsageError(f"There is no device {device!r} here.", f"There are: {', '.join(there)}.")
    return Share(device, int(match[2]) if match[2] else None)


def place_model(
    shape: Shape, precision: Precision, place: Place, *, name: str, most: int, context: int | None = None
) -> tuple[tuple[tuple[str, int], ...], int]:
    """Where the layers of a model go, and the context that the memory then holds.

    Args:
        shape, precision: of the model.
        place: as wished.
        name: what to call it.
        most: the model's own context.
        context: tokens asked for; None takes what fits, up to `most`.

    Returns:
        Devices with their numbers of layers, in the order of the layers; and the context.

    Raises:
        UsageError: it does not fit into the free memory.
    """
    if not place:
        place = _fitting_place(shape, precision, most, context)
    if len(place) == 1 and place[0].layers in (None, shape.layers):
        device = place[0].device
        fits = check_memory(shape, precision, name=name, most=most, context=context, device=device)
        return ((device, shape.layers),), fits
    least = min(LEAST_CONTEXT, most)
    tokens = context or most
    while (counts := spread(shape, precision, place, tokens, most)) is None and context is None and tokens > least:
        tokens = max(tokens // 2, least)
    if counts is None:
        raise UsageError(f"{name} does not fit on {_named(place)}.", _hint(shape, precision, place, most, tokens))
    found = [(share.device, count) for share, count in zip(place, counts, strict=True) if count]
    return tuple(found), tokens


def spread(shape: Shape, precision: Precision, place: Place, context: int, most: int) -> list[int] | None:
    """How many layers go to each device of a place; None where they do not fit.

    Accelerators are filled alike, so that each keeps room for more requests; the CPU gets what they do not hold.
    """
    free = [free_memory(share.device) for share in place]
    tables = [number in (0, len(place) - 1) for number in range(len(place))]

    def fits(number: int, layers: int, filled: float) -> bool:
        room = free[number]
        part = replace(shape, layers=layers, vocabulary=shape.vocabulary if tables[number] else 0)
        need = foresee(part, precision, context, most, packed=True).total
        return layers == 0 or room is None or need <= filled * room

    def most_layers(number: int, left: int, filled: float) -> int:
        fixed = place[number].layers
        if fixed is not None:
            return fixed if fixed <= left and fits(number, fixed, USABLE) else 0
        low, high = 0, left
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if fits(number, middle, filled) else (low, middle - 1)
        return low

    accelerated = any(share.device != "cpu" for share in place)
    for step in range(1, _SHARES + 2):
        filled = min(step, _SHARES) / _SHARES * USABLE
        counts: list[int] = []
        for number, share in enumerate(place):
            waits = accelerated and share.device == "cpu" and step <= _SHARES and share.layers is None
            counts.append(0 if waits else most_layers(number, shape.layers - sum(counts), filled))
        kept = all(share.layers in (None, count) for share, count in zip(place, counts, strict=True))
        if sum(counts) == shape.layers and kept:
            return counts
    return None


def _fitting_place(shape: Shape, precision: Precision, most: int, context: int | None) -> Place:
    """One device where the model fits on one; otherwise all accelerators with the CPU after them."""
    accelerators = [device for device in devices() if device != "cpu"]
    if not accelerators:
        return (Share("cpu"),)
    best, free = best_device()
    tokens = context or min(most, LEAST_CONTEXT)
    if foresee(shape, precision, tokens, most, packed=True).total <= USABLE * free:
        return (Share(best),)
    return tuple(Share(device) for device in [*accelerators, "cpu"])


def _named(place: Place) -> str:
    return " + ".join(share.device + (f" ({share.layers} layers)" if share.layers else "") for share in place)


def _hint(shape: Shape, precision: Precision, place: Place, most: int, context: int) -> str:
    """What there is, and what would fit into all of it together."""
    if sum(share.layers or 0 for share in place) > shape.layers:
        return f"It has {shape.layers} layers."
    if all(share.layers for share in place) and sum(share.layers or 0 for share in place) < shape.layers:
        return f"It has {shape.layers} layers: leave the number away at the last device."
    free = [free_memory(share.device) or 0 for share in place]
    room = ", ".join(f"{share.device} {gigabytes(bytes_)}" for share, bytes_ in zip(place, free, strict=True))
    return f"Free are: {room}. {advice(shape, precision, sum(free), most, context)}"
