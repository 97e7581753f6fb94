"""One model on several devices: the same texts, spread evenly, and nothing left running."""

from __future__ import annotations

import gc
import time
from collections import Counter
from pathlib import Path

import pytest
from tiny_model import TINY, lively

from qwill.core import GREEDY, Sampling, UsageError
from qwill.engine.native import NativeEngine
from qwill.engine.profiles import NANO
from qwill.engine.protocol import Engine, Finish, Request
from qwill.engine.replicas import Replicas, load_replicas
from qwill.model.checkpoint import save_model
from qwill.model.tokenizer import Tokenizer
from qwill.model.transformer import Transformer


def requests(count: int, tokens: int = 8) -> list[Request]:
    prompts = ("How many r?", "9.11 和 9.9", "Wait")
    return [
        Request(
            prompt=prompts[n % 3], sampling=Sampling(1.0, seed=n) if n % 2 else GREEDY, max_tokens=tokens, id=str(n)
        )
        for n in range(count)
    ]


def texts(engine: Engine, batch: list[Request]) -> dict[str, tuple[str, Finish | None]]:
    found: dict[str, tuple[str, Finish | None]] = {request.id: ("", None) for request in batch}
    for delta in engine.stream(batch):
        text, finish = found[delta.request]
        assert finish is None
        found[delta.request] = (text + delta.text, delta.finish)
    return found


@pytest.fixture
def twins(model: Transformer, endless: Tokenizer) -> list[NativeEngine]:
    return [NativeEngine(model, endless, name="tiny", profile=NANO, slots=4) for _ in range(2)]


def test_two_replicas_write_what_one_writes(twins: list[NativeEngine], engine: NativeEngine) -> None:
    both = Replicas(twins)
    assert texts(both, requests(11)) == texts(engine, requests(11))
    assert both.capabilities.parallel == 8
    assert (both.name, both.profile, both.count_tokens("Wait")) == ("tiny", NANO, engine.count_tokens("Wait"))


class Recording:
    """An engine that notes what it is asked."""

    def __init__(self, engine: NativeEngine) -> None:
        self.engine, self.asked = engine, []  # type: ignore[var-annotated]

    def __getattr__(self, name: str) -> object:
        return getattr(self.engine, name)

    def stream(self, batch: list[Request]) -> object:
        self.asked.append(batch)
        return self.engine.stream(batch)


def test_requests_are_spread_evenly_and_prompts_kept_together(twins: list[NativeEngine]) -> None:
    watched = [Recording(engine) for engine in twins]
    both = Replicas(watched)  # type: ignore[arg-type]
    first = both.stream(requests(1, tokens=30))
    texts(both, requests(7))
    shares = [Counter(request.prompt for batch in one.asked for request in batch) for one in watched]
    assert [share.total() for share in shares] == [4, 4]
    assert sum(len(share) for share in shares) <= 5  # four of the batch's, and the first one's
    first.close()


def test_what_is_under_way_counts_until_it_has_finished(twins: list[NativeEngine]) -> None:
    watched = [Recording(engine) for engine in twins]
    both = Replicas(watched)  # type: ignore[arg-type]
    for _ in range(3):
        texts(both, requests(1))
    assert [len(one.asked) for one in watched] == [3, 0]


def test_cancelling_and_closing_free_the_slots(twins: list[NativeEngine]) -> None:
    both = Replicas(twins)
    stream = both.stream(requests(4, tokens=1000))
    stream.cancel("0")
    finishes = []
    for delta in stream:
        if delta.finish is not None:
            finishes.append((delta.request, delta.finish))
            stream.close()
            assert [engine.busy for engine in twins] == [0, 0]
    assert sorted(finishes) == [(str(n), Finish.CANCELLED) for n in range(4)]


def test_letting_go_ends_the_work(twins: list[NativeEngine]) -> None:
    stream = Replicas(twins).stream(requests(4, tokens=1000))
    next(stream)
    del stream
    gc.collect()
    limit = time.monotonic() + 60
    while any(engine.busy for engine in twins):
        assert time.monotonic() < limit
        time.sleep(0.01)


def test_replicas_do_not_run_far_ahead_of_their_reader(twins: list[NativeEngine]) -> None:
    stream = Replicas(twins).stream(requests(2, tokens=1000))
    next(stream)
    time.sleep(0.3)
    assert stream._out.qsize() <= 12
    stream.close()


def test_a_request_that_cannot_be_carried_out_starts_nothing(twins: list[NativeEngine]) -> None:
    both = Replicas(twins)
    with pytest.raises(UsageError, match="tokens long"):
        both.stream([*requests(3), Request(prompt="Wait " * 2000, id="long")])
    with pytest.raises(UsageError, match="same id"):
        both.stream(requests(1) * 2)
    assert [engine.busy for engine in twins] == [0, 0]
    assert both._load == [0, 0]


def test_a_failure_of_one_replica_reaches_the_reader(
    twins: list[NativeEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    both = Replicas(twins)
    monkeypatch.setattr(twins[1]._scheduler, "next", lambda _: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        texts(both, requests(6, tokens=500))
    assert twins[0].busy == 0


def test_a_checkpoint_is_loaded_once_for_each_device(tokenizer: Tokenizer, tmp_path: Path) -> None:
    save_model(lively(TINY), tmp_path)
    tokenizer.save(tmp_path)
    alone = load_replicas(tmp_path, device="cpu")
    assert isinstance(alone, NativeEngine)
    both = load_replicas(tmp_path, device="cpu,cpu=2+cpu", slots=3)
    assert texts(both, requests(5)) == texts(alone, requests(5))
    assert both.capabilities.parallel == 6
    both.close()
    with pytest.raises(UsageError, match="closed"):
        both.stream(requests(1))
    with pytest.raises(UsageError, match="names no device"):
        load_replicas(tmp_path, device="")
