"""One model on several devices at once: each holds the whole of it, and requests are spread over them.

Any engines of the same model will do. Each works in a thread of its own for as long as somebody reads what it writes.
Replicas on devices of the same kind give the same text to a seeded request, whichever of them gets it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType

from qwill.core import UsageError
from qwill.engine.native import NativeEngine
from qwill.engine.profiles import Profile
from qwill.engine.protocol import Capabilities, Delta, Engine, Request, Stream
from qwill.model.placement import places

_AHEAD = 4
"""Deltas of each request that may wait to be read before the engines wait for the reader."""
_GLANCE = 0.1  # seconds after which an engine that waits for the reader looks whether it is still there


def load_replicas(
    folder: str | Path,
    precision: str = "fp32",
    *,
    device: str = "cpu",
    name: str | None = None,
    slots: int = 64,
    context: int | None = None,
) -> Engine:
    """The native engine for a checkpoint on each of several devices; with a single one that engine itself.

    Args:
        folder, precision, name, slots, context: as for `NativeEngine.load`, of each copy.
        device: where the copies are, with commas between them; see `model.placement`.

    Raises:
        CheckpointError: there is no model that can be run.
        UsageError: a device is not there, or the memory of one does not hold the model.
    """
    engines: list[NativeEngine] = []
    try:
        engines.extend(
            NativeEngine.load(folder, precision, device=place, name=name, slots=slots, context=context)
            for place in places(device)
        )
    except BaseException:
        for engine in engines:
            engine.close()
        raise
    return engines[0] if len(engines) == 1 else Replicas(engines)


class Replicas:
    """The `Engine` that several engines of one model make together.

    Args:
        engines: at least one; they are closed with it.
    """

    def __init__(self, engines: Sequence[Engine]) -> None:
        if not engines:
            raise UsageError("Replicas need at least one engine.")
        self._engines = tuple(engines)
        self._load = [0] * len(engines)
        self._counting = threading.Lock()

    @property
    def name(self) -> str:
        return self._engines[0].name

    @property
    def profile(self) -> Profile:
        return self._engines[0].profile

    @property
    def capabilities(self) -> Capabilities:
        """Of all together: the context is the smallest."""
        each = [engine.capabilities for engine in self._engines]
        return replace(
            each[0],
            parallel=sum(one.parallel for one in each),
            context=min(one.context for one in each),
        )

    def count_tokens(self, text: str) -> int:
        return self._engines[0].count_tokens(text)

    def stream(self, requests: Sequence[Request]) -> ReplicaStream:
        """Start a batch of requests, each on a replica that has little to do.

        Raises:
            UsageError: as for the engines; nothing goes on then.
        """
        if len({request.id for request in requests}) < len(requests):
            raise UsageError("Two requests of one call have the same id.", "Give each its own.")
        shares = self._shares(requests)
        parts: list[_Part] = []
        try:
            for number, share in shares.items():
                names = tuple(request.id for request in share)
                parts.append(_Part(self._engines[number].stream(share), names, partial(self._finished, number)))
        except BaseException:
            for part in parts:
                part.stream.close()
            for number, share in shares.items():
                self._finished(number, len(share))
            raise
        return ReplicaStream(parts)

    def _shares(self, requests: Sequence[Request]) -> dict[int, list[Request]]:
        """Which replica gets which requests: as even as can be, and those of one prompt next to each other, so that
        few replicas read it."""
        order: dict[object, int] = {}
        for request in requests:
            order.setdefault(_prompt(request), len(order))
        waiting = sorted(requests, key=lambda request: order[_prompt(request)], reverse=True)
        with self._counting:
            before = list(self._load)
            for _ in requests:
                self._load[self._load.index(min(self._load))] += 1
            counts = [after - load for after, load in zip(self._load, before, strict=True)]
        return {number: [waiting.pop() for _ in range(count)] for number, count in enumerate(counts) if count}

    def _finished(self, number: int, count: int) -> None:
        with self._counting:
            self._load[number] -= count

    def close(self) -> None:
        for engine in self._engines:
            engine.close()


@dataclass(frozen=True)
class _Part:
    """What one replica does of a call: its stream, the requests in it, and whom to tell how many have finished."""

    stream: Stream
    requests: tuple[str, ...]
    finished: Callable[[int], None]


class ReplicaStream(Iterator[Delta]):
    """The deltas of one call, as they come from all replicas. Letting go of it cancels what still runs."""

    def __init__(self, parts: Sequence[_Part]) -> None:
        self._streams = {request: part.stream for part in parts for request in part.requests}
        self._out: SimpleQueue[Delta | Exception | None] = SimpleQueue()
        self._ahead = threading.Semaphore(_AHEAD * max(1, len(self._streams)))
        self._over = threading.Event()
        self._working = len(parts)
        for part in parts:
            # The thread must not hold on to this stream: nobody could let go of it.
            arguments = (part, self._out, self._ahead, self._over)
            threading.Thread(target=_work, args=arguments, name="qwill-replica", daemon=True).start()

    def __next__(self) -> Delta:
        while self._working:
            got = self._out.get()
            self._ahead.release()
            if isinstance(got, Exception):
                self.close()
                raise got
            if got is not None:
                return got
            self._working -= 1
        raise StopIteration

    def cancel(self, request: str) -> None:
        """End one request: its slot is free when this returns; nothing happens if it has ended already."""
        self._streams[request].cancel(request)

    def close(self) -> None:
        """End all requests of this call: their slots are free when this returns."""
        self._over.set()
        for stream in {id(stream): stream for stream in self._streams.values()}.values():
            stream.close()

    def __enter__(self) -> ReplicaStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self._over.set()  # without waiting: garbage collection may run anywhere


def _work(
    part: _Part,
    out: SimpleQueue[Delta | Exception | None],
    ahead: threading.Semaphore,
    over: threading.Event,
) -> None:
    """Pass one replica's deltas on, never far ahead of the reader; None comes last."""
    left = len(part.requests)
    try:
        for delta in part.stream:
            if delta.finish is not None:
                left -= 1
                part.finished(1)
            out.put(delta)
            while not over.is_set() and not ahead.acquire(timeout=_GLANCE):
                pass
            if over.is_set():
                part.stream.close()
    except Exception as error:  # of any kind: whoever waits for the text must not wait for ever
        out.put(error)
    finally:
        part.finished(left)
        out.put(None)


def _prompt(request: Request) -> object:
    """What requests that share their prompt have in common."""
    return request.prompt, request.messages, request.continuation
