"""What the routes share: the models, who may ask, what is counted."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from qwill.engine.protocol import Engine
from qwill.knowledge import Knowledge
from qwill.knowledge.places import open_set
from qwill.serve.conversations import Conversations
from qwill.serve.errors import ApiError
from qwill.serve.keys import KeyRing
from qwill.serve.metrics import Metrics
from qwill.serve.settings import Settings
from qwill.serve.work import Workshop

LOG = logging.getLogger("qwill.serve")


class Service:
    """A server's models and limits.

    Args:
        engines: by the names under which they are served; the first one answers where no model is named.
        settings: how the server behaves.

    Raises:
        QwillError: a knowledge set cannot be opened.
    """

    def __init__(self, engines: Mapping[str, Engine], settings: Settings) -> None:
        self.settings = settings
        self.shops = {name: Workshop(engine, settings.slots, settings.queue) for name, engine in engines.items()}
        self.keys = KeyRing.load(settings.keys) if settings.keys else None
        self.conversations = Conversations(settings.conversations) if settings.conversations else None
        self.library: dict[str, Knowledge] = {Path(name).stem: open_set(name) for name in settings.knowledge}
        self.metrics = Metrics()
        self.closing = False
        shops = self.shops.values()
        self.metrics.watch("qwill_slots_busy", "Answers being made.", lambda: sum(shop.slots.busy for shop in shops))
        self.metrics.watch(
            "qwill_slots_waiting", "Answers waiting for a slot.", lambda: sum(shop.slots.waiting for shop in shops)
        )

    def shop(self, model: str | None) -> tuple[str, Workshop]:
        """The workshop of a model, with its full name.

        Raises:
            ApiError: there is no such model here, or the server is about to end.
        """
        if self.closing:
            raise ApiError(503, "The server is shutting down.", code="shutting_down", headers={"Retry-After": "5"})
        if not model:
            return next(iter(self.shops.items()))
        # Ollama's clients put ":latest" behind names without a tag.
        name = model.removesuffix(":latest")
        if name not in self.shops:
            raise ApiError(
                404,
                f"There is no model {model[:80]!r} here; there is: {', '.join(self.shops)}.",
                code="model_not_found",
                param="model",
            )
        return name, self.shops[name]

    def set_of(self, name: str | None) -> Knowledge:
        """A knowledge set by its name; the first one where none is named.

        Raises:
            ApiError: it is not served.
        """
        if not name and self.library:
            return next(iter(self.library.values()))
        if not name or name not in self.library:
            raise ApiError(
                404,
                f"There is no knowledge set {(name or '')[:80]!r} here; there is: {', '.join(self.library) or 'none'}.",
                code="knowledge_not_found",
                param="qwill.knowledge",
            )
        return self.library[name]

    async def close(self) -> None:
        """End all answers, and the engines."""
        self.closing = True
        for shop in self.shops.values():
            await shop.close()
        if self.conversations is not None:
            self.conversations.close()
        for knowledge in self.library.values():
            knowledge.close()
