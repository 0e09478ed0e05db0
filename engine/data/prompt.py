"""How a source and a target become tokens: the form of a prompt.

The form's name is saved with a prefix (`Card.prompt`), since a prefix works only with
the form it was trained with. Source and target are tokenised apart, so that a prompt has the
same tokens in training, where the target follows, and in decoding, where it does not.

The tokenizer is one of transformers'; its special tokens are never read out of a text, so
that a cell which holds "<|endoftext|>" does not end the sequence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.backbones.explaining import explained_text
from engine.contract.errors import UserError
from engine.contract.specs.data import PromptForm

Tokenizer = Any
"""A transformers tokenizer: callable, with `bos_token_id` and `eos_token_id`."""

PROMPT = PromptForm.NEWLINE.value
"""Name of the default form of decoder-only backbones."""
ENCODER_PROMPT = "encoder"
"""Name of the form of encoder–decoders, which read source and target on two sides."""


def prompt_name(form: PromptForm, *, encoder_decoder: bool) -> str:
    """Name of the form that a backbone is trained with where this one is chosen."""
    return ENCODER_PROMPT if encoder_decoder else form.value


@dataclass(frozen=True)
class Prompt:
    """One form: what stands around source and target.

    Attributes:
        name: as saved with a prefix.
        before_source, before_target, after_target: text that is added to source and target.
        separator: text between source and target; None is the begin-of-sequence token.
        apart: the backbone reads source and target on two sides, each with the special tokens
            that its tokenizer puts around every text, and no separator.
    """

    name: str
    before_source: str = ""
    separator: str | None = "\n"
    before_target: str = ""
    after_target: str = ""
    apart: bool = False

    def encode_source(self, tokenizer: Tokenizer, source: str, max_tokens: int) -> list[int]:
        """Ids of the source and the separator: what the backbone is given to go on from.

        Args:
            tokenizer: the backbone's.
            source: the input as text.
            max_tokens: of the result; a longer source is cut at its end, the separator never.
        """
        return self.cut_source(tokenizer, source, max_tokens)[0]

    def cut_source(
        self, tokenizer: Tokenizer, source: str, max_tokens: int
    ) -> tuple[list[int], int]:
        """`encode_source`, with the number of tokens that were cut."""
        start, end = self.around_source(tokenizer)
        ids = _encode(tokenizer, self.before_source + source)
        room = max(0, max_tokens - len(start) - len(end))
        return start + ids[:room] + end, max(0, len(ids) - room)

    def encode_target(
        self, tokenizer: Tokenizer, target: str, max_tokens: int
    ) -> tuple[list[int], int]:
        """Ids of the target and the end-of-sequence token, all of which carry loss.

        Returns:
            At most `max_tokens` ids, and the number of tokens that were cut; where any were,
            the end token is among them, so that a backbone does not learn to stop there.

        Raises:
            UserError: the tokenizer has no end-of-sequence token.
        """
        text = self.before_target + target + self.after_target
        start, end = _around(tokenizer) if self.apart else ([], [_end_id(tokenizer)])
        ids = [*start, *_encode(tokenizer, text), *end]
        return ids[:max_tokens], max(0, len(ids) - max_tokens)

    def around_source(self, tokenizer: Tokenizer) -> tuple[list[int], list[int]]:
        """Ids before and behind a source (and `before_source`), as `encode_source` adds them."""
        if self.apart:
            return _around(tokenizer)
        return _leading_ids(tokenizer), self._separator_ids(tokenizer)

    def _separator_ids(self, tokenizer: Tokenizer) -> list[int]:
        if self.separator is not None:
            return _encode(tokenizer, self.separator)
        if tokenizer.bos_token_id is None:
            raise UserError(
                "no-bos-token",
                "The prompt form {form!r} needs a begin-of-sequence token, which this "
                "backbone's tokenizer does not have. Use the form {default!r}.",
                form=self.name,
                default=PROMPT,
            )
        # A space before the token, as in the paper's " {source} {BOS} {target} {EOS}".
        return [*_encode(tokenizer, " "), int(tokenizer.bos_token_id)]


_FORMS = (
    Prompt(PROMPT),
    Prompt(
        PromptForm.BOS.value, before_source=" ", separator=None, before_target=" ", after_target=" "
    ),
    Prompt(ENCODER_PROMPT, apart=True),
)


def prompt_named(name: str = PROMPT) -> Prompt:
    """The form of this name.

    Raises:
        UserError: there is none, such as one of a newer version of this program.
    """
    for form in _FORMS:
        if form.name == name:
            return form
    known = ", ".join(repr(form.name) for form in _FORMS)
    raise UserError(
        "unknown-prompt-form",
        "The prompt form {form!r} is unknown (this version has {known}). Update the program.",
        form=name,
        known=known,
    )


def _encode(tokenizer: Tokenizer, text: str) -> list[int]:
    with explained_text(text):
        encoded = tokenizer(
            text, add_special_tokens=False, split_special_tokens=True, verbose=False
        )
    return [int(token) for token in encoded["input_ids"]]


def _leading_ids(tokenizer: Tokenizer) -> list[int]:
    """The begin token, for backbones whose tokenizer puts one before every text."""
    ids = tokenizer("", verbose=False)["input_ids"]
    return [int(ids[0])] if ids and ids[0] == tokenizer.bos_token_id else []


def _around(tokenizer: Tokenizer) -> tuple[list[int], list[int]]:
    """What the tokenizer puts before and behind every text: <s> and </s> for BART."""
    ids = [int(token) for token in tokenizer("", verbose=False)["input_ids"]]
    end = _end_id(tokenizer)
    index = ids.index(end) if end in ids else len(ids)
    return ids[:index], ids[index:] or [end]


def _end_id(tokenizer: Tokenizer) -> int:
    if tokenizer.eos_token_id is None:
        raise UserError(
            "no-eos-token",
            "The backbone's tokenizer has no end-of-sequence token, so a text could never "
            "end. Choose another backbone, or name the token in its tokenizer_config.json.",
        )
    return int(tokenizer.eos_token_id)
