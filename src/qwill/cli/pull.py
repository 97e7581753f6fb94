"""`qwill pull`: fetch a model of the catalog."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("pull")
@click.argument("name")
@click.option(
    "--from",
    "source",
    type=click.Choice(["hub", "modelscope"]),
    default="hub",
    show_default=True,
    help="The Hugging Face Hub (HF_ENDPOINT names a mirror) or ModelScope.",
)
@click.option(
    "--cache",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Where models are kept. [default: $QWILL_MODELS or ~/.cache/qwill/models]",
)
def command(name: str, source: str, cache: Path | None) -> None:
    """Fetch the model NAME of the catalog (see `qwill models`).

    What was fetched before is kept: a pull that was interrupted goes on. Prints the folder.
    """
    from qwill.model.catalog import find
    from qwill.model.download import pull

    click.echo(pull(find(name), source, cache))
