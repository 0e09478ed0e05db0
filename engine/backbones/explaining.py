"""Sentences for what libraries raise over untrusted files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from engine.contract.errors import UserError, WorkbenchError


@contextmanager
def explained(error_of: Callable[[str], UserError]) -> Iterator[None]:
    """Turn whatever a library raises into an error for the user.

    The library `tokenizers` raises bare `Exception`, and where its Rust code panics a
    `BaseException`; transformers raises what its code happens to meet in a file.

    Args:
        error_of: makes it of what the library said.
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
        raise error_of(reason) from error


def explained_text(text: str) -> AbstractContextManager[None]:
    """The same around the encoding of a text."""
    return explained(
        lambda reason: UserError(
            "text-not-encoded",
            "The backbone's tokenizer cannot read the text {text!r} ({reason}). Check its "
            "tokenizer.json.",
            text=text[:40],
            reason=reason,
        )
    )
