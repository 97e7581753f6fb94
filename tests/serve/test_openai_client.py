"""The official `openai` client against the packaged model: sync, async, streams, completions, responses."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from live_server import Live

import qwill

openai = pytest.importorskip("openai")

QUESTION = "How many r in strawberry"
MESSAGES: Any = [{"role": "user", "content": QUESTION}]


@pytest.fixture
def client(nano: Live) -> Any:
    return openai.OpenAI(base_url=f"{nano.url}/v1", api_key="none", max_retries=0)


def test_a_whole_completion(client: Any) -> None:
    said = client.chat.completions.create(model="qwill-nano", messages=MESSAGES)
    message = said.choices[0].message
    assert "3" in message.content
    assert "check" in message.reasoning_content
    assert said.choices[0].finish_reason == "stop"
    assert said.usage.completion_tokens_details.reasoning_tokens > 20
    assert said.choices[0].qwill["value"] == "3"


def test_a_streamed_completion(client: Any) -> None:
    thought, answer, counts = "", "", None
    for chunk in client.chat.completions.create(
        model="qwill-nano", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    ):
        if chunk.choices:
            delta = chunk.choices[0].delta
            assert not (answer and getattr(delta, "reasoning", None)), "thoughts come before the answer"
            thought += getattr(delta, "reasoning_content", None) or ""
            answer += delta.content or ""
        else:
            counts = chunk.usage
    assert "check" in thought
    assert "3" in answer
    assert counts is not None
    assert counts.completion_tokens_details.reasoning_tokens > 20


def test_many_at_once_are_computed_together_and_not_mixed(nano: Live) -> None:
    questions = ["How many r in strawberry", "What is 2 + 2?", "9.11 和 9.9 哪个大？", "How many p in pepper"]

    async def ask(client: Any, question: str) -> str:
        stream = await client.chat.completions.create(
            model="qwill-nano", messages=[{"role": "user", "content": question}], stream=True
        )
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    async def all_of_them() -> list[str]:
        async with openai.AsyncOpenAI(base_url=f"{nano.url}/v1", api_key="none", max_retries=0) as client:
            return await asyncio.gather(*(ask(client, question) for question in questions * 2))

    engine = nano.service.shops["qwill-nano"].engine
    alone = [qwill.ask(question, engine=engine).text for question in questions]
    assert asyncio.run(all_of_them()) == alone * 2
    nano.wait_until(lambda: nano.is_idle)


def test_errors_are_those_that_the_client_knows(client: Any) -> None:
    with pytest.raises(openai.NotFoundError, match="qwill-nano"):
        client.chat.completions.create(model="gpt-9", messages=MESSAGES)
    with pytest.raises(openai.BadRequestError, match="context"):
        client.chat.completions.create(model="qwill-nano", messages=[{"role": "user", "content": "1 + " * 3000 + "1"}])


def test_models_are_listed(client: Any) -> None:
    assert next(iter(client.models.list())).id == "qwill-nano"
    assert client.models.retrieve("qwill-nano").id == "qwill-nano"


def test_responses_whole(client: Any) -> None:
    said = client.responses.create(model="qwill-nano", input=QUESTION, reasoning={"effort": "high"})
    assert [item.type for item in said.output] == ["reasoning", "message"]
    assert "check" in said.output[0].content[0].text
    assert "3" in said.output_text
    assert said.status == "completed"
    assert said.usage.output_tokens_details.reasoning_tokens > 20


def test_responses_streamed(client: Any) -> None:
    with client.responses.stream(model="qwill-nano", input=[{"role": "user", "content": QUESTION}]) as stream:
        events = list(stream)
        final = stream.get_final_response()
    kinds = [event.type for event in events]
    assert kinds[:2] == ["response.created", "response.in_progress"]
    assert kinds[-1] == "response.completed"
    assert [event.sequence_number for event in events] == list(range(len(events)))
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    thought = "".join(event.delta for event in events if event.type == "response.reasoning_text.delta")
    assert text == final.output_text
    assert thought == final.output[0].content[0].text
    assert kinds.index("response.reasoning_text.done") < kinds.index("response.output_text.delta")


def test_responses_without_thoughts_and_too_short(client: Any) -> None:
    said = client.responses.create(
        model="qwill-nano", input=QUESTION, max_output_tokens=4, extra_body={"qwill": {"thoughts": "none"}}
    )
    assert [item.type for item in said.output] == ["message"]
    assert (said.status, said.incomplete_details.reason) == ("incomplete", "max_output_tokens")


def test_a_response_cannot_go_on_from_what_was_not_kept(client: Any) -> None:
    with pytest.raises(openai.BadRequestError, match="previous_response_id"):
        client.responses.create(model="qwill-nano", input="x", previous_response_id="resp_1")


def test_completions_with_echo_tell_how_likely_a_text_is(client: Any) -> None:
    likely, unlikely = "There are 3 r's in strawberry.", "There are 3 r's in ploughs plough."
    said = client.completions.create(
        model="qwill-nano", prompt=[likely, unlikely], max_tokens=1, echo=True, logprobs=2, temperature=0
    )
    sums = []
    for choice, prompt in zip(said.choices, (likely, unlikely), strict=True):
        told = choice.logprobs
        assert choice.text.startswith(prompt)
        assert told.token_logprobs[0] is None
        assert told.top_logprobs[0] is None
        assert len(told.tokens) == len(told.token_logprobs) == len(told.top_logprobs) == len(told.text_offset)
        assert "".join(told.tokens).removesuffix("<|im_end|>") == choice.text
        assert all(len(best) == 2 for best in told.top_logprobs[1:])
        likeliest = [max(best.values()) for best in told.top_logprobs[1:]]
        assert all(best >= own for best, own in zip(likeliest, told.token_logprobs[1:], strict=True))
        sums.append(sum(told.token_logprobs[1:-1]))
    assert sums[0] > sums[1]
    assert said.usage.prompt_tokens == sum(len(choice.logprobs.tokens) - 1 for choice in said.choices)


def test_echoed_logprobs_are_those_of_writing(nano: Live, client: Any) -> None:
    prompt = "<|im_start|>user\nHow many r in strawberry<|im_end|>\n<|im_start|>assistant\n<think>\n"
    written = client.completions.create(model="qwill-nano", prompt=prompt, max_tokens=8, logprobs=0, temperature=0)
    engine: Any = nano.service.shops["qwill-nano"].engine
    numbers = engine.tokenize(prompt + written.choices[0].text)
    echoed = client.completions.create(model="qwill-nano", prompt=numbers, max_tokens=0, echo=True, logprobs=0)
    new = echoed.choices[0].logprobs.token_logprobs[len(engine.tokenize(prompt)) :]
    assert new == pytest.approx(written.choices[0].logprobs.token_logprobs, abs=1e-3)


def test_a_streamed_text_completion(client: Any) -> None:
    stream = client.completions.create(
        model="qwill-nano", prompt="1, 2, 3,", max_tokens=5, stream=True, temperature=0, n=2, seed=1
    )
    texts = ["", ""]
    for chunk in stream:
        texts[chunk.choices[0].index] += chunk.choices[0].text
    assert texts[0]
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    "fields",
    [
        {"prompt": []},
        {"prompt": ""},
        {"prompt": [10**9]},
        {"prompt": [-1]},
        {"prompt": [[10**30]]},
        {"suffix": "x"},
        {"best_of": 3},
        {"max_tokens": 0},
    ],
)
def test_completions_refuse_what_has_no_sense(fields: dict[str, Any], nano: Live) -> None:
    body = {"prompt": "x", "echo": "prompt" in fields, "logprobs": 1, **fields}
    reply = nano.client.post("/v1/completions", json=body)
    assert reply.status_code == 400, reply.text
