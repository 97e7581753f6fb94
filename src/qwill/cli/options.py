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
        help="Folder of a checkpoint in the Hugging Face layout, a GGUF file, a pulled model, or one on a server: "
        "http://HOST:PORT/v1#NAME or ollama:NAME; llamacpp:FILE runs a GGUF file in llama.cpp, "
        "vllm:FOLDER a checkpoint in vLLM, chain:NAME?ROLE=MODEL a chain. [default: qwill-nano]",
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


_RUNNING = (
    click.option(
        "--precision",
        type=click.Choice(("fp32", "bf16", "fp16", "int8", "int4")),
        help="Of the weights in memory: bf16 halves it, int4 takes a sixth. [default: fp32]",
    ),
    click.option(
        "--device",
        metavar="WHERE",
        help="cpu, cuda:0, mps; auto; cuda:0+cpu spreads the layers, cuda:0,cuda:1 (or all) puts a copy on each. "
        "[default: cpu]",
    ),
)


def running_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how a model in this process is run."""
    for option in reversed(_RUNNING):
        command = option(command)
    return command


_GUARD_OPTIONS = (
    click.option(
        "--think-in",
        type=click.Choice(("auto", "zh", "en", "mixed")),
        default="auto",
        help="Language that the model is asked to think in; the answer is in the question's. [default: auto]",
    ),
    click.option("--unsafe", is_flag=True, help="Do not decline what the safety policy names."),
)


def guard_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say what is watched while an answer is made."""
    for option in reversed(_GUARD_OPTIONS):
        command = option(command)
    return command


def model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which model answers, and how."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_EFFORT_OPTIONS = (
    click.option(
        "--effort",
        type=click.Choice(("auto", "none", "low", "medium", "high", "max")),
        help="How much to think: low is one thought, more are weighed against each other. "
        "[default: what suits the model]",
    ),
    click.option(
        "--certainty",
        type=click.FloatRange(min=0, max=1, min_open=True, max_open=True),
        metavar="P",
        help="Think until the answer is this likely right, as 0.95; counts before --effort.",
    ),
    click.option("--max-tokens", type=click.IntRange(min=1), metavar="N", help="Most tokens of everything together."),
    click.option(
        "--max-seconds", type=click.FloatRange(min=0, min_open=True), metavar="S", help="Most seconds for everything."
    ),
)


def effort_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how much to think."""
    for option in reversed(_EFFORT_OPTIONS):
        command = option(command)
    return command
