"""A request of OpenAI's chat API: what its fields mean here, and which of them only an upstream server can follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from qwill.engine.protocol import Engine, Message
from qwill.serve.asked import Asked, budget_for, check_question, effort_for
from qwill.serve.errors import ApiError
from qwill.serve.settings import Settings, ThoughtField

_WITHOUT_EFFECT = frozenset(
    {
        "user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention",
        "parallel_tool_calls", "tool_choice", "stream_options", "verbosity", "prompt_cache_options", "moderation",
    }
)  # fmt: skip
"""Fields that say nothing about the text of an answer without tools: nobody misses them."""
_FORMS = frozenset({"text", "json_object", "json_schema"})


class Part(BaseModel):
    """A part of a message: text, or what only an upstream model can look at."""

    model_config = ConfigDict(extra="allow")

    type: str
    text: str | None = None


class ChatMessage(BaseModel):
    """One turn."""

    model_config = ConfigDict(extra="allow")

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None
    tool_calls: list[dict[str, Any]] | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return "\n".join(part.text or "" for part in self.content)
        return self.content or ""

    @property
    def is_plain(self) -> bool:
        """Whether it is text alone, of a person or a model."""
        parts = self.content if isinstance(self.content, list) else []
        texts = all(part.type in ("text", "input_text", "output_text") for part in parts)
        return texts and not self.tool_calls and self.role not in ("tool", "function")


class Reasoning(BaseModel):
    """How much to think, as OpenRouter's API has it."""

    model_config = ConfigDict(extra="allow")

    effort: str | None = None
    max_tokens: int | None = Field(default=None, ge=0, le=1 << 31)
    exclude: bool | None = None


class Extension(BaseModel):
    """Qwill's own fields.

    Attributes:
        thoughts: in which fields thoughts are sent; "none" sends none.
        thinking_tokens: most tokens of a thought.
        effort: as `reasoning_effort`, before which it counts; "auto" thinks as long as it turns out to be worth.
        certainty: think until the answer is this likely right.
        seconds: most time for an answer.
        conversation: id of a kept conversation that this goes on with, or "new".
        models: of a chain: which served model plays each role.
        knowledge: a served knowledge set: passages of it that fit are quoted to the model, citations are checked.
    """

    model_config = ConfigDict(extra="forbid")

    thoughts: ThoughtField | None = None
    thinking_tokens: int | None = Field(default=None, ge=0, le=1 << 31)
    effort: str | None = None
    certainty: float | None = Field(default=None, gt=0, lt=1)
    seconds: float | None = Field(default=None, gt=0, le=1e6)
    conversation: str | None = Field(default=None, max_length=64)
    models: dict[str, str] | None = None
    knowledge: str | None = Field(default=None, max_length=200)


class StreamOptions(BaseModel):
    """What a stream holds besides the text."""

    model_config = ConfigDict(extra="allow")

    include_usage: bool | None = None


