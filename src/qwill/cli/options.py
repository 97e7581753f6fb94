"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

_OPTIONS = (
    click.option(
        "-m",
        "--model",
        metavar="MODEL",
        help="Folder of a checkpoint in the Hugging Face layout, a pulled model, or one on a server: "
        "http://HOST:PORT/v1#NAME or ollama:NAME. [default: qwill-nano]",
    ),
    click.option(
        "--budget",
        type=click.IntRange(min=0),
        metavar="N",
        help="Most tokens of thought before the answer; 0 answers at once. [default: what the context holds]",
    ),
    click.option("--seed", type=int, help="Makes sampling repeatable."),
    click.option(
        "--temperature",
        type=click.FloatRange(min=0),
        help="0 takes the likeliest token every time. [default: the model's]",
    ),
)


def model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which model answers, and how."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
