"""The server as OpenAI's own client uses it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import openai
import pytest

from tests.engine.serving.conftest import ENDLESS, Kitchen, kitchen_of
from tests.helpers.serving import DECODING, Server, alone
from tests.helpers.tiny_runs import PATIENCE_S

TEXTS = ("name : Blue Spice", "food : French | area : river", "x", "Alimentum near the city centre")


@pytest.fixture
def client(server: Server) -> Iterator[openai.OpenAI]:
    with client_of(server) as made:
        yield made


def client_of(server: Server) -> openai.OpenAI:
    url = f"{server.url}/v1"
    return openai.OpenAI(base_url=url, api_key="any", timeout=PATIENCE_S, max_retries=0)


def asked(client: openai.OpenAI, model: str, text: str) -> str:
    """The answer to a chat message."""
    answer = client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": text}], temperature=0
    )
    return answer.choices[0].message.content or ""


def mixed_answers_are_those_of_decode(kitchen: Kitchen) -> None:
    jobs = [(number % 3, TEXTS[number % 4] + " it" * (number // 12)) for number in range(36)]
    with client_of(kitchen.server) as client, ThreadPoolExecutor(12) as pool:
        answers = pool.map(lambda job: asked(client, f"p{job[0]}", job[1]), jobs)
        expected = [alone(kitchen.backbone, kitchen.key_values[row], text) for row, text in jobs]
        assert list(answers) == expected
    assert len(set(expected)) > 12, "the prefixes hardly made a difference"


def test_each_of_many_at_once_is_what_it_is_alone(kitchen: Kitchen) -> None:
    mixed_answers_are_those_of_decode(kitchen)


@pytest.mark.parametrize("family", ["gpt2", "t5"])
def test_also_where_transformers_computes(
    family: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for other in kitchen_of(tmp_path_factory.mktemp("other"), family):
        mixed_answers_are_those_of_decode(other)


def test_there_is_a_model_for_each_prefix(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["p0", "p1", "p2"]
    assert client.models.retrieve("p1").id == "p1"
    with pytest.raises(openai.NotFoundError, match="'p9'"):
        client.models.retrieve("p9")


def test_completions_of_several_prompts_in_order(client: openai.OpenAI, kitchen: Kitchen) -> None:
    answer = client.completions.create(model="p2", prompt=list(TEXTS), temperature=0, max_tokens=5)
    decoding = replace(DECODING, max_new_tokens=5)
    expected = [alone(kitchen.backbone, kitchen.key_values[2], text, decoding) for text in TEXTS]
    assert [choice.text for choice in answer.choices] == expected
    assert [choice.index for choice in answer.choices] == [0, 1, 2, 3]
    assert {choice.finish_reason for choice in answer.choices} == {"length"}
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 20


def test_a_stream_is_the_answer_in_pieces(client: openai.OpenAI, kitchen: Kitchen) -> None:
    stream = client.chat.completions.create(
        model="p1",
        messages=[
            {"role": "system", "content": "ignored"},
            {"role": "user", "content": TEXTS[1]},
        ],
        stream=True,
        stream_options={"include_usage": True},
    )
    events = list(stream)
    pieces = [choice.delta.content for event in events for choice in event.choices]
    text = "".join(piece or "" for piece in pieces)
    assert text == alone(kitchen.backbone, kitchen.key_values[1], TEXTS[1])
    assert len(list(filter(None, pieces))) > 3
    assert events[-1].usage is not None
    assert events[-1].usage.completion_tokens == 12
    reasons = [choice.finish_reason for event in events for choice in event.choices]
    assert list(filter(None, reasons)) == ["length"]


@pytest.mark.parametrize("stream", [False, True])
def test_an_output_ends_before_a_stop(
    stream: bool, client: openai.OpenAI, kitchen: Kitchen
) -> None:
    whole = alone(kitchen.backbone, kitchen.key_values[0], TEXTS[0])
    stop = whole[len(whole) // 2 : len(whole) // 2 + 3]
    answer = client.completions.create(
        model="p0", prompt=TEXTS[0], stop=[stop, "never there"], temperature=0, stream=stream
    )
    events = list(answer) if stream else [answer]
    text = "".join(choice.text for event in events for choice in event.choices)
    assert text == whole[: whole.index(stop)].rstrip()
    assert events[-1].choices[0].finish_reason == "stop"


def test_a_seed_makes_samples_that_can_be_made_again(client: openai.OpenAI) -> None:
    def sampled(seed: int) -> list[str]:
        answer = client.completions.create(
            model="p0", prompt=TEXTS[0], n=3, temperature=1.2, seed=seed
        )
        return [choice.text for choice in answer.choices]

    first = sampled(7)
    assert len(set(first)) == 3
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(sampled, [7, 8, 9, 7])).count(first) == 2


def test_log_probabilities(client: openai.OpenAI) -> None:
    answer = client.completions.create(
        model="p0", prompt=TEXTS[0], logprobs=3, temperature=0, max_tokens=6
    )
    logprobs = answer.choices[0].logprobs
    assert logprobs is not None
    assert len(logprobs.tokens or []) == len(logprobs.text_offset or []) == 6
    for value, top in zip(logprobs.token_logprobs or [], logprobs.top_logprobs or [], strict=True):
        assert value == max(top.values()) <= 0
    chat = client.chat.completions.create(
        model="p0",
        messages=[{"role": "user", "content": TEXTS[0]}],
        logprobs=True,
        top_logprobs=3,
        max_completion_tokens=6,
    )
    content = chat.choices[0].logprobs
    assert content is not None
    assert [token.logprob for token in content.content or []] == logprobs.token_logprobs
    assert [len(token.top_logprobs) for token in content.content or []] == [3] * 6


def test_a_client_that_leaves_ends_its_output(client: openai.OpenAI, server: Server) -> None:
    stream = client.completions.create(
        model="p0", prompt="x", stream=True, extra_body=ENDLESS, temperature=0
    )
    next(iter(stream))
    server.wait_for(lambda health: health["running"] == 1)
    stream.close()
    server.wait_for(lambda health: health["running"] == 0)
    with pytest.raises(openai.APITimeoutError):
        client.completions.create(model="p0", prompt="x", extra_body=ENDLESS, timeout=0.5)
    server.wait_for(lambda health: health["running"] == 0)


def test_what_cannot_be_done_is_refused(client: openai.OpenAI) -> None:
    with pytest.raises(openai.UnprocessableEntityError, match="presence_penalty is 1"):
        client.completions.create(model="p0", prompt="x", presence_penalty=1)
    with pytest.raises(openai.UnprocessableEntityError, match="'user'"):
        client.chat.completions.create(model="p0", messages=[{"role": "system", "content": "x"}])
