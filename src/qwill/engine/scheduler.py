"""Continuous batching: which requests are computed together, step by step.

A step reads some of the prompts that wait and writes one token of every request that runs. Requests join as soon as
a slot is free and leave at their last token. There is no thread: whoever waits for text drives the steps, for
everybody, until there is some for them (`Scheduler.next`); others who wait meanwhile are woken after each step.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from qwill.engine.attention import CHUNK, Reading, Segment, Writing, across
from qwill.engine.jobs import Batch, Call, Job, Prefix
from qwill.engine.kv import BLOCK, BlockPool
from qwill.engine.packed import Packed
from qwill.engine.protocol import Delta, Finish, TokenInfo
from qwill.engine.sampler import Floats, log_probabilities
from qwill.model.confidence import ConfidenceHead

READ_TOKENS = 2048
"""Most tokens of prompts in one step: bounds how long those who write must wait."""
PASS_TOKENS = 512
"""Most tokens of prompts in one forward pass: more at once are no faster, and take memory."""

DAMAGED = "The model's weights are damaged: it gave numbers that are not finite."


class Scheduler:
    """Runs jobs on a model.

    Args:
        packed: the model.
        slots: most requests at once.
        end_tokens: tokens that end a text.
        head: tells how likely a text is to end in a right answer.
    """

    def __init__(
        self, packed: Packed, slots: int, end_tokens: Iterable[int], head: ConfidenceHead | None = None
    ) -> None:
        self._head = head
        self._packed, self._slots, self._end_tokens = packed, slots, frozenset(end_tokens)
        self._pool = self._new_pool()
        self._prefixes: dict[tuple[int, ...], Prefix] = {}
        # Jobs move from arrived (by any thread) to waiting, to joining (they have a slot), to running (their prompt
        # is read). All but the first are touched by the driver alone, or under the lock while nobody drives.
        self._arrived: deque[Job] = deque()
        self._waiting: deque[Job] = deque()
        self._joining: list[Job] = []
        self._running: list[Job] = []
        self._batch: Batch | None = None
        self._cancelled: deque[tuple[Call | None, str | None]] = deque()
        self._changed = threading.Condition()
        self._driver: int | None = None

    @property
    def busy(self) -> int:
        """Slots in use."""
        with self._changed:
            if self._driver is None:
                self._sweep()
            return len(self._joining) + len(self._running)

    @property
    def kv_bytes(self) -> int:
        """Bytes of the blocks in use."""
        return self._pool.used * BLOCK * self._pool.bytes_per_token

    def submit(self, jobs: Sequence[Job]) -> None:
        """Queue jobs; they start with the next step."""
        for job in jobs:
            job.call.remaining += 1
        self._arrived.extend(jobs)

    def next(self, call: Call) -> Delta | None:
        """The next delta of a call, or None when all its requests have ended."""
        while True:
            try:
                with self._changed:
                    while self._driver is not None and not call.out:
                        self._changed.wait()
                    if call.out:
                        return call.out.popleft()
                    if not call.remaining:
                        return None
                    self._driver = threading.get_ident()
                self._step()
            finally:
                if self._driver == threading.get_ident():
                    with self._changed:
                        self._driver = None
                        self._sweep()
                        self._changed.notify_all()

    def cancel(self, call: Call | None, request: str | None = None) -> None:
        """End one request of a call, or all of a call, or everything: the slots are free when this returns."""
        self._cancelled.append((call, request))
        with self._changed:
            # A signal handler may interrupt the very step that it would wait for.
            while self._driver not in (None, threading.get_ident()) and self._cancelled:
                self._changed.wait()
            if self._driver is None:
                self._sweep()
                self._changed.notify_all()

    def abandon(self, call: Call) -> None:
        """Cancel a call that nobody reads any more. Takes no lock: garbage collection may run anywhere."""
        self._cancelled.append((call, None))

    def cancel_all(self) -> None:
        """End every request of everybody."""
        self.cancel(None)

    def _sweep(self) -> None:
        """Take in what arrived and carry out what was cancelled."""
        while self._arrived:
            self._waiting.append(self._arrived.popleft())
        while self._cancelled:
            call, request = self._cancelled.popleft()
            for job in [*self._waiting, *self._joining, *self._running]:
                if call in (None, job.call) and request in (None, job.request.id):
                    self._end(job, Finish.CANCELLED)

    def _step(self) -> None:
        try:
            with torch.inference_mode():
                self._sweep()
                self._admit()
                self._advance()
        except BaseException as error:
            self._fail(error)
            if not isinstance(error, Exception):
                raise

    def _fail(self, error: BaseException) -> None:
        """End all requests that have a slot: after a failure in mid-step nothing they hold can be trusted."""
        message = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        for job in [*self._joining, *self._running]:
            self._end(job, Finish.ERROR, error=message)
        self._prefixes.clear()
        self._pool = self._new_pool()

    def _new_pool(self) -> BlockPool:
        packed = self._packed
        return BlockPool(packed.stages, packed.groups, packed.width, packed.dtype)

    def _admit(self) -> None:
        """Give free slots to waiting jobs, in the order in which they came."""
        while self._waiting and len(self._joining) + len(self._running) < self._slots:
            job = self._waiting[0]
            self._joining.append(job)  # first of all: whatever fails from here on, it is ended and not lost
            self._waiting.popleft()
            prefix = self._prefixes.get(job.prompt)
            if prefix is None:
                prefix = Prefix(job.prompt, self._pool.allocate(-(-len(job.prompt) // BLOCK)))
                self._prefixes[job.prompt] = prefix
            prefix.users += 1
            job.prefix, job.table = prefix, list(prefix.blocks)

    def _advance(self) -> None:
        """Read some of the prompts, and write one token of every job whose prompt is read."""
        room = READ_TOKENS
        while room > 0 and (count := self._read(min(room, PASS_TOKENS))):
            room -= count
        before = len(self._running)
        x_ND = self._write() if before else None
        ready = [job for job in self._joining if job.prefix is not None and job.prefix.last is not None]
        if ready:
            self._joining = [job for job in self._joining if job not in ready]
            self._running = [*self._running, *ready]
            self._batch = None
            lasts = [job.prefix.last for job in ready if job.prefix is not None and job.prefix.last is not None]
            x_ND = torch.stack(lasts) if x_ND is None else torch.cat((x_ND[:before], torch.stack(lasts)))
        if x_ND is None:
            return
        count, rows = len(self._running), self._packed.rows(len(self._running))
        if len(x_ND) < rows:
            x_ND = torch.cat((x_ND, x_ND.new_zeros(rows - len(x_ND), x_ND.shape[1])))
        logits_NV: Floats = self._packed.logits(x_ND)[:count].cpu().numpy()
        self._choose(x_ND, logits_NV)

    def _read(self, room: int) -> int:
        """One forward pass over the next chunks of unread prompts that there is room for; returns its tokens.

        Chunks that are read by one product and those by another (see `Packed.reads_wide`) take passes of their own.
        """
        joining = dict.fromkeys(job.prefix for job in self._joining if job.prefix is not None)
        unread = [(prefix, min(CHUNK, len(prefix.tokens) - prefix.read)) for prefix in joining if prefix.last is None]
        if not unread:
            return 0
        wide = self._packed.reads_wide(unread[0][1])
        segments: list[Segment] = []
        parts: list[tuple[Prefix, int]] = []
        for prefix, length in unread:
            if self._packed.reads_wide(length) == wide and (length <= room or not parts):
                segments.append(Segment(prefix.blocks, prefix.read, length))
                parts.append((prefix, length))
                room -= length
        tokens = [token for prefix, length in parts for token in prefix.tokens[prefix.read : prefix.read + length]]
        padded = self._packed.rows(len(tokens))
        readings = [Reading(part, segments, padded) for part in self._pool.parts]
        tokens_N = torch.tensor(tokens + [0] * (padded - len(tokens)), device=self._packed.device)
        x_ND = self._packed.hidden(tokens_N, readings[0].positions, across(readings), wide=wide)
        at = 0
        for prefix, length in parts:
            at += length
            prefix.read += length
            if prefix.read == len(prefix.tokens):
                prefix.last = x_ND[at - 1].clone()
        return at

    def _write(self) -> Tensor:
        """One forward pass over the last token of every running job: outputs (N, D), N filled up."""
        batch = self._batch or self._new_batch()
        stored = batch.written - 1  # the last token has no keys and values yet
        fresh = np.flatnonzero(stored % BLOCK == 0)
        if len(fresh):
            for row, block in zip(fresh, self._pool.allocate(len(fresh)), strict=True):
                self._running[row].table.append(block)
            batch.attention = ()
        if not batch.attention or batch.attention[0].capacity != self._pool.capacity:
            tables = [job.table for job in self._running]
            batch.attention = tuple(
                Writing(part, tables, batch.shared, self._packed.units, batch.padded) for part in self._pool.parts
            )
        device = self._packed.device
        offsets_N = batch.fill(stored % BLOCK)
        for writing in batch.attention:
            writing.place(offsets_N)
        positions_N = batch.fill(batch.prompts + stored).to(device)
        return self._packed.hidden(batch.fill(batch.tokens).to(device), positions_N, across(batch.attention))

    def _new_batch(self) -> Batch:
        held = [prefix.blocks for prefix in self._prefixes.values()] + [job.table for job in self._running]
        moved = self._pool.compact({block for blocks in held for block in blocks})
        if moved is not None:
            for prefix in self._prefixes.values():
                prefix.blocks[:] = moved[prefix.blocks].tolist()
            for job in (*self._joining, *self._running):
                job.table = moved[job.table].tolist()
        self._batch = Batch(self._running, self._packed.rows(len(self._running)))
        return self._batch

    def _choose(self, x_ND: Tensor, logits_NV: Floats) -> None:
        """Draw a token for every running job, hand it out, and end those that are finished."""
        batch = self._batch or self._new_batch()
        broken = set(np.flatnonzero(~np.isfinite(logits_NV.sum(-1))).tolist())
        if broken:
            logits_NV = np.nan_to_num(logits_NV)
        allowed_NV = logits_NV.copy() if batch.constrained else logits_NV
        for row, constraint in batch.constrained:
            allowed_NV[row, constraint.forbidden()] = -np.inf
        tokens = batch.sampler.choose(allowed_NV, batch.written, [job.seen for job in self._running])
        batch.tokens = tokens
        batch.written += 1
        infos = self._describe(batch, tokens.tolist(), x_ND, logits_NV)
        for row, (job, info) in enumerate(zip(list(self._running), infos, strict=True)):
            if row in broken:
                self._pool.scrub(job.table)
                self._end(job, Finish.ERROR, error=DAMAGED)
            else:
                self._hand_out(job, info)

    def _describe(self, batch: Batch, tokens: list[int], x_ND: Tensor, logits_NV: Floats) -> list[TokenInfo]:
        """What is reported of each job's new token."""
        if not batch.reporting:
            return [TokenInfo(token) for token in tokens]
        infos = [TokenInfo(token) for token in tokens]
        for row in batch.reporting:
            request = self._running[row].request
            info = TokenInfo(tokens[row])
            if request.hidden_states:
                info = replace(info, hidden=tuple(x_ND[row].tolist()))
            if request.logprobs is not None or request.confidence:
                logprobs = log_probabilities(logits_NV[row])
                logprob = float(logprobs[tokens[row]])
                if request.confidence and self._head:
                    surprise = self._running[row].surprise
                    info = replace(info, confidence=self._head.probability(x_ND[row], surprise))
                    surprise.add(logprob)
                if request.logprobs is not None:
                    best = np.argsort(-logprobs, kind="stable")[: request.logprobs] if request.logprobs else ()
                    alternatives = tuple((int(token), float(logprobs[token])) for token in best)
                    info = replace(info, logprob=logprob, alternatives=alternatives)
            infos[row] = info
        return infos

    def _hand_out(self, job: Job, info: TokenInfo) -> None:
        job.written += 1
        job.token = info.id
        if info.id in self._end_tokens:
            self._end(job, Finish.STOP, tokens=(info,))
            return
        if job.request.sampling.presence_penalty:
            job.seen.add(info.id)
        text, stop = job.text.push(info.id)
        complete = job.constraint is not None and job.constraint.take(info.id)
        if stop is not None:
            self._end(job, Finish.STOP, tokens=(info,), text=text, stop=stop)
        elif complete:
            self._end(job, Finish.STOP, tokens=(info,), text=text)
        elif job.written == job.limit:
            self._end(job, Finish.LENGTH, tokens=(info,), text=text)
        else:
            job.call.out.append(Delta(job.request.id, text=text, tokens=(info,)))

    def _end(
        self,
        job: Job,
        finish: Finish,
        *,
        tokens: tuple[TokenInfo, ...] = (),
        text: str = "",
        stop: str | None = None,
        error: str = "",
    ) -> None:
        """Free all that a job holds, and hand out its last delta with the text that was held back."""
        if job.done:
            return
        job.done = True
        if job in self._waiting:
            self._waiting.remove(job)
        self._joining = [other for other in self._joining if other is not job]
        if job in self._running:
            self._running = [other for other in self._running if other is not job]
            self._batch = None
        if job.prefix is not None:
            self._pool.release(job.table[len(job.prefix.blocks) :])
            job.prefix.users -= 1
            if not job.prefix.users:
                self._pool.release(job.prefix.blocks)
                del self._prefixes[job.prompt]
        if stop is None:
            rest, stop = job.text.flush()
            text += rest
            if stop is not None and finish is Finish.LENGTH:
                finish = Finish.STOP
        job.call.out.append(
            Delta(
                job.request.id,
                text=text,
                tokens=tokens,
                finish=finish,
                stop=stop,
                prompt_tokens=len(job.prompt),
                error=error,
            )
        )
        job.call.remaining -= 1
