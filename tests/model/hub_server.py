"""A Hugging Face Hub with one small model, on this machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPOSITORY = "Qwen/Qwen2.5-0.5B-Instruct"
LARGE = ("model.safetensors", "pytorch_model.bin")


class Hub:
    """What the server holds, what was asked of it, and how it misbehaves."""

    def __init__(self) -> None:
        self.files = {
            "config.json": b'{"model_type": "qwen2"}',
            "tokenizer.json": b"{}",
            "model.safetensors": bytes(range(256)) * 100_000,
            "pytorch_model.bin": b"never fetched",
        }
        self.fetched: list[str] = []
        self.ranges: list[str] = []
        self.lies_about = ""
        self.breaks_off = 0

    def stated(self, name: str) -> dict[str, object]:
        content = self.files[name] + (b"!" if name == self.lies_about else b"")
        git = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
        fields: dict[str, object] = {"rfilename": name, "blobId": git, "size": len(self.files[name])}
        if name in LARGE:
            sha256 = hashlib.sha256(content).hexdigest()
            fields["lfs"] = {"sha256": sha256, "size": len(self.files[name]), "pointerSize": 134}
        return fields

    def etag(self, name: str) -> str:
        lfs = self.stated(name).get("lfs")
        return str(lfs["sha256"] if isinstance(lfs, dict) else self.stated(name)["blobId"])


@contextmanager
def serving(hub: Hub) -> Iterator[str]:
    """The address of a server for `hub`, which runs as long as the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            self.answer(body=True)

        def answer(self, *, body: bool) -> None:
            path, _, _ = self.path.partition("?")
            if path.startswith(f"/api/models/{REPOSITORY}/tree/"):
                entries = [
                    {"type": "file", "path": name, "oid": hub.stated(name)["blobId"], "size": len(hub.files[name])}
                    | (
                        {"lfs": {"oid": hub.etag(name), "size": len(hub.files[name]), "pointerSize": 134}}
                        if name in LARGE
                        else {}
                    )
                    for name in hub.files
                ]
                self.send(json.dumps(entries).encode(), {"Content-Type": "application/json"}, body=body)
            elif path.startswith(f"/api/models/{REPOSITORY}"):
                about = {"id": REPOSITORY, "sha": COMMIT, "siblings": [hub.stated(name) for name in hub.files]}
                self.send(json.dumps(about).encode(), {"Content-Type": "application/json"}, body=body)
            elif path.startswith(f"/{REPOSITORY}/resolve/{COMMIT}/"):
                self.send_file(path.rsplit("/", 1)[-1], body=body)
            else:
                self.send(b"{}", {}, status=404, body=body)

        def send_file(self, name: str, *, body: bool) -> None:
            content = hub.files[name]
            headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{hub.etag(name)}"', "Accept-Ranges": "bytes"}
            if body:
                hub.fetched.append(name)
            wanted = self.headers.get("Range")
            if wanted and body:
                hub.ranges.append(wanted)
                start = int(wanted.removeprefix("bytes=").split("-")[0])
                headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
                self.send(content[start:], headers, status=206, body=body)
            elif body and name == "model.safetensors" and hub.breaks_off:
                hub.breaks_off -= 1
                self.send(content, headers, body=body, cut=len(content) // 2)
            else:
                self.send(content, headers, body=body)

        def send(
            self,
            content: bytes,
            headers: dict[str, str],
            *,
            status: int = 200,
            body: bool = True,
            cut: int | None = None,
        ) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if body:
                self.wfile.write(content[:cut])
            if cut is not None:
                self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
