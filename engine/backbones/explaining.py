"""Sentences for what libraries raise over files that a stranger made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from engine.contract.errors import UserError, WorkbenchError


@contextmanager
def explained(what: str, advice: str) -> Iterator[None]:
    """Turn whatever a library raises into a sentence.

    The library `tokenizers` raises bare `Exception`, and where its Rust code panics a
    `BaseException`; transformers raises what its code happens to meet in a file.

    Args:
        what: the sentence's beginning, such as "tokenizer.json is damaged".
        advice: its end.
    """
    try:
        yield
    except WorkbenchError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        reason = " ".join(str(error).split())[:200]
        if not reason or isinstance(error, KeyError):
            reason = f"{type(error).__name__} {reason}".strip()
        raise UserError(f"{what} ({reason}): {advice}.") from error


def explained_text(text: str) -> AbstractContextManager[None]:
    """The same around the encoding of a text."""
    return explained(
        f"The backbone's tokenizer cannot read the text {text[:40]!r}", "check its tokenizer.json"
    )
