"""`qwill convert`: write a model as GGUF."""

from __future__ import annotations

from pathlib import Path

import click

from qwill.core import UsageError


@click.command("convert")
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("target", metavar="TARGET.gguf", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--type",
    "kind",
    type=click.Choice(["f32", "f16", "q8_0"]),
    default="f16",
    show_default=True,
    help="What matrices are stored as.",
)
def command(source: Path, target: Path, kind: str) -> None:
    """Write the model in SOURCE (a checkpoint folder or a GGUF file) as GGUF, for llama.cpp and Ollama.

    The model is held in memory in fp32 meanwhile.
    """
    if target.suffix != ".gguf":
        raise UsageError(f"{target} does not end in .gguf.", "Name the file to be written NAME.gguf.")
    from qwill.model.gguf import save_gguf
    from qwill.model.opening import open_checkpoint

    model, tokenizer = open_checkpoint(source)
    save_gguf(model, tokenizer, target, kind)
    click.echo(f"{target}  {target.stat().st_size / 1e6:,.1f} MB")
