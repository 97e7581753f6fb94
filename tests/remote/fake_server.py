"""A server on this machine that plays replies of chat endpoints, good and bad, over real connections."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

STREAM = "text/event-stream"
JSON = "application/json"


@dataclass(frozen=True)
class Reply:
    """What to send for one request.

    Attributes:
        body: pieces of bytes, each sent by itself.
        status, kind, headers: of the reply; a `kind` of "" sends no content type.
        ends: "well", "cut" (the connection breaks in the middle), "hangs" (nothing more comes),
            "mute" (not even a status comes), "closed" (the connection breaks before a status comes).
    """

    body: Iterable[bytes] = ()
    status: int = 200
    kind: str = STREAM
    headers: dict[str, str] = field(default_factory=dict)
    ends: str = "well"


def error(status: int, message: str, **headers: str) -> Reply:
    """A reply that says no, as OpenAI's API does."""
    body = json.dumps({"error": {"message": message, "type": "error", "code": None}}).encode()
    return Reply([body], status, JSON, {name.replace("_", "-"): value for name, value in headers.items()})


class FakeServer:
    """Plays one reply per chat request, in order; the last one again when there are no more.

    Attributes:
        requests: bodies of the chat requests.
        headers: headers of all requests.
        connections: how many connections were made.
        over: set once the server is closed.
        left: set once a client has gone away in the middle of a reply.
    """

    def __init__(self, replies: Sequence[Reply] | Callable[[dict[str, Any]], Reply], models: Reply) -> None:
        self.replies, self.models = replies, models
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.connections = 0
        self.most_at_once = 0
        self.left = threading.Event()
        self._at_once = 0
        self.over = threading.Event()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def close(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def reply_to(self, path: str, body: dict[str, Any]) -> Reply:
        if path.endswith("/models"):
            return self.models
        if not path.endswith("/chat/completions"):
            return error(404, f"no such address: {path}")
        with self._lock:
            self.requests.append(body)
            if callable(self.replies):
                return self.replies(body)
            return self.replies[min(len(self.requests), len(self.replies)) - 1]

    def play(self, handler: BaseHTTPRequestHandler, reply: Reply) -> None:
        if reply.ends == "mute":
            self.over.wait(10)
            return
        if reply.ends == "closed":
            handler.close_connection = True
            return
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        if reply.kind:
            handler.send_header("Content-Type", reply.kind)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for piece in reply.body:
            if piece:
                handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                handler.wfile.flush()
        if reply.ends == "hangs":
            self.over.wait(10)
        if reply.ends == "well":
            handler.wfile.write(b"0\r\n\r\n")
        else:
            handler.close_connection = True

    def counted(self, play: Callable[[], None]) -> None:
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            play()
        except (BrokenPipeError, ConnectionResetError):
            self.left.set()
        finally:
            with self._lock:
                self._at_once -= 1


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that go away are what is played here."""


def _handler(server: FakeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            server.connections += 1

        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _answer(self, body: dict[str, Any]) -> None:
            server.headers.append({name.lower(): value for name, value in self.headers.items()})
            reply = server.reply_to(self.path, body) if not server.over.is_set() else Reply(ends="closed")
            server.counted(lambda: server.play(self, reply))

        def log_message(self, *_: object) -> None:
            pass

    return Handler
