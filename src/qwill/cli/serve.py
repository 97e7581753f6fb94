"""`qwill serve`: a model behind HTTP."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import click

from qwill.cli.options import running_options
from qwill.core.errors import UsageError

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@click.command("serve")
@click.option(
    "-m",
    "--model",
    "models",
    metavar="MODEL",
    multiple=True,
    help="As for `qwill ask`; may be given several times, and as NAME=MODEL. [default: qwill-nano]",
)
@click.option(
    "--upstream", metavar="URL", help="A model on a server behind this one: http://HOST:PORT/v1#MODEL or ollama:NAME."
)
@running_options
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one.")
@click.option(
    "--thoughts",
    type=click.Choice(["both", "reasoning_content", "reasoning", "none"]),
    default="both",
    show_default=True,
    help="The fields in which thoughts are sent, unless a request says otherwise.",
)
@click.option("--slots", type=click.IntRange(min=1), help="Most answers at once. [default: what the engine takes]")
@click.option("--queue", type=click.IntRange(min=0), default=256, show_default=True, help="Most answers that wait.")
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="Most time for an answer.")
@click.option(
    "--keys",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Let in only clients with a key of this file.",
)
@click.option("--add-key", metavar="NAME", help="Make a key, put its hash into the file of --keys, print it, and end.")
@click.option("--requests-per-minute", type=click.IntRange(min=1), help="Limit of the key that is made.")
@click.option("--tokens-per-minute", type=click.IntRange(min=1), help="Limit of the key that is made.")
@click.option("--parallel", type=click.IntRange(min=1), help="Most requests at once with the key that is made.")
@click.option("--without-keys", is_flag=True, help="Let in everybody who reaches --host, where that is not loopback.")
@click.option("--allow-host", "hosts", multiple=True, metavar="NAME", help="A name by which clients reach the server.")
@click.option("--allow-origin", "origins", multiple=True, metavar="URL", help="A site whose pages may use the server.")
@click.option(
    "--conversations",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Keep conversations in this SQLite database.",
)
@click.option(
    "--knowledge", multiple=True, metavar="SET", help="Answer from this set too (see `qwill know`), as model know:SET."
)
@click.option("--page", is_flag=True, help="Serve the web page, at /page; needs qwill[web].")
@click.option("--log-prompts", is_flag=True, help="Write what is asked and answered into the log.")
def command(
    *,
    models: tuple[str, ...],
    upstream: str | None,
    precision: str | None,
    device: str | None,
    host: str,
    port: int,
    thoughts: str,
    slots: int | None,
    queue: int,
    seconds: float | None,
    keys: Path | None,
    add_key: str | None,
    requests_per_minute: int | None,
    tokens_per_minute: int | None,
    parallel: int | None,
    without_keys: bool,
    hosts: tuple[str, ...],
    origins: tuple[str, ...],
    conversations: Path | None,
    knowledge: tuple[str, ...],
    page: bool,
    log_prompts: bool,
) -> None:
    """Serve models over OpenAI's and Ollama's APIs.

    Prints the address once it listens. Ctrl-C ends it; answers under way may finish.
    """
    if add_key is not None:
        _add_key(
            keys,
            add_key,
            requests_per_minute=requests_per_minute,
            tokens_per_minute=tokens_per_minute,
            parallel=parallel,
        )
        return
    if host not in _LOOPBACK and keys is None and not without_keys:
        raise UsageError(
            f"At {host} others than you may reach the server.", "Give --keys FILE, or --without-keys if that is wanted."
        )
    if page and (keys is not None or host not in _LOOPBACK):
        raise UsageError("The page knows no keys: whoever reaches it uses it.", "Serve it on loopback, without --keys.")
    _check_installed("serve", "fastapi", "uvicorn", "prometheus_client")
    if page:
        _check_installed("web", "gradio")
    from qwill.serve.server import serve
    from qwill.serve.settings import Settings, ThoughtField

    settings = Settings(
        host=host,
        port=port,
        thoughts=ThoughtField(thoughts),
        slots=slots,
        queue=queue,
        answer_seconds=seconds,
        keys=keys,
        hosts=hosts,
        origins=origins,
        conversations=conversations,
        knowledge=knowledge,
        page=page,
        log_prompts=log_prompts,
    )
    serve([*models, *([upstream] if upstream else [])], settings, precision=precision, device=device)


def _add_key(path: Path | None, name: str, **limits: int | None) -> None:
    if path is None:
        raise UsageError("There is no file to put the key into.", "Give --keys FILE.")
    from qwill.serve.keys import add_key

    click.echo(add_key(path, name, **limits))


def _check_installed(extra: str, *modules: str) -> None:
    """See whether the optional parts are there.

    Raises:
        UsageError: one is not.
    """
    for module in modules:
        if find_spec(module) is None:
            raise UsageError(
                f"This needs {module}, which is not installed.", f"Install it: pip install 'qwill[{extra}]'"
            )
