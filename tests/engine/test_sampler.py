"""Sampling against its definition, written out, and against the distributions it should have."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from qwill.core import GREEDY, Sampling
from qwill.engine.sampler import Sampler, draw, log_probabilities, seed_key, uniform


def reference(logits: np.ndarray, sampling: Sampling, written: set[int]) -> np.ndarray:
    """The distribution that `Sampling` describes, in its order, in float64; no token ties with another."""
    x = logits.astype(np.float64)
    for token in written:
        x[token] -= sampling.presence_penalty
    if sampling.temperature == 0:
        return np.eye(len(x))[x.argmax()]
    x = x / sampling.temperature
    p = np.exp(x - x.max())
    order = np.argsort(-p)
    if sampling.top_k:
        p[order[sampling.top_k :]] = 0
    p /= p.sum()
    kept, mass = [], 0.0
    for token in order:
        kept.append(token)
        mass += p[token]
        if mass >= sampling.top_p:
            break
    if sampling.top_p < 1:
        p[np.setdiff1d(order, kept)] = 0
    p[p < sampling.min_p * p.max()] = 0
    return p / p.sum()


def picks(logits: np.ndarray, sampling: Sampling, count: int, written: set[int] | None = None) -> np.ndarray:
    """Tokens of `count` requests with seeds 0, 1, 2, ... and the same logits."""
    sampler = Sampler([sampling] * count, [seed_key(seed) for seed in range(count)])
    return sampler.choose(np.tile(logits, (count, 1)), np.zeros(count, np.int64), [written or set()] * count)


SETTINGS = [
    Sampling(temperature=1.0),
    Sampling(temperature=0.6),
    Sampling(temperature=1.7, top_k=5),
    Sampling(temperature=1.0, top_p=0.7),
    Sampling(temperature=1.0, min_p=0.2),
    Sampling(temperature=0.8, top_k=9, top_p=0.8, min_p=0.05, presence_penalty=1.5),
]


@pytest.mark.parametrize("sampling", SETTINGS)
def test_distribution(sampling: Sampling) -> None:
    """Chi-square over 20,000 draws; what must not be drawn never is."""
    logits = np.random.default_rng(0).normal(size=150).astype(np.float32) * 2
    written = {3, 77, int(logits.argmax())}
    p = reference(logits, sampling, written)
    counts = np.bincount(picks(logits, sampling, 20_000, written), minlength=150)
    assert counts[p == 0].sum() == 0
    frequent = p * 20_000 >= 5
    observed = np.append(counts[frequent], counts[~frequent].sum())
    wanted = np.append(p[frequent], p[~frequent].sum()) * 20_000
    keep = wanted > 0
    assert stats.chisquare(observed[keep], wanted[keep]).pvalue > 1e-4


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([2, 63, 64, 65, 300]),
    st.floats(0.05, 5),
    st.integers(0, 400),
    st.floats(0.01, 1),
    st.floats(0, 0.99),
    st.floats(-2, 2),
)
def test_kept_tokens(
    seed: int, size: int, temperature: float, top_k: int, top_p: float, min_p: float, penalty: float
) -> None:
    """What is drawn lies in the reference's support; its cumulative share is where the uniform number falls."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=size).astype(np.float32) * 3
    written = set(rng.integers(0, size, 3).tolist())
    sampling = Sampling(temperature, top_k, top_p, min_p, penalty)
    p = reference(logits, sampling, written)
    # Where p or min_p falls on the border of a token, rounding decides: nothing to compare.
    for factor in (1 - 1e-5, 1 + 1e-5):
        near = replace(sampling, top_p=min(1.0, top_p * factor), min_p=min(0.999, min_p * factor))
        assume(((reference(logits, near, written) > 0) == (p > 0)).all())
    u = uniform(np.array([seed_key(n) for n in range(40)], np.uint64), np.zeros(40, np.int64))
    edges = p.cumsum()
    for token, at in zip(picks(logits, sampling, 40, written), u, strict=True):
        assert p[token] > 0
        assert edges[token] - p[token] - 1e-5 <= at <= edges[token] + 1e-5


def test_rows_do_not_depend_on_each_other() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(64, 700)).astype(np.float32) * 2
    chosen = [(GREEDY, *SETTINGS)[row % 7] for row in range(64)]
    keys = [seed_key(row) for row in range(64)]
    places = rng.integers(0, 500, 64)
    written = [set(rng.integers(0, 700, 5).tolist()) for _ in range(64)]
    together = Sampler(chosen, keys).choose(logits, places, written)
    for rows in ([5], [0, 7], list(range(10, 45)), list(range(63, -1, -2))):
        part = Sampler([chosen[r] for r in rows], [keys[r] for r in rows])
        assert part.choose(logits[rows], places[rows], [written[r] for r in rows]).tolist() == together[rows].tolist()


def test_ties_with_the_last_kept_token_are_kept() -> None:
    logits = np.array([2.0, 1.0, 1.0, 0.0], np.float32)
    for sampling in (Sampling(1.0, top_k=2), Sampling(1.0, top_p=0.7)):
        assert set(picks(logits, sampling, 300).tolist()) == {0, 1, 2}


@pytest.mark.parametrize("temperature", [1e-3, 1e-30, 1e-44])
def test_tiny_temperatures_take_the_likeliest(temperature: float) -> None:
    logits = np.array([3.0, 90.0, -40.0, 89.0], np.float32)
    assert set(picks(logits, Sampling(temperature), 50).tolist()) == {1}


def test_masked_tokens_and_lone_tokens() -> None:
    logits = np.full(130, -np.inf, np.float32)
    logits[127] = -5.0
    assert set(picks(logits, Sampling(1.0), 50).tolist()) == {127}
    assert set(picks(logits, Sampling(1.0, top_k=3, top_p=0.5, min_p=0.1), 50).tolist()) == {127}


def test_draw_at_the_edges() -> None:
    weights = np.zeros((4, 200), np.float32)
    weights[:, [70, 130]] = [1e-30, 1.0]
    weights[3, 199] = 1e-38
    almost_one = np.nextafter(1.0, 0)
    assert draw(weights, np.array([0.0, 0.5, almost_one, almost_one])).tolist()[:3] == [70, 130, 130]
    assert draw(weights, np.full(4, almost_one))[3] in (130, 199)


def test_seeds() -> None:
    key = np.array([seed_key(1), seed_key(1), seed_key(2)], np.uint64)
    places = np.array([4, 4, 4])
    a, b, c = uniform(key, places)
    assert a == b != c
    assert seed_key(None) != seed_key(None)
    assert seed_key(-1) == seed_key(2**64 - 1)
    numbers = uniform(
        np.repeat(np.array([seed_key(s) for s in range(50)], np.uint64), 400), np.tile(np.arange(400), 50)
    )
    assert stats.kstest(numbers, "uniform").pvalue > 1e-3
    grid = numbers.reshape(50, 400)
    assert abs(np.corrcoef(grid[:-1].ravel(), grid[1:].ravel())[0, 1]) < 0.03
    assert abs(np.corrcoef(grid[:, :-1].ravel(), grid[:, 1:].ravel())[0, 1]) < 0.03


def test_log_probabilities() -> None:
    logits = np.random.default_rng(2).normal(size=(3, 500)).astype(np.float32) * 20
    wanted = logits - np.logaddexp.reduce(logits.astype(np.float64), -1)[:, None]
    assert np.abs(log_probabilities(logits) - wanted).max() < 1e-5
    assert np.abs(np.exp(log_probabilities(logits)).sum(-1) - 1).max() < 1e-5
