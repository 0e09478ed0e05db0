"""What requests hold: OpenAI's fields, as far as a prefix can do what they ask for.

What cannot be done is refused with its name, unless it asks for what happens anyway.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from engine.contract.specs.training import DecodingSpec, Strategy

MOST_CHOICES = 16
MOST_PROMPTS = 64
MOST_ALTERNATIVES = 20
_LARGEST_SEED = 2**63 - 1

Text = Annotated[str, Field(min_length=1, max_length=200)]
Nothing = Annotated[list[Any] | dict[str, Any] | None, Field(max_length=0)]
Zero = Annotated[float | None, Field(ge=0, le=0)]


class StreamOptions(BaseModel):
    """What a stream holds besides its pieces."""

    model_config = ConfigDict(strict=True)
    include_usage: bool = False


class DecodingFields(BaseModel):
    """How an output is decoded. What is left out is as in the prefix's run, without beams."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    max_tokens: Annotated[int | None, Field(ge=1, le=10**6)] = None
    min_tokens: Annotated[int | None, Field(ge=0, le=10**6)] = None
    temperature: Annotated[float | None, Field(ge=0, le=2)] = None
    top_p: Annotated[float | None, Field(gt=0, le=1)] = None
    top_k: Annotated[int | None, Field(ge=0, le=10**6)] = None
    seed: Annotated[int | None, Field(ge=-_LARGEST_SEED, le=_LARGEST_SEED)] = None
    repetition_penalty: Annotated[float | None, Field(gt=0, le=100)] = None
    no_repeat_ngram: Annotated[int | None, Field(ge=0, le=10**6)] = None
    stop: Text | Annotated[list[Text], Field(max_length=16)] | None = None

    @property
    def stops(self) -> list[str]:
        """The texts before which an output ends."""
        return [self.stop] if isinstance(self.stop, str) else self.stop or []

    @property
    def longest(self) -> int | None:
        """How many tokens there may be."""
        return self.max_tokens

    def decoding(self, default: DecodingSpec) -> DecodingSpec:
        """The prefix's own decoding with what is asked for.

        Sampled where there is a temperature above 0, or another setting of sampling.
        """
        given = {
            "max_new_tokens": self.longest,
            "min_new_tokens": self.min_tokens,
            "temperature": self.temperature or None,
            "top_p": self.top_p,
            "top_k": self.top_k,
            "repetition_penalty": self.repetition_penalty,
            "no_repeat_ngram": self.no_repeat_ngram,
        }
        changes: dict[str, Any] = {
            name: value for name, value in given.items() if value is not None
        }
        sampled = (self.temperature, self.top_p, self.top_k, self.seed)
        if self.temperature == 0:
            changes["strategy"] = Strategy.GREEDY
        elif any(value is not None for value in sampled):
            changes["strategy"] = Strategy.SAMPLING
        seed = self.seed if self.seed is not None else random.getrandbits(48)
        return replace(default, **changes, seed=seed)


class OpenAIBody(DecodingFields):
    """Fields that both of OpenAI's endpoints have."""

    model: str
    n: Annotated[int, Field(ge=1, le=MOST_CHOICES)] = 1
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    # What has no influence on the output:
    user: Any = None
    metadata: Any = None
    store: Any = None
    service_tier: Any = None
    safety_identifier: Any = None
    prompt_cache_key: Any = None
    # What must ask for nothing:
    presence_penalty: Zero = None
    frequency_penalty: Zero = None
    logit_bias: Nothing = None

    @property
    def includes_usage(self) -> bool:
        """Whether a stream ends with the numbers of tokens."""
        return self.stream_options is not None and self.stream_options.include_usage


class CompletionBody(OpenAIBody):
    """`POST /v1/completions`: source texts as they stand."""

    prompt: str | Annotated[list[str], Field(min_length=1, max_length=MOST_PROMPTS)]
    logprobs: Annotated[int | None, Field(ge=0, le=MOST_ALTERNATIVES)] = None
    echo: Literal[False] | None = None
    best_of: Literal[1] | None = None
    suffix: Literal[""] | None = None

    @property
    def sources(self) -> Sequence[str]:
        """The source texts."""
        return [self.prompt] if isinstance(self.prompt, str) else self.prompt


class TextPart(BaseModel):
    """A part of a message; only texts can be read."""

    model_config = ConfigDict(strict=True)
    type: Literal["text"]
    text: str


class ChatMessage(BaseModel):
    """A message of a chat."""

    model_config = ConfigDict(strict=True)
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[TextPart] | None = None

    @property
    def text(self) -> str:
        """Its text."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class ChatBody(OpenAIBody):
    """`POST /v1/chat/completions`: the last user message is the source text."""

    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=10_000)]
    max_completion_tokens: Annotated[int | None, Field(ge=1, le=10**6)] = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int | None, Field(ge=0, le=MOST_ALTERNATIVES)] = None
    tools: Nothing = None
    functions: Nothing = None
    tool_choice: Literal["none", "auto"] | None = None
    parallel_tool_calls: Any = None
    response_format: dict[Literal["type"], Literal["text"]] | None = None
    modalities: list[Literal["text"]] | None = None

    @field_validator("messages")
    @classmethod
    def _has_user_message(cls, messages: list[ChatMessage]) -> list[ChatMessage]:
        if not any(message.role == "user" for message in messages):
            raise ValueError("one message must have the role 'user': its text is the input")
        return messages

    @property
    def source(self) -> str:
        """The source text."""
        return [message for message in self.messages if message.role == "user"][-1].text

    @property
    def longest(self) -> int | None:
        """How many tokens there may be, by its newer name or its older one."""
        return self.max_completion_tokens or self.max_tokens


class WriteBody(DecodingFields):
    """`POST /v1/prefixes/NAME/write`: fields by their names."""

    fields: dict[str, Any]
