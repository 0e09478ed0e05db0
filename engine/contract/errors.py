"""Errors, split by who must act: the user (`UserError`) or us (`EngineError`)."""

from __future__ import annotations

from dataclasses import dataclass

_LONGEST_MESSAGE = 1500
"""Characters that a person may be asked to read."""


class WorkbenchError(Exception):
    """Root of every error that this program raises on purpose."""


class UserError(WorkbenchError):
    """Something the user can mend: a bad file, no memory, a full disk.

    Attributes:
        message: one sentence that names the value, the limit and what to do; where the value is a
            long text from a file, its middle is left out.
        remedies: settings that would help, ready for one button each.
    """

    def __init__(self, message: str, remedies: tuple[Remedy, ...] = ()) -> None:
        if len(message) > _LONGEST_MESSAGE:
            message = f"{message[: _LONGEST_MESSAGE // 2]} […] {message[-_LONGEST_MESSAGE // 3 :]}"
        super().__init__(message)
        self.message = message
        self.remedies = remedies


class EngineError(WorkbenchError):
    """A fault of this program: shown with its traceback and a copy button."""


class ProtocolError(EngineError):
    """A line or file that does not follow the contract (wrong version, field or type)."""


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
