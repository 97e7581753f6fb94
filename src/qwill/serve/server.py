"""Running the application: uvicorn, with deadlines for clients that send or take too slowly."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
from collections.abc import Sequence

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from qwill.api import open_model
from qwill.core import UsageError
from qwill.engine.address import is_remote
from qwill.engine.protocol import Engine
from qwill.serve.app import create_app
from qwill.serve.service import Service
from qwill.serve.settings import Settings

_NAMED = re.compile(r"(?P<name>[\w.-]+)=(?P<model>.+)")
_HEAD_BYTES = 32 << 10


def serve(
    models: Sequence[str], settings: Settings, *, precision: str | None = None, device: str | None = None
) -> None:
    """Serve models until the process is told to end (SIGINT, SIGTERM); answers under way may then finish for a while.

    Args:
        models: as `open_engines` takes them.
        settings: how the server behaves.
        precision, device: as there.

    Raises:
        UsageError: the address cannot be listened at, or a model is not understood.
        CheckpointError, EngineError: a model cannot be opened.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    for name in ("httpx", "httpx2"):
        logging.getLogger(name).setLevel(logging.WARNING)
    listening = listen(settings)
    host, port = listening.getsockname()[:2]
    service = Service(open_engines(models, precision, device), settings)
    print(f"http://{f'[{host}]' if ':' in host else host}:{port}/v1", flush=True)
    make_server(service).run(sockets=[listening])


def open_engines(models: Sequence[str], precision: str | None = None, device: str | None = None) -> dict[str, Engine]:
    """The engines of models, by the names under which they are served.

    Args:
        models: each as `qwill.open_model` takes it, or NAME=MODEL; none for the packaged model.
        precision, device: as `qwill.open_model` takes them, for models that are not on a server.

    Raises:
        UsageError, CheckpointError, EngineError: one cannot be opened; those that were are closed again.
    """
    engines: dict[str, Engine] = {}
    try:
        for given in models or ("",):
            named = _NAMED.fullmatch(given)
            model = (named["model"] if named else given) or None
            engine = open_model(model, *(() if is_remote(model) else (precision, device)))
            name = named["name"] if named else engine.name
            if name in engines:
                engine.close()
                raise UsageError(f"Two models are called {name}.", "Give one of them a name of its own: NAME=MODEL.")
            engines[name] = engine
    except BaseException:
        for engine in engines.values():
            engine.close()
        raise
    return engines


def listen(settings: Settings) -> socket.socket:
    """A socket at the server's address.

    Raises:
        UsageError: it cannot be had.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
        listening.listen(2048)
    except OSError as error:
        listening.close()
        raise UsageError(
            f"{settings.host}:{settings.port} cannot be listened at: {error.strerror}.",
            "Give another --port or --host.",
        ) from None
    return listening


def make_server(service: Service) -> uvicorn.Server:
    """The server around an application; run it on a socket of `listen`."""
    settings = service.settings
    config = uvicorn.Config(
        create_app(service),
        http=_with_deadlines(settings.receive_seconds, settings.send_seconds),
        ws="none",
        lifespan="on",
        access_log=False,
        server_header=False,
        log_config=None,
        log_level="warning",
        timeout_graceful_shutdown=round(settings.shutdown_seconds),
        h11_max_incomplete_event_size=_HEAD_BYTES,
        proxy_headers=False,
    )
    return uvicorn.Server(config)


def _with_deadlines(receive_seconds: float, send_seconds: float) -> type[asyncio.Protocol]:
    """uvicorn's protocol, which by itself waits for ever for the head of a request and for a client to read on."""

    class Deadlines(H11Protocol):
        _head: asyncio.TimerHandle | None = None
        _reading: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._head = self.loop.call_later(receive_seconds, self._too_slow)

        def data_received(self, data: bytes) -> None:
            before = self.cycle
            if self._head is None and (before is None or before.response_complete):
                self._head = self.loop.call_later(receive_seconds, self._too_slow)
            super().data_received(data)
            if self.cycle is not before:
                self._forget_head()

        def connection_lost(self, exc: Exception | None) -> None:
            self._forget_head()
            self.resume_writing()
            super().connection_lost(exc)

        def pause_writing(self) -> None:
            super().pause_writing()
            self._reading = self.loop.call_later(send_seconds, self.transport.abort)

        def resume_writing(self) -> None:
            if self._reading is not None:
                self._reading.cancel()
                self._reading = None
            super().resume_writing()

        def _forget_head(self) -> None:
            if self._head is not None:
                self._head.cancel()
                self._head = None

        def _too_slow(self) -> None:
            """The head of a request did not come in time."""
            self._head = None
            if not self.transport.is_closing():
                self.send_400_response("The head of the request did not come in time.")
                self.transport.close()

    return Deadlines
