"""What the scheduler moves around: callers, prompts, requests under way, and the batch that they make up."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from qwill.engine.attention import Writing
from qwill.engine.constraint import Constraint
from qwill.engine.protocol import Delta, Request
from qwill.engine.sampler import Sampler, seed_key
from qwill.engine.text import TextStream
from qwill.model.confidence import Surprise


@dataclass(eq=False)
class Call:
    """The requests of one caller: deltas that were not collected yet, and how many requests still run."""

    out: deque[Delta] = field(default_factory=deque)
    remaining: int = 0


@dataclass(eq=False)
class Prefix:
    """A prompt that one or more requests start from.

    Attributes:
        tokens: the prompt.
        blocks: where its keys and values are.
        users: requests that hold it.
        read: tokens computed so far.
        last: output of the last token (D,), once all are.
    """

    tokens: tuple[int, ...]
    blocks: list[int]
    users: int = 0
    read: int = 0
    last: Tensor | None = None


class Job:
    """One request under way.

    Args:
        call: whose it is.
        request: what is asked.
        prompt: its tokens.
        limit: most tokens to write.
        text: turns its tokens into text.
        constraint: what its text must follow.
    """

    def __init__(
        self,
        call: Call,
        request: Request,
        prompt: tuple[int, ...],
        limit: int,
        text: TextStream,
        *,
        constraint: Constraint | None = None,
    ) -> None:
        self.constraint = constraint
        self.call, self.request, self.prompt, self.limit, self.text = call, request, prompt, limit, text
        self.key = seed_key(request.sampling.seed)
        self.prefix: Prefix | None = None
        self.table: list[int] = []
        self.token = 0
        self.written = 0
        self.seen: set[int] = set()
        self.surprise = Surprise()  # of what is written, where confidence is asked for
        self.done = False

    @property
    def reports(self) -> bool:
        """Whether more than its tokens is asked for."""
        request = self.request
        return request.logprobs is not None or request.hidden_states or request.confidence


class Batch:
    """The running jobs as arrays, for as long as they stay the same.

    Attributes:
        tokens: each one's last token.
        written: how many tokens each has written.
        prompts: length of each one's prompt.
        shared: prompts that several of them use, as `Writing` wants them.
        attention: of each stage; nothing until it is made.
        constrained: those whose text must follow a grammar.
        reporting: those that want log-probabilities, hidden states or confidence.
    """

    def __init__(self, jobs: Sequence[Job], padded: int) -> None:
        self.padded = padded
        self.tokens = np.array([job.token for job in jobs], dtype=np.int64)
        self.written = np.array([job.written for job in jobs], dtype=np.int64)
        self.prompts = np.array([len(job.prompt) for job in jobs], dtype=np.int64)
        self.sampler = Sampler([job.request.sampling for job in jobs], [job.key for job in jobs])
        self.reporting = [row for row, job in enumerate(jobs) if job.reports]
        self.constrained = [(row, job.constraint) for row, job in enumerate(jobs) if job.constraint is not None]
        self.attention: tuple[Writing, ...] = ()
        users: dict[Prefix, list[int]] = {}
        for row, job in enumerate(jobs):
            assert job.prefix is not None
            users.setdefault(job.prefix, []).append(row)
        self.shared = [(len(prefix.blocks), rows) for prefix, rows in users.items() if len(rows) > 1]

    def fill(self, numbers: np.ndarray) -> Tensor:
        """The numbers of the jobs, followed by zeros for what fills up the batch."""
        filled = np.zeros(self.padded, dtype=np.int64)
        filled[: len(numbers)] = numbers
        return torch.from_numpy(filled)
