"""Errors, split by who must act: the user (`UserError`) or us (`EngineError`)."""

from __future__ import annotations

from dataclasses import dataclass

_LONGEST_MESSAGE = 1500
"""Characters that a person may be asked to read."""


class WorkbenchError(Exception):
    """Root of every error that this program raises on purpose."""


class CodedError(WorkbenchError):
    """An error with a code and values beside its sentence.

    `scripts/sentences` lists every code with its sentence; a code means one sentence.

    Attributes:
        code: what happened, such as "prefix-too-long"; tests and other programs match it.
        values: what the sentence names, by the names in its template.
        message: the sentence: what happened, with which value, and what to do; where a value is a
            long text from a file, the middle is left out.
    """

    def __init__(self, code: str, sentence: str, /, **values: object) -> None:
        message = sentence.format_map(values)
        if len(message) > _LONGEST_MESSAGE:
            message = f"{message[: _LONGEST_MESSAGE // 2]} […] {message[-_LONGEST_MESSAGE // 3 :]}"
        super().__init__(message)
        self.code = code
        self.values = values
        self.message = message


class UserError(CodedError):
    """Something the user can mend: a bad file, no memory, a full disk.

    Attributes:
        remedies: settings that would help, ready for one button each.
    """

    def __init__(
        self, code: str, sentence: str, /, *, remedies: tuple[Remedy, ...] = (), **values: object
    ) -> None:
        super().__init__(code, sentence, **values)
        self.remedies = remedies

    @classmethod
    def from_failure(cls, code: str, message: str, remedies: tuple[Remedy, ...]) -> UserError:
        """An error that a journal or another process reports, as it was raised there."""
        return cls(code, "{message}", message=message, remedies=remedies)


class EngineError(WorkbenchError):
    """A bug of this program: shown with its traceback and a copy button."""


class ProtocolError(CodedError, EngineError):
    """A line or file that does not follow the contract (wrong version, field or type)."""


def code_of(error: BaseException) -> str:
    """The error's code; empty where it has none."""
    return error.code if isinstance(error, CodedError) else ""


class Cancelled(WorkbenchError):  # noqa: N818 - no error: the user asked for it
    """Raised inside long work after the user asked to stop; carries no fault."""


@dataclass(frozen=True)
class Remedy:
    """One change of a setting that would avoid a `UserError`.

    Attributes:
        label: the words on the button, such as "Batch size 4, accumulation 2".
        changes: dotted `RunSpec` fields with their new values as JSON text, such as
            (("training.batch_size", "4"), ("training.accumulation_steps", "2")).
    """

    label: str
    changes: tuple[tuple[str, str], ...] = ()
