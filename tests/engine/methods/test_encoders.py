"""A prefix in each layer of an encoder equals a second, explicit attention."""

from pathlib import Path
from typing import Any

import pytest
import torch

from engine.backbones.loading import Backbone
from engine.contract.methods.prefix import Depth, Init, Parametrisation, Placement, PrefixMethod
from engine.contract.runs.cards import PositionScheme
from engine.methods.attention import KeyValues
from engine.methods.base import System
from engine.methods.prefix import PrefixTuning, SavedPrefix
from tests.engine.explicit import explicit_model
from tests.engine.tiny import tiny
from tests.helpers.errors import refused
from tests.helpers.tiny_backbones import ENCODERS

IDS = torch.tensor([[0, 5, 6, 7, 8, 9, 1], [0, 11, 12, 1, 2, 2, 2], [0, 1, 2, 2, 2, 2, 2]])
MASK = (IDS != 2).long()


def method(length: int = 5, **changes: object) -> PrefixMethod:
    return PrefixMethod(**{"prefix_length": length, "mid_dim": 16, "init": Init.RANDOM, **changes})


def states(system: System, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The last hidden states behind what was put on the backbone, [B, T, d]."""
    behind = torch.zeros_like(ids, dtype=torch.bool)
    with system.active(), system.batch([], mask, behind) as positions:
        output = system.backbone.model.base_model(
            input_ids=ids, attention_mask=mask, position_ids=positions
        )
    found: torch.Tensor = output.last_hidden_state
    return found


def expected_states(
    backbone: Backbone, key_values: KeyValues, ids: torch.Tensor, mask: torch.Tensor, *, start: int
) -> torch.Tensor:
    """The same of an attention that is written out, with positions counted by hand."""
    model = explicit_model(backbone, key_values)
    positions = torch.zeros_like(ids)
    for row, seen in enumerate(mask.tolist()):
        for column in range(sum(seen)):
            positions[row, column] = start + column
    output = model.base_model(input_ids=ids, attention_mask=mask, position_ids=positions)
    found: torch.Tensor = output.last_hidden_state
    return found


FIRST = {"roberta": 3, "xlm-roberta": 3, "camembert": 3}
"""Where positions start: behind the padding token's number, which is 2 here."""


@pytest.mark.parametrize("family", ENCODERS)
@pytest.mark.parametrize("length", [1, 30])
@pytest.mark.parametrize("rows", [1, 3], ids=["lone", "padded"])
@torch.no_grad()
def test_states_equal_an_explicit_attention(
    family: str, length: int, rows: int, tmp_path: Path
) -> None:
    backbone = tiny(tmp_path, family)
    tuned = PrefixTuning(backbone, method(length), seed=1)
    ids, mask = IDS[:rows], MASK[:rows]
    start = FIRST.get(family, 0) + length
    ours = states(tuned, ids, mask)
    expected = expected_states(backbone, tuned.folded(), ids, mask, start=start)
    bare = expected_states(backbone, {}, ids, mask, start=start)
    real = mask.bool()
    scale = max(1.0, expected.abs().max().item())
    torch.testing.assert_close(ours[real], expected[real], rtol=0, atol=1e-5 * scale)
    assert (bare[real] - ours[real]).abs().max() > 0.01, "the prefix made no difference"
    saved = SavedPrefix(backbone, tuned.folded())
    torch.testing.assert_close(states(saved, ids, mask)[real], ours[real], rtol=0, atol=1e-5)


@pytest.mark.parametrize("family", ENCODERS)
def test_every_entry_has_the_gradient_of_the_explicit_attention(
    family: str, tmp_path: Path
) -> None:
    backbone = tiny(tmp_path, family)
    tuned = PrefixTuning(backbone, method(3, parametrisation=Parametrisation.DIRECT), seed=1)
    weights = torch.randn(3, IDS.shape[1], backbone.shape.width) * MASK[:, :, None]
    (table,) = tuned.trainable().values()
    (states(tuned, IDS, MASK) * weights).sum().backward()
    assert table.grad is not None
    assert (table.grad != 0).all()
    leaves = {site: each.clone().requires_grad_() for site, each in tuned.folded().items()}
    start = FIRST.get(family, 0) + 3
    (expected_states(backbone, leaves, IDS, MASK, start=start) * weights).sum().backward()
    named = sorted(leaves)
    gradients = torch.cat([leaves[site].grad.permute(2, 0, 1, 3).flatten(1) for site in named], 1)
    scale = gradients.abs().max()
    torch.testing.assert_close(table.grad / scale, gradients / scale, rtol=0, atol=1e-5)


@pytest.mark.parametrize("family", ENCODERS)
def test_words_start_a_prefix_with_the_encoders_own_keys(family: str, tmp_path: Path) -> None:
    backbone = tiny(tmp_path, family)
    spec = method(4, init=Init.WORDS, init_text="Blue Spice serves", mid_dim=64)
    folded = PrefixTuning(backbone, spec, seed=1).folded()
    ids = backbone.tokenizer("Blue Spice serves", add_special_tokens=False)["input_ids"]
    from engine.methods.attention import attention_of

    recorded = attention_of(backbone.model).record(backbone.model, torch.tensor([ids * 2])[:, :4])
    assert set(recorded) == set(folded)
    for site, entries in recorded.items():
        torch.testing.assert_close(folded[site], entries, rtol=0, atol=1e-3)


def test_a_prefix_of_an_encoder_is_before_the_layers_that_are_named(tmp_path: Path) -> None:
    backbone = tiny(tmp_path, "albert")
    tuned = PrefixTuning(backbone, method(4, layers="0,2:2"), seed=1)
    sizes = {site.key: each.shape[2] for site, each in tuned.folded().items()}
    assert sizes == {"encoder_self.0": 4, "encoder_self.2": 2}
    artifact = tuned.artifact()
    assert artifact.shape is not None
    assert artifact.shape.positions is PositionScheme.AFTER_PREFIX


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"depth": Depth.EMBEDDING_ONLY}, "embedding-only-needs-decoder"),
        ({"position": Placement.INFIX}, "infix-needs-decoder"),
    ],
)
def test_what_needs_a_decoder_is_refused(
    changes: dict[str, Any], code: str, tmp_path: Path
) -> None:
    with refused(code, backbone="bert", kind="encoder"):
        PrefixTuning(tiny(tmp_path, "bert"), method(**changes), seed=1)
