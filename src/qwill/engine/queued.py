"""The stream of an engine whose own threads put the pieces of text into a queue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from queue import Empty, SimpleQueue
from threading import Event
from types import TracebackType
from typing import Protocol

from qwill.engine.protocol import Delta, Request

_GLANCE = 0.2  # seconds after which a caller who waits for text may look up


class QueuedJob(Protocol):
    """A request under way.

    Attributes:
        over: set after its last delta was put into the queue.
    """

    over: Event

    @property
    def request(self) -> Request: ...

    def cancel(self) -> None:
        """Ask for its end, without waiting for it."""


class QueuedStream(Iterator[Delta]):
    """The deltas of one call. Letting go of it cancels what still runs.

    Args:
        jobs: the requests of the call.
        out: where their deltas come; the last one of each says how it finished.
    """

    def __init__(self, jobs: Sequence[QueuedJob], out: SimpleQueue[Delta]) -> None:
        self._jobs = {job.request.id: job for job in jobs}
        self._out, self._running = out, dict.fromkeys(self._jobs)

    def __next__(self) -> Delta:
        if not self._running:
            raise StopIteration
        try:
            delta = self._out.get(timeout=_GLANCE)
        except Empty:
            return Delta(next(iter(self._running)))
        if delta.finish is not None:
            del self._running[delta.request]
        return delta

    def cancel(self, request: str) -> None:
        """End one request: its slot is free when this returns."""
        job = self._jobs[request]
        job.cancel()
        job.over.wait()

    def close(self) -> None:
        """End all requests of this call."""
        for job in self._jobs.values():
            job.cancel()
        for job in self._jobs.values():
            job.over.wait()

    def __enter__(self) -> QueuedStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        for job in self._jobs.values():
            job.cancel()  # without waiting: garbage collection may run anywhere
