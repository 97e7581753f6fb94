"""Every stream of events that these tests cause is examined; see `streams`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import streams

streams.watch()  # before tests import what makes streams


@pytest.fixture(autouse=True)
def no_stream_is_broken() -> Iterator[None]:
    """What is shown, kept and replayed is the same stream, in every test."""
    streams.broken.clear()
    yield
    assert not streams.broken, streams.broken[0]
