"""The command line that decodes a file as the page decodes one input."""

from __future__ import annotations

from app.pages.playground.systems import PlaygroundSystem
from engine.contract.options import option_args, value_text
from engine.contract.schema import settings_of
from engine.contract.specs.answer import AnswerKind
from engine.contract.specs.training import DecodingSpec


def decode_args(system: PlaygroundSystem, decoding: DecodingSpec) -> list[str]:
    """The words behind `python main.py`: for a file of inputs, with every setting that differs.

    What is not named is decoded as in the system's run.
    """
    words = ["decode", system.path, "--data", "inputs.csv", "--out", "outputs.csv"]
    if system.answer is not AnswerKind.TEXT:
        return words
    default = system.decoding or DecodingSpec()
    for item in settings_of(DecodingSpec):
        value = getattr(decoding, item.name)
        if value != getattr(default, item.name):
            is_switch = item.kind is bool
            words += [item.flag] if is_switch else option_args(item.flag, value_text(value))
    return words
