"""The requests that one answer takes: the question, and going on from what was written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qwill.core import GREEDY, Language, Problem, Sampling
from qwill.engine.protocol import Engine, Message, Request
from qwill.reason.phrases import answer_in, answer_now
from qwill.reason.room import Room

_CAUTION = 0.9  # tokens are not spread evenly over a text: what is cut by share of characters is cut shorter


class Asking:
    """What an engine is asked for one problem.

    Args:
        problem: what is asked.
        engine: that is asked.
        messages: the conversation, the question last.
        sampling: how tokens are drawn.
        thinks: whether the model thinks apart from its answer.
    """

    def __init__(
        self, problem: Problem, engine: Engine, messages: Sequence[Message], sampling: Sampling, thinks: bool
    ) -> None:
        self._problem, self._engine, self._thinks = problem, engine, thinks
        self._request = Request(messages=tuple(messages), sampling=sampling)
        self._continues = engine.capabilities.continuation

    def question(self, most: int) -> Request:
        """Ask the question, for so many tokens."""
        return replace(self._request, max_tokens=most)

    def onward(self, thought: str, answer: str | None, most: int) -> Request:
        """Go on with the thought, or with the answer where there is one; the engine has to be able to continue."""
        profile = self._engine.profile
        before = profile.think_open + thought if self._thinks else ""
        if answer is not None:
            before += (profile.think_close if self._thinks else "") + answer
        return replace(self._request, max_tokens=most, continuation=before)

    def answer_now(self, thought: str, room: Room, spent: int) -> Request:
        """Ask for the answer: after the closed thought where the engine can go on from there, else in another turn."""
        thought = self._fitting(thought, room, spent)
        if self._continues:
            return self.onward(thought, "", room.answer)
        told = answer_now(self._problem.language)
        request = replace(self._request, max_tokens=room.answer)
        if not thought:
            return self._reworded(request, told)
        return replace(
            request, messages=(*request.messages, Message("assistant", thought.rstrip()), Message("user", told))
        )

    def look(self, thought: str, most: int) -> Request:
        """Ask aside for the answer that a thought comes to so far; the engine has to be able to continue."""
        profile = self._engine.profile
        before = profile.think_open + thought.rstrip() + profile.closing_phrase + profile.think_close
        return replace(self._request, continuation=before, max_tokens=most, sampling=GREEDY, logprobs=None, id="look")

    def answer_in(self, language: Language, thought: str, room: Room, spent: int) -> Request:
        """Ask for the answer again, in another language; a thought that was thought stands."""
        request = self._reworded(self._request, answer_in(language))
        if self._thinks and self._continues:
            profile = self._engine.profile
            before = profile.think_open + self._fitting(thought, room, spent) + profile.think_close
            return replace(request, continuation=before, max_tokens=room.answer)
        return replace(request, max_tokens=room.thinking + room.answer)

    def correction(self, answer: str, told: str, most: int) -> Request:
        """Tell the model what is wrong with its answer, in another turn."""
        turns = (Message("assistant", answer), Message("user", told))
        return replace(self._request, messages=(*self._request.messages, *turns), max_tokens=most)

    def _reworded(self, request: Request, told: str) -> Request:
        """The question with something said behind it."""
        question = Message("user", f"{self._problem.text}\n\n{told}")
        return replace(request, messages=(*request.messages[:-1], question))

    def _fitting(self, thought: str, room: Room, spent: int) -> str:
        """The thought, or its end where all of it would leave no room to answer.

        It is counted anew: read as text, a thought may take more tokens than it was written in.
        """
        allowed = max(self._engine.capabilities.context - max(spent, room.prompt) - room.answer - room.closing, 0)
        while (tokens := self._engine.count_tokens(thought)) > allowed:
            kept = int(len(thought) * allowed / tokens * _CAUTION)
            thought = thought[len(thought) - kept :]
        return thought
