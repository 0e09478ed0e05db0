"""Infix-tuning (paper, section 7.3): the vectors stand between source and target."""

from pathlib import Path

import pytest
import torch
from transformers import DynamicCache

from engine.backbones.loading import Backbone
from engine.contract.errors import UserError
from engine.contract.methods.prefix import Depth, Init, Parametrisation, Placement, PrefixMethod
from engine.contract.specs.training import DecodingSpec, Strategy
from engine.decoding.decoder import decode
from engine.methods.attention import KeyValues
from engine.methods.prefix import PrefixTuning, SavedPrefix
from engine.reporter import Silent
from engine.tasks.generation.batches import TokenRow, collate_for, token_row
from engine.tasks.generation.loss import loss_sum
from tests.engine.tiny import tiny
from tests.helpers.errors import refused

FAMILIES = ("gpt2", "llama", "opt", "gpt_neox", "qwen3", "gemma")
ROWS = [
    token_row([5, 6, 7, 20], [8, 9, 0]),
    token_row([*range(10, 20), 20], [3, 4, 5, 6, 0]),
    token_row([30, 20], [12, 0]),
]


def infix(backbone: Backbone, length: int = 5, **changes: object) -> PrefixTuning:
    settings = {"parametrisation": Parametrisation.DIRECT, "init": Init.RANDOM, **changes}
    method = PrefixMethod(prefix_length=length, position=Placement.INFIX, **settings)
    return PrefixTuning(backbone, method, seed=1)


def reference_loss(backbone: Backbone, key_values: KeyValues, row: TokenRow) -> float:
    """The cache route: the source read alone, then the infix put into its cache."""
    model = type(backbone.model).from_pretrained(backbone.folder, attn_implementation="eager")
    model.eval()
    *before, separator = row.source
    length = next(iter(key_values.values())).shape[2]
    rotary = any(name.endswith("rotary_emb") for name, _ in model.named_modules())
    start = -len(before) if rotary else 0
    cache = DynamicCache()
    with torch.no_grad():
        model(
            input_ids=torch.tensor([before]),
            position_ids=torch.arange(start, start + len(before))[None],
            past_key_values=cache,
        )
        for layer, site in enumerate(sorted(key_values)):
            key, value = key_values[site]
            cache.update(key[None], value[None], layer)
        rest = [separator, *row.target[:-1]]
        first = start + len(before) + length
        logits = model(
            input_ids=torch.tensor([rest]),
            attention_mask=torch.ones(1, len(before) + length + len(rest), dtype=torch.long),
            position_ids=torch.arange(first, first + len(rest))[None],
            past_key_values=cache,
        ).logits
    labels = torch.tensor(list(row.target))
    return float(torch.nn.functional.cross_entropy(logits[0], labels, reduction="sum"))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("length", [1, 30])
def test_the_loss_equals_the_cache_route_alone_and_padded(
    family: str, length: int, tmp_path: Path
) -> None:
    backbone = tiny(tmp_path, family)
    tuned = infix(backbone, length)
    expected = [reference_loss(backbone, tuned.folded(), row) for row in ROWS]
    with torch.no_grad(), tuned.active():
        alone = [float(loss_sum(tuned, collate_for(backbone, [row]))) for row in ROWS]
        together = float(loss_sum(tuned, collate_for(backbone, ROWS)))
    assert alone == pytest.approx(expected, rel=1e-4)
    assert together == pytest.approx(sum(expected), rel=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_source_does_not_see_it(family: str, tmp_path: Path) -> None:
    backbone = tiny(tmp_path, family)
    tuned = infix(backbone)
    batch = collate_for(backbone, ROWS[:1])
    behind = torch.tensor([[False, False, False, True, True, True]])
    with torch.no_grad(), tuned.active():
        with tuned.batch([0], batch.attention_mask, behind) as positions:
            ours = backbone.model(input_ids=batch.input_ids, position_ids=positions).logits
        bare = backbone.model(input_ids=batch.input_ids, position_ids=positions).logits
    torch.testing.assert_close(ours[:, :3], bare[:, :3], rtol=0, atol=1e-5)
    assert (ours[:, 3:] - bare[:, 3:]).abs().max() > 0.01


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("strategy", [Strategy.GREEDY, Strategy.BEAM], ids=lambda s: s.value)
def test_a_batch_decodes_as_its_rows_alone_and_as_the_whole_text_scores(
    family: str, strategy: Strategy, tmp_path: Path
) -> None:
    backbone = tiny(tmp_path, family)
    stored = SavedPrefix(backbone, infix(backbone).folded(), position=Placement.INFIX)
    spec = DecodingSpec(strategy=strategy, num_beams=3, max_new_tokens=8, batch_size=3)
    prompts = [list(row.source) for row in ROWS]
    together = decode(stored, prompts, spec, Silent()).texts
    assert together == tuple(decode(stored, [one], spec, Silent()).texts[0] for one in prompts)
    if strategy is Strategy.GREEDY:
        assert together == tuple(step_by_step(stored, prompt, 8) for prompt in prompts)


def step_by_step(stored: SavedPrefix, prompt: list[int], steps: int) -> str:
    """Greedy decoding without a cache: the whole text anew for each token."""
    backbone, ids = stored.backbone, list(prompt)
    with torch.no_grad(), stored.active():
        for _ in range(steps):
            tokens = torch.tensor([ids])
            behind = (torch.arange(len(ids)) >= len(prompt) - 1)[None]
            with stored.batch([0], torch.ones_like(tokens), behind) as positions:
                logits = backbone.model(input_ids=tokens, position_ids=positions).logits
            ids.append(int(logits[0, -1].argmax()))
            if ids[-1] == backbone.tokenizer.eos_token_id:
                break
    text: str = backbone.tokenizer.decode(ids[len(prompt) :], skip_special_tokens=True)
    return text.strip()


def test_what_an_infix_cannot_be_is_refused(tmp_path: Path) -> None:
    with refused("infix-needs-decoder", backbone="bart"):
        infix(tiny(tmp_path, "bart"))
    with pytest.raises(UserError, match="An infix is trained in all layers, not as embeddings"):
        PrefixMethod(position=Placement.INFIX, depth=Depth.EMBEDDING_ONLY)