class SamplingFields(BaseModel):
    """Fields that the chat and the completion API share."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)

    model: str | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: int | None = Field(default=None, ge=1)
    seed: int | None = Field(default=None, ge=-(2**63), lt=2**64)
    stop: str | list[str] | None = None
    temperature: float | None = Field(default=None, ge=0, le=100)
    top_p: float | None = Field(default=None, gt=0, le=1)
    top_k: int | None = Field(default=None, ge=-1, le=1 << 31)
    min_p: float | None = Field(default=None, ge=0, lt=1)
    presence_penalty: float | None = Field(default=None, ge=-100, le=100)
    frequency_penalty: float | None = None
    logit_bias: dict[str, float] | None = None

    @property
    def stops(self) -> tuple[str, ...]:
        """The stop strings; empty ones, which some clients send for none, are left out."""
        given = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return tuple(stop for stop in given if stop)

    @property
    def include_usage(self) -> bool:
        return bool(self.stream_options and self.stream_options.include_usage)

    def choices(self, settings: Settings) -> int:
        """How many texts are wanted.

        Raises:
            ApiError: too many.
        """
        count = self.n or 1
        if count > settings.most_choices:
            raise ApiError(400, f"n is at most {settings.most_choices} here.", code="invalid_request", param="n")
        return count

    def sampling_changes(self) -> Mapping[str, Any]:
        """The settings of `Sampling` that the client gives."""
        given = {
            name: getattr(self, name)
            for name in ("temperature", "top_p", "top_k", "min_p", "presence_penalty", "seed")
            if getattr(self, name) is not None
        }
        if given.get("top_k") == -1:  # vLLM's way to say all
            given["top_k"] = 0
        return given


class ChatRequest(SamplingFields):
    """The body of `/v1/chat/completions`."""

    messages: list[ChatMessage] = Field(min_length=1, max_length=4096)
    max_tokens: int | None = Field(default=None, ge=1, le=1 << 31)
    max_completion_tokens: int | None = Field(default=None, ge=1, le=1 << 31)
    reasoning_effort: str | None = None
    reasoning: Reasoning | None = None
    include_reasoning: bool | None = None
    chat_template_kwargs: dict[str, Any] | None = None
    response_format: dict[str, Any] | None = None
    tools: list[dict[str, Any]] | None = None
    functions: list[dict[str, Any]] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    qwill: Extension | None = None

    def needs_upstream(self, shapes: bool) -> str:
        """The first of its fields that only a server behind us can follow, or "".

        Args:
            shapes: the model here keeps to JSON schemas.
        """
        form = (self.response_format or {}).get("type", "text")
        wants = {
            "tools": self.tools,
            "functions": self.functions,
            "response_format": form != "text" and not (shapes and form in _FORMS),
            "logprobs": self.logprobs,
            "top_logprobs": self.top_logprobs,
            "logit_bias": self.logit_bias,
            "frequency_penalty": self.frequency_penalty,
            "messages": not all(message.is_plain for message in self.messages),
        }
        return next((name for name, wanted in wants.items() if wanted), "")

    @property
    def answer_schema(self) -> Mapping[str, Any] | None:
        """The JSON schema that the answer has to fulfil; None where it is free.

        Raises:
            ApiError: `response_format` holds none.
        """
        form = self.response_format or {}
        if form.get("type") == "json_object":
            return {"type": "object"}
        if form.get("type") != "json_schema":
            return None
        schema = form.get("json_schema")
        schema = schema.get("schema") if isinstance(schema, dict) else None
        if not isinstance(schema, dict):
            raise ApiError(
                400,
                "response_format has no schema: give it as json_schema.schema.",
                code="invalid_request",
                param="response_format",
            )
        return schema

    def thoughts(self, settings: Settings) -> ThoughtField:
        """Where this client wants thoughts."""
        if self.include_reasoning is False or (self.reasoning and self.reasoning.exclude):
            return ThoughtField.NONE
        return (self.qwill.thoughts if self.qwill else None) or settings.thoughts

    @property
    def effort(self) -> str | None:
        """How much to think, in words."""
        if self.qwill and self.qwill.effort:
            return self.qwill.effort
        if (self.chat_template_kwargs or {}).get("enable_thinking") is False:
            return "none"
        return self.reasoning_effort or (self.reasoning.effort if self.reasoning else None)

    def without_effect_on_chains(self) -> tuple[str, ...]:
        """The fields given that a chain does not follow: its steps say themselves how they are asked."""
        followed = {"model", "messages", "stream", "stream_options", "include_reasoning", "qwill", "response_format"}
        ignored = sorted(set(self.model_fields_set) - followed - _WITHOUT_EFFECT)
        if self.qwill:
            ignored += sorted(
                f"qwill.{name}" for name in self.qwill.model_fields_set - {"models", "thoughts", "knowledge"}
            )
        return (*ignored, *["messages before the last: a chain takes one question"] * (len(self.messages) > 1))

    def asked(self, engine: Engine, settings: Settings) -> Asked:
        """What is asked.

        Raises:
            ApiError: it cannot be answered.
            UsageError: a setting has no sense.
        """
        own = self.qwill or Extension()
        thinking = own.thinking_tokens
        if thinking is None and self.reasoning is not None:
            thinking = self.reasoning.max_tokens
        messages = tuple(
            Message("system" if message.role == "developer" else message.role, message.text)
            for message in self.messages
        )
        check_question(messages)
        ignored = sorted(set(self.model_extra or {}) - _WITHOUT_EFFECT)
        if engine.profile.single_turn and len(messages) > 1:
            messages = messages[-1:]
            ignored.append("messages before the last: the model was not trained on conversations")
        limits = (own.seconds, settings.answer_seconds)
        seconds = min((limit for limit in limits if limit is not None), default=None)
        most = self.max_completion_tokens or self.max_tokens
        return Asked(
            messages=messages,
            sampling=replace(engine.profile.sampling, **self.sampling_changes()),
            budget=budget_for(
                self.effort,
                most,
                seconds,
                bool(engine.profile.think_close) and engine.capabilities.thinking != "none",
                thinking,
            ),
            effort=effort_for(self.effort, own.certainty, most, seconds, engine.profile),
            stop=self.stops,
            choices=self.choices(settings),
            shows_thoughts=self.thoughts(settings) is not ThoughtField.NONE,
            ignored=tuple(ignored),
            schema=self.answer_schema,
        )
