"""A server under load: time to first token, tokens/s, errors, and whether anything is lost, mixed or left behind.

    python bench/serve.py [--clients 1,8,64] [--seconds 20] [--leave 0.2] [--slow 0.1] [--stop 0.1] [-m MODEL]
    python bench/serve.py --url http://HOST:PORT/v1#MODEL      a server that runs already

Starts `qwill serve` as a process of its own. Each client asks one question after another, greedily; some leave in the
middle (--leave), some read slowly (--slow), some stop the answer over the route that steers (--stop). Every answer that
was read to its end is compared with the answer to the same question asked alone before; one that was stopped has to end
as streams do. At the end the server has to be as it was: no slot in use, descriptors as before; its memory is reported,
also at each quarter of a run. CPU time is the server process' own, so it says the same on a busy machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2 as httpx
import psutil

from qwill.serve.load import QUESTIONS, Tally, Target, ask


@dataclass
class Seen:
    """What the clients of one run have seen."""

    tally: Tally = field(default_factory=Tally)
    left: int = 0
    stopped: int = 0
    mixed: list[str] = field(default_factory=list)


@contextmanager
def server(arguments: list[str]) -> Iterator[tuple[str, psutil.Process]]:
    """`qwill serve` on a free port."""
    command = [sys.executable, "-m", "qwill", "serve", "--port", "0", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        if not url:
            raise SystemExit("The server did not start.")
        yield url, psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


async def run(
    target: Target,
    clients: int,
    options: argparse.Namespace,
    expected: dict[str, str],
    process: psutil.Process | None,
) -> Seen:
    """So many clients at once, for so long."""
    seen, end = Seen(), time.monotonic() + options.seconds

    async def one(number: int) -> None:
        chance = random.Random(number)
        async with target.client() as client:
            while time.monotonic() < end:
                question = chance.choice(QUESTIONS)
                course = Course(client, seen, chance, options)
                answer = await ask(client, target, question, seen.tally, course.goes_on)
                if answer is not None and not course.stopped and answer != expected[question]:
                    seen.mixed.append(f"{question}: {answer!r}")

    async def watch() -> None:
        """The server's memory and descriptors as the run goes on."""
        for _ in range(4):
            await asyncio.sleep(options.seconds / 4 - 0.1)
            if process:
                print(f"         {process.memory_info().rss >> 20} MiB, {process.num_fds()} descriptors", flush=True)

    await asyncio.gather(watch(), *(one(number) for number in range(clients)))
    return seen


class Course:
    """How a client behaves while it reads one answer: it may leave in the middle, stop it, or read slowly."""

    def __init__(self, client: Any, seen: Seen, chance: random.Random, options: argparse.Namespace) -> None:
        self._client, self._seen = client, seen
        self._leaves = chance.randint(1, 40) if chance.random() < options.leave else None
        self._stops = chance.randint(1, 40) if chance.random() < options.stop else None
        self._pause = 0.02 if chance.random() < options.slow else 0.0
        self.stopped = False

    async def goes_on(self, answer: str, pieces: int) -> bool:
        await asyncio.sleep(self._pause)
        if self._leaves is not None and pieces >= self._leaves:
            self._seen.left += 1
            return False
        if self._stops is not None and pieces >= self._stops and not self.stopped:
            self.stopped = True
            self._seen.stopped += 1
            # A refusal is no error: the answer may have ended in this very moment.
            await self._client.post(f"chat/completions/{answer}/steer", json={"action": "stop"})
        return True


async def alone(target: Target) -> dict[str, str]:
    """Each question's answer when nothing else is asked."""
    tally = Tally()
    async with target.client() as client:
        answers = {question: await ask(client, target, question, tally) or "" for question in QUESTIONS}
    if tally.errors:
        raise SystemExit(f"The questions cannot be asked one by one: {dict(tally.errors)}")
    return answers


def idle(url: str) -> dict[str, Any]:
    """The server's own word for how busy it is, once it has had time to notice who has left."""
    for _ in range(100):
        health: dict[str, Any] = httpx.get(url.removesuffix("/v1") + "/health", trust_env=False).json()
        if not health["busy"] and not health["waiting"]:
            break
        time.sleep(0.1)
    return health


def load(options: argparse.Namespace) -> None:
    """Clients in growing numbers against one server."""
    if options.url:
        url, _, model = options.url.partition("#")
        table(options, url, model, None)
        return
    with server(["-m", options.model] if options.model else []) as (url, process):
        listed = httpx.get(f"{url}/models", trust_env=False).json()
        table(options, url, listed["data"][0]["id"], process)


def table(options: argparse.Namespace, url: str, model: str, process: psutil.Process | None) -> None:
    target = Target(url, model, settings={"temperature": 0})
    expected = asyncio.run(alone(target))
    before = (process.num_fds(), process.memory_info().rss) if process else (0, 0)
    print(
        "clients  answers  left  stopped  tokens/s  first token ms p50/p90/p99  errors  mixed  CPU ms/token  MiB  "
        "descriptors"
    )
    bad = False
    for clients in options.clients:
        began, cpu = time.perf_counter(), sum(process.cpu_times()[:2]) if process else 0.0
        seen = asyncio.run(run(target, clients, options, expected, process))
        tally = seen.tally
        elapsed = time.perf_counter() - began
        health = idle(url) if process else {"busy": 0, "waiting": 0}
        spent = sum(process.cpu_times()[:2]) - cpu if process else 0.0
        memory, open_files = (process.memory_info().rss >> 20, process.num_fds()) if process else (0, 0)
        first = " / ".join(f"{ms:.0f}" for ms in tally.first_ms() or ()) or "–"
        errors = json.dumps(tally.errors) if tally.errors else "none"
        print(
            f"{clients:7}  {len(tally.seconds) - seen.stopped:7}  {seen.left:4}  {seen.stopped:7}  "
            f"{tally.tokens / elapsed:8.0f}  {first:>26}  {errors:>6}  {len(seen.mixed):5}  "
            f"{1000 * spent / max(tally.tokens, 1):12.2f}  {memory:3}  {open_files}",
            flush=True,
        )
        bad |= bool(seen.mixed or tally.errors or health["busy"] or health["waiting"])
        for line in seen.mixed[:3]:
            print("  mixed:", line)
        if health["busy"] or health["waiting"]:
            print("  still busy:", health)
    if process:
        print(f"before: {before[1] >> 20} MiB, {before[0]} descriptors; slots at the end: all free = {not bad}")
    if bad:
        sys.exit(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    numbers = lambda text: [int(number) for number in text.split(",")]  # noqa: E731
    parser.add_argument("--clients", type=numbers, default=[1, 8, 64])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--leave", type=float, default=0.2, help="share of questions left in the middle")
    parser.add_argument("--slow", type=float, default=0.1, help="share of answers read slowly")
    parser.add_argument("--stop", type=float, default=0.1, help="share of answers stopped by steering")
    parser.add_argument("-m", "--model", help="what to serve; qwill-nano by default")
    parser.add_argument("--url", help="a server that runs already, with the model behind #")
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    load(options)


if __name__ == "__main__":
    main()
