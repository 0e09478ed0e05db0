"""(IA)³: the same as PEFT's own model, at PEFT's own places, and the backbone left bare."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from peft import IA3Config, TaskType, get_peft_model

from engine.contract.methods.ia3 import Ia3Method
from engine.methods.ia3 import Ia3
from tests.engine.other_methods import logits, peft_logits, scatter
from tests.engine.tiny import tiny
from tests.helpers.errors import refused

IDS = torch.tensor([[5, 9, 17, 33, 2, 41, 8]])


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
@pytest.mark.parametrize("family", ["gpt2", "llama", "opt", "bart", "t5"])
def test_it_says_what_pefts_own_model_says(family: str, tmp_path: Path) -> None:
    ia3 = Ia3(tiny(tmp_path, family), Ia3Method(), seed=0)
    scatter(ia3.trainable())
    ours = logits(ia3, IDS)

    other = tiny(tmp_path, family)
    task = TaskType.SEQ_2_SEQ_LM if other.is_encoder_decoder else TaskType.CAUSAL_LM
    config = IA3Config(task_type=task, fan_in_fan_out=family == "gpt2")
    theirs = get_peft_model(other.model, config)  # the modules are PEFT's choice
    expected = peft_logits(theirs, ia3, IDS, marker="ia3_")
    torch.testing.assert_close(ours, expected, rtol=1e-5, atol=1e-5)


def test_it_starts_as_the_backbone_and_leaves_it_bare(tmp_path: Path) -> None:
    backbone = tiny(tmp_path, "llama")
    names = [name for name, _ in backbone.model.named_modules()]
    with torch.no_grad():
        bare = backbone.model(input_ids=IDS).logits
    ia3 = Ia3(backbone, Ia3Method(), seed=0)
    torch.testing.assert_close(logits(ia3, IDS), bare)
    scatter(ia3.trainable())
    assert not torch.allclose(logits(ia3, IDS), bare)
    assert [name for name, _ in backbone.model.named_modules()] == names
    (note,) = ia3.notes()
    assert "9 matrices of llama, k_proj, v_proj, down_proj" in note


def test_where_peft_makes_no_choice_it_is_refused(tmp_path: Path) -> None:
    with refused("ia3-modules-missing", backbone="phi3", family="phi3"):
        Ia3(tiny(tmp_path, "phi3"), Ia3Method(), seed=0)
