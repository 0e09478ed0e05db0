"""A backbone's tokenizer for rooms that must not load torch.

transformers' tokenizers import torch (some 2 s and 300 MB), which the data engine has no use
for. What they encode is decided by `tokenizer.json` alone, so the `tokenizers` library reads
it directly here, under the few method names of transformers that the engine uses.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import tokenizers

from engine.backbones.config import CONFIG_FILE
from engine.backbones.explaining import explained, explained_text
from engine.backbones.fingerprint import TOKENIZER_FILE
from engine.backbones.growth import refuse_growth
from engine.backbones.regular import VOCABULARY_BYTES, check_regular, damaged_file, read_json

ROLES = ("bos_token", "eos_token", "pad_token", "unk_token", "mask_token", "cls_token", "sep_token")
_CUSTOMARY = {
    "pad_token": ("[PAD]", "<pad>"),
    "mask_token": ("[MASK]", "<mask>"),
    "cls_token": ("[CLS]", "<s>"),
    "sep_token": ("[SEP]", "</s>"),
    "unk_token": ("[UNK]", "<unk>"),
}
"""What encoders call them; older files leave that to a class of transformers."""


class LightTokenizer:
    """The part of a transformers tokenizer that previewing needs, with equal results.

    Attributes:
        bos_token_id, eos_token_id, pad_token_id, unk_token_id, mask_token_id, cls_token_id,
            sep_token_id: None where there is none.

    Args:
        folder: of the backbone.
        reads_only: whether it is an encoder, so that its tokens may have their customary names.

    Raises:
        UserError: `tokenizer.json` is damaged.
    """

    def __init__(self, folder: Path, *, reads_only: bool = False) -> None:
        path = folder / TOKENIZER_FILE
        check_regular(path, VOCABULARY_BYTES)
        with explained(functools.partial(damaged_file, path)):
            self._backend = tokenizers.Tokenizer.from_file(str(path))
            refuse_growth(self._backend, path)
        self._backend.no_truncation()
        self._backend.no_padding()
        ids = self._special_ids(folder)
        if reads_only:
            self._add_customary(ids)
        self.bos_token_id = ids["bos_token"]
        self.eos_token_id = ids["eos_token"]
        self.unk_token_id = ids["unk_token"]
        self.mask_token_id = ids["mask_token"]
        self.cls_token_id = ids["cls_token"]
        self.sep_token_id = ids["sep_token"]
        self.pad_token_id = ids["eos_token"] if ids["pad_token"] is None else ids["pad_token"]

    def __call__(
        self,
        text: str,
        *,
        add_special_tokens: bool = True,
        split_special_tokens: bool = False,
        verbose: bool = True,
    ) -> dict[str, list[int]]:
        """Token ids of a text under the key "input_ids".

        Args:
            text: what to encode.
            add_special_tokens: put the begin token in front where the backbone wants one.
            split_special_tokens: take "<|im_end|>" and the like in the text as mere letters.
            verbose: accepted as in transformers; nothing is ever printed.
        """
        self._backend.encode_special_tokens = split_special_tokens
        with explained_text(text):
            encoding = self._backend.encode(text, add_special_tokens=add_special_tokens)
        return {"input_ids": list(encoding.ids)}

    def located(self, *texts: str) -> list[tuple[int, int, int, int]]:
        """The tokens of a text or of a pair, with those around them.

        Returns:
            Of each its id, its text (0 or 1; -1 for none), and its characters there, start and end.
        """
        self._backend.encode_special_tokens = True
        first, second = texts[0], texts[1] if len(texts) > 1 else None
        with explained_text(first):
            encoding = self._backend.encode(first, second)
        return [
            (token, -1 if part is None else part, start, end)
            for token, part, (start, end) in zip(
                encoding.ids, encoding.sequence_ids, encoding.offsets, strict=True
            )
        ]

    def __len__(self) -> int:
        return self._backend.get_vocab_size(with_added_tokens=True)

    def decode(self, token_ids: Sequence[int], *, skip_special_tokens: bool = False) -> str:
        """The text of token ids."""
        return self._backend.decode(list(token_ids), skip_special_tokens=skip_special_tokens)

    def convert_ids_to_tokens(self, token_ids: Sequence[int]) -> list[str]:
        """The vocabulary's own spelling of tokens, such as "Ġname"."""
        return [self._backend.id_to_token(token_id) or "" for token_id in token_ids]

    def _special_ids(self, folder: Path) -> dict[str, int | None]:
        """Token id of each role: as the tokenizer's files say, else as `config.json` does."""
        ids: dict[str, int | None] = dict.fromkeys(ROLES)
        config = _read_object(folder / CONFIG_FILE)
        for role in ROLES:
            value = config.get(f"{role}_id")
            value = value[0] if isinstance(value, list) and value else value
            if isinstance(value, int) and self._knows(value):
                ids[role] = value
        for name in ("special_tokens_map.json", "tokenizer_config.json"):
            plain = _read_object(folder / name)
            for role in ROLES:
                token = plain.get(role)
                token = token.get("content") if isinstance(token, dict) else token
                if isinstance(token, str) and self._backend.token_to_id(token) is not None:
                    ids[role] = self._backend.token_to_id(token)
        return ids

    def _add_customary(self, ids: dict[str, int | None]) -> None:
        for role, names in _CUSTOMARY.items():
            known = (self._backend.token_to_id(name) for name in names)
            if ids[role] is None:
                ids[role] = next((number for number in known if number is not None), None)

    def _knows(self, token_id: int) -> bool:
        is_id = 0 <= token_id < 2**32  # as the library counts
        return is_id and self._backend.id_to_token(token_id) is not None


def _read_object(path: Path) -> dict[str, object]:
    try:
        plain = read_json(path)
    except FileNotFoundError:
        return {}
    return plain if isinstance(plain, dict) else {}
