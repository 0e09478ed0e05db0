"""Scores of words at a blank equal what transformers says of the same tokens, one by one."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.backbones.loading import Backbone
from engine.contract.methods.lora import LoraMethod
from engine.contract.methods.prefix import PrefixMethod
from engine.contract.methods.prompt import PromptMethod
from engine.contract.specs.starting import Init, PromptPlacement
from engine.contract.templates import parse_template
from engine.methods.base import System
from engine.methods.finetune import BareBackbone
from engine.methods.making import make_method, saved_system
from engine.templates.context import shared_length
from engine.templates.filling import TemplateFiller
from engine.templates.pieces import Pieces, PieceTokenizer
from engine.templates.scoring import WordScorer, read_ids
from tests.engine.other_methods import scatter
from tests.engine.tiny import load, tiny
from tests.helpers.tiny_backbones import save_tiny

TEXTS = ("Blue Spice is a coffee shop.", "home", "Alimentum serves French food near the river")
SINGLE = ("home", "river", "food")
SEVERAL = ("home", "coffee shop in the city", "less than")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("backbones")


def loaded(folder: Path, kind: str) -> Backbone:
    place = folder / kind
    return load(place) if place.exists() else tiny(folder, kind)


class Case:
    """A template on a backbone, with its inputs and words."""

    def __init__(self, backbone: Backbone, text: str, words: tuple[str, ...]) -> None:
        self.backbone = backbone
        self.tokenizer = PieceTokenizer(backbone.tokenizer, backbone.shape.kind)
        filler = TemplateFiller(
            parse_template(text), ("text",), tokenizer=self.tokenizer, max_tokens=64
        )
        self.words = [self.tokenizer.word(word, space=filler.has_space) for word in words]
        self.inputs: list[Pieces] = [filler.whole(filler.row([text]).pieces) for text in TEXTS]

    def scores(self, system: System) -> torch.Tensor:
        scorer = WordScorer(
            self.words, self.backbone.shape.kind, decoder_start=self.tokenizer.decoder_start
        )
        ids = [read_ids(each, self.backbone.embeddings) for each in self.inputs]
        blanks = [each.blank for each in self.inputs]
        with torch.no_grad(), system.active():
            return scorer.scores(system, ids, blanks, rows=range(len(ids)))


@torch.no_grad()
def of_decoder(case: Case) -> torch.Tensor:
    """One unpadded pass for each input and word."""
    rows = []
    for each in case.inputs:
        row = []
        for word in case.words:
            ids = torch.tensor([[*each.ids, *word]])
            said = case.backbone.model(input_ids=ids).logits[0].log_softmax(-1)
            start = len(each.ids) - 1
            row.append(sum(said[start + at, token] for at, token in enumerate(word)))
        rows.append(torch.stack(row))  # type: ignore[arg-type]
    return torch.stack(rows)


@torch.no_grad()
def of_encoder_decoder(case: Case) -> torch.Tensor:
    before = [case.backbone.decoder_start_id, *case.tokenizer.decoder_start]
    rows = []
    for each in case.inputs:
        row = []
        for word in case.words:
            read = torch.tensor([[*before, *word]])
            source = torch.tensor([each.ids.tolist()])
            output = case.backbone.model(input_ids=source, decoder_input_ids=read)
            said = output.logits[0].log_softmax(-1)
            start = len(before) - 1
            row.append(sum(said[start + at, token] for at, token in enumerate(word)))
        rows.append(torch.stack(row))  # type: ignore[arg-type]
    return torch.stack(rows)


@torch.no_grad()
def of_masked(case: Case) -> torch.Tensor:
    rows = []
    for each in case.inputs:
        output = case.backbone.model(input_ids=torch.tensor([each.ids.tolist()]))
        said = output.logits[0, each.blank].log_softmax(-1)
        rows.append(torch.stack([said[word[0]] for word in case.words]))
    return torch.stack(rows)


@pytest.mark.parametrize("words", [SINGLE, SEVERAL], ids=["single", "several"])
@pytest.mark.parametrize("kind", ["gpt2", "llama", "opt"])
def test_a_decoders_scores_are_log_likelihoods(
    kind: str, words: tuple[str, ...], folder: Path
) -> None:
    case = Case(loaded(folder, kind), "{text}: [blank]", words)
    torch.testing.assert_close(case.scores(BareBackbone(case.backbone)), of_decoder(case))


@pytest.mark.parametrize("words", [SINGLE, SEVERAL], ids=["single", "several"])
@pytest.mark.parametrize("kind", ["t5", "bart"])
def test_an_encoder_decoder_writes_the_word_first(
    kind: str, words: tuple[str, ...], folder: Path
) -> None:
    case = Case(loaded(folder, kind), "{text}: [blank]", words)
    expected = of_encoder_decoder(case)
    torch.testing.assert_close(
        case.scores(BareBackbone(case.backbone)), expected, rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("kind", ["bert", "roberta", "albert", "distilbert"])
def test_a_masked_model_fills_its_mask(kind: str, folder: Path) -> None:
    case = Case(loaded(folder, kind), "{text} It is [blank] here.", ("a", "b", "c"))
    case.words = [word[:1] for word in case.words]
    expected = of_masked(case)
    torch.testing.assert_close(
        case.scores(BareBackbone(case.backbone)), expected, rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("kind", ["llama", "t5", "roberta"])
def test_vectors_in_a_template_that_are_words_read_as_these_words(kind: str, folder: Path) -> None:
    backbone = loaded(folder, kind)
    words = "home city river"
    ids = backbone.tokenizer(words, add_special_tokens=False)["input_ids"]
    length = len(ids)
    method = PromptMethod(length, Init.WORDS, words, placement=PromptPlacement.TEMPLATE)
    soft = Case(backbone, f"[soft*{length}]{{text}} is [blank]", ("a", "b"))
    plain = Case(backbone, f"[soft*{length}]{{text}} is [blank]", ("a", "b"))
    for case in (plain, soft):
        case.words = [word[:1] for word in case.words]
    for each in plain.inputs:
        for (index, _), token in zip(each.soft, ids, strict=True):
            each.ids[index] = token
        each.soft = []
    made = make_method(backbone, method, seed=0)
    expected = plain.scores(BareBackbone(backbone))
    torch.testing.assert_close(soft.scores(made), expected, rtol=1e-4, atol=1e-4)
    restored = saved_system(backbone, method, made.artifact().tensors)  # type: ignore[union-attr]
    torch.testing.assert_close(soft.scores(restored), soft.scores(made))


@pytest.mark.parametrize("kind", ["gpt2", "bert"])
def test_all_vectors_and_the_backbone_have_a_gradient(kind: str, folder: Path) -> None:
    backbone = loaded(folder, kind)
    method = PromptMethod(
        3, Init.RANDOM, placement=PromptPlacement.TEMPLATE, train_backbone=True, backbone_rate=1e-4
    )
    made = make_method(backbone, method, seed=0)
    case = Case(backbone, "[soft*2]{text}[soft] is [blank]", ("a", "b"))
    case.words = [word[:1] for word in case.words]
    scorer = WordScorer(case.words, backbone.shape.kind)
    ids = [read_ids(each, backbone.embeddings) for each in case.inputs]
    with made.active():
        scorer.scores(made, ids, [each.blank for each in case.inputs]).sum().backward()
    gradients = {name: each.grad for name, each in made.trainable().items()}
    vectors = gradients["embedding.weight"]
    assert vectors is not None
    assert bool((vectors.abs().sum(dim=1) > 0).all())
    assert sum(name.startswith("backbone.") for name in gradients) > 5
    assert set(made.learning_rates()) == {
        name for name in gradients if name.startswith("backbone.")
    }


def test_words_are_compared_behind_a_prefix_too(folder: Path) -> None:
    backbone = loaded(folder, "llama")
    method = make_method(backbone, PrefixMethod(prefix_length=4, mid_dim=8), seed=0)
    single = Case(backbone, "{text}: [blank]", SINGLE)
    several = Case(backbone, "{text}: [blank]", SINGLE)
    several.words = [*single.words, [*single.words[0], 5]]  # which needs a pass for each word
    torch.testing.assert_close(
        single.scores(method), several.scores(method)[:, :-1], rtol=1e-4, atol=1e-4
    )


def test_a_saved_backbone_beside_its_vectors_is_restored(folder: Path) -> None:
    backbone = load(save_tiny(folder / "own", "gpt2", seed=3))
    method = PromptMethod(2, Init.RANDOM, placement=PromptPlacement.TEMPLATE, train_backbone=True)
    made = make_method(backbone, method, seed=0)
    with torch.no_grad():
        for parameter in made.trainable().values():
            parameter.add_(0.01)
    case = Case(backbone, "[soft*2]{text} is [blank]", SINGLE)
    artifact = made.artifact()
    assert artifact is not None
    restored = saved_system(backbone, method, artifact.tensors)
    torch.testing.assert_close(case.scores(restored), case.scores(made))


@pytest.mark.parametrize("words", [SINGLE, SEVERAL], ids=["single", "several"])
@pytest.mark.parametrize("kind", ["gpt2", "llama", "opt", "mistral", "qwen3"])
def test_a_beginning_that_is_read_once_changes_no_score(
    kind: str, words: tuple[str, ...], folder: Path
) -> None:
    backbone = loaded(folder, kind)
    lora = make_method(backbone, LoraMethod(rank=2), seed=0)
    scatter(lora.trainable())
    before = "Blue Spice is a coffee shop in the city centre. It has 3 out of 5 stars. " * 2
    case = Case(backbone, f"{before}{{text}}: [blank]", words)
    for system in (BareBackbone(backbone), lora):
        together = case.scores(system)
        pairs = [(each.ids, case.words[0]) for each in case.inputs]
        with torch.no_grad():
            assert shared_length(system, pairs) >= 32
        with system.active():
            expected = of_decoder(case)
        torch.testing.assert_close(together, expected, rtol=1e-4, atol=1e-4)
