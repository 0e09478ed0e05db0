"""Conversations, ShareGPT's and those of chat models: the last answer is what is learnt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.data.json_rows import Cells, Keeps, NotAnItemError

COLUMNS = ("source", "target")
_LISTS = ("conversations", "conversation", "messages")
_ROLES = ("from", "role", "speaker")
_TEXTS = ("value", "content", "text")
_ANSWERING = ("gpt", "assistant", "model", "bot", "chatgpt", "bard", "bing")
_ASKING = ("human", "user", "prompter")
_SETTING = ("system", "developer")


def fits(item: dict[str, Any]) -> bool:
    """Whether it holds a list of turns, each with who speaks and what is said."""
    turns = _turns(item)
    return bool(turns) and all(
        isinstance(turn, dict)
        and any(key in turn for key in _ROLES)
        and any(key in turn for key in _TEXTS)
        for turn in turns
    )


def rows(item: dict[str, Any], _keeps: Keeps) -> Iterator[Cells]:
    """The last answer as target, and all that was said before it as source.

    A single question stands there as it is; of several turns each says who speaks.

    Raises:
        NotAnItemError: a turn has no text, or nobody answers.
    """
    turns = [(_first(turn, _ROLES), _text(turn)) for turn in _turns(item)]
    if isinstance(item.get("system"), str) and item["system"].strip():
        turns.insert(0, ("system", item["system"]))
    answers = [n for n, (role, _) in enumerate(turns) if role.lower() in _ANSWERING]
    if not answers:
        raise NotAnItemError("nobody answers in the conversation: no turn is by gpt or assistant")
    before, (_, target) = turns[: answers[-1]], turns[answers[-1]]
    spoken = [role for role, _ in before if role.lower() not in _SETTING]
    lines = [
        text if len(spoken) < 2 or role.lower() in _SETTING else f"{_called(role)}: {text}"
        for role, text in before
        if text.strip()
    ]
    yield {"source": "\n".join(lines), "target": target}


def _turns(item: dict[str, Any]) -> list[Any]:
    for key in _LISTS:
        if isinstance(item.get(key), list):
            return list(item[key])
    prompt, completion = item.get("prompt"), item.get("completion", item.get("chosen"))
    if isinstance(prompt, list) and isinstance(completion, list):
        return [*prompt, *completion]
    return []


def _text(turn: dict[str, Any]) -> str:
    """What is said; of a message in parts, the texts among them."""
    content = next((turn[key] for key in _TEXTS if key in turn), None)
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        content = "\n".join(part for part in parts if isinstance(part, str))
    if content is not None and not isinstance(content, str):
        raise NotAnItemError("a turn of the conversation has no text")
    return content or ""


def _first(turn: dict[str, Any], keys: tuple[str, ...]) -> str:
    return next((str(turn[key]) for key in keys if key in turn), "")


def _called(role: str) -> str:
    if role.lower() in _ASKING:
        return "user"
    return "assistant" if role.lower() in _ANSWERING else role
