"""What a model's name says of where it runs: `http://host:port/v1#model`, `ollama:NAME`, `vllm:PATH`, `chain:NAME`."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from qwill.core import UsageError

_OLLAMA = "http://127.0.0.1:11434/v1"
_FORMS = (
    "Write http://HOST:PORT/v1#MODEL, https://HOST/v1#MODEL or ollama:NAME; several servers: http://A,http://B#MODEL."
)


@dataclass(frozen=True)
class Address:
    """A model on a server.

    Attributes:
        base: address of the API, up to and without the slash before `chat/completions`.
        model: the model's name there, or "" to take the only one that the server has.
    """

    base: str
    model: str

    def __str__(self) -> str:
        return f"{self.base}#{quote(self.model)}" if self.model else self.base

    @property
    def host(self) -> str:
        """Host and port, as messages name the server; never a password."""
        parts = urlsplit(self.base)
        return parts.netloc.rpartition("@")[2]

    @property
    def is_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.base.startswith("https:")

    @property
    def is_local(self) -> bool:
        """Whether the server runs on this machine."""
        return urlsplit(self.base).hostname in ("127.0.0.1", "::1", "localhost")


def is_remote(spec: object) -> bool:
    """Whether a model's name means a server rather than files."""
    return isinstance(spec, str) and spec.partition(":")[0].lower() in ("http", "https", "ollama")


def is_chain(spec: object) -> bool:
    """Whether a model's name means a chain of prompts to other models."""
    return isinstance(spec, str) and spec.startswith("chain:")


def local_engine(spec: str) -> tuple[str, str]:
    """The engine that a model's name asks for, and the name without it: `llamacpp:`, `transformers:` or `vllm:PATH`."""
    kind, separator, rest = spec.partition(":")
    return (kind, rest) if separator and kind in ("llamacpp", "transformers", "vllm") else ("native", spec)


def parse_addresses(spec: str) -> tuple[Address, ...]:
    """The addresses that a model's name means: several where it names several servers, `http://A/v1,http://B/v1#MODEL`.

    Raises:
        UsageError: one of them is not of the accepted forms, or there twice.
    """
    servers, hash_, model = spec.partition("#")
    if "," not in servers or servers.lower().startswith("ollama:"):
        return (parse_address(spec),)
    addresses = [server.strip() for server in servers.split(",")]
    if not all(address.lower().startswith(("http://", "https://")) for address in addresses):
        raise UsageError(f"Not all of {servers!r} are addresses of servers.", _FORMS)
    parsed = tuple(parse_address(address + hash_ + model) for address in addresses)
    if len(set(parsed)) < len(parsed):
        raise UsageError(f"A server is named twice in {servers!r}.", "Name each once.")
    return parsed


def parse_address(spec: str) -> Address:
    """The address that a model's name means.

    Raises:
        UsageError: it is not of the accepted forms.
    """
    kind, _, rest = spec.partition(":")
    if kind.lower() == "ollama":
        if not rest.strip("/ "):
            raise UsageError(f"The model {spec!r} has no name.", "Write ollama:NAME, as `ollama list` shows it.")
        return Address(_OLLAMA, rest)
    try:
        parts = urlsplit(spec)
        _ = parts.port  # reading it is what checks it
    except ValueError as error:
        raise UsageError(f"The address {spec!r} cannot be read: {error}.", _FORMS) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"The address {spec!r} names no server.", _FORMS)
    if parts.username is not None or parts.query:
        raise UsageError(
            "The address of a model holds no key and no query.", "Put the key into the environment: QWILL_API_KEY."
        )
    path = parts.path.rstrip("/").removesuffix("/chat/completions")
    return Address(f"{parts.scheme}://{parts.netloc}{path or '/v1'}", unquote(parts.fragment))
