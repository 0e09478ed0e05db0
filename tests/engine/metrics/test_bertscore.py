"""BERTScore against its definition, on a small random encoder made here."""

import math
import shutil
from pathlib import Path

import pytest
import torch
import transformers

from engine.contract.runs.scores import Absent, Encoder, OutputRow, Score
from engine.metrics.bertscore import Bertscore
from engine.metrics.metric import Unavailable
from engine.metrics.scoring import score_rows, score_whole
from engine.reporter import Silent
from tests.helpers.errors import refused
from tests.helpers.tiny_encoder import WORDS

OUTPUTS = ["the lake lies in elland", "a hill", "the long stony hill", "", "the quagga"]
REFERENCES = [
    ["the lake is in elland", "a lake lies north of elland"],
    ["the stony hill is long"],
    ["the long stony hill"],
    ["a lake"],
    ["the zanzibar lake", "a quagga"],
]


Tokens = list[tuple[torch.Tensor, float]]


def nearest(own: Tokens, other: Tokens) -> float:
    """Mean, by weight, of each token's largest cosine with a token of the other text."""
    total = sum(weight for _, weight in own)
    found = 0.0
    for state, weight in own:
        found += weight * max(float(torch.cosine_similarity(state, o, dim=0)) for o, _ in other)
    return found / total if total else 0.0


def by_definition(encoder: Path, layer: int, *, idf: bool) -> list[float]:
    """Zhang et al. 2020, section 3, a text and a token at a time."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(encoder)
    model = transformers.AutoModel.from_pretrained(encoder).eval()
    texts = [set(tokenizer(text)["input_ids"]) for group in REFERENCES for text in group]

    def read(text: str) -> Tokens:
        encoded = tokenizer(text, return_tensors="pt")
        with torch.no_grad():
            states = model(**encoded, output_hidden_states=True).hidden_states[layer][0]
        found = []
        for token, state in zip(encoded["input_ids"][0].tolist(), states, strict=True):
            holding = sum(token in one for one in texts)
            weight = math.log((len(texts) + 1) / (holding + 1)) if idf else 1.0
            found.append((state, 0.0 if token in (2, 3) else weight))
        return found

    scores = []
    for output, group in zip(OUTPUTS, REFERENCES, strict=True):
        best = 0.0
        for reference in group if output else ():
            precision = nearest(read(output), read(reference))
            recall = nearest(read(reference), read(output))
            best = max(best, 2 * precision * recall / (precision + recall))
        scores.append(100 * best)
    return scores


@pytest.mark.parametrize(("layer", "idf"), [(None, False), (1, False), (0, True), (None, True)])
def test_rows_are_as_defined(encoder: Path, layer: int | None, idf: bool) -> None:
    metric = Bertscore(encoder=Encoder(str(encoder), layer, idf))
    counted = metric.statistics(OUTPUTS, REFERENCES, reporter=Silent())
    expected = by_definition(encoder, 2 if layer is None else layer, idf=idf)
    assert metric.rows(counted) == pytest.approx(expected, abs=1e-3)
    assert metric.from_sums(counted.sum(axis=0)) == pytest.approx(sum(expected) / 5, abs=1e-3)
    assert metric.rows(counted)[2] == pytest.approx(100, abs=1e-3)
    assert metric.rows(counted)[3] == 0


def test_texts_longer_than_the_encoder_reads_are_cut(encoder: Path) -> None:
    text = " ".join(WORDS * 5)
    counted = Bertscore(encoder=Encoder(str(encoder))).statistics(
        [text], [[text]], reporter=Silent()
    )
    assert counted[0, 0] == pytest.approx(100, abs=1e-3)


def test_signature_names_encoder_layer_and_weights(encoder: Path) -> None:
    signature = Bertscore(encoder=Encoder(str(encoder), 1, idf=True)).signature()
    assert signature == (
        f"encoder:tiny|layer:1|idf:yes|stat:f|multi:best|transformers:{transformers.__version__}"
    )
    named = Bertscore(encoder=Encoder("some/encoder")).signature()
    assert named.startswith("encoder:some/encoder|layer:last|idf:no|")


def test_without_an_encoder_it_is_absent_beside_the_others() -> None:
    pairs = zip(OUTPUTS, REFERENCES, strict=True)
    rows = [OutputRow(output, "", output, tuple(group)) for output, group in pairs]
    found = score_whole(rows, ["bertscore", "bleu"], decoding="")[0]
    with refused("bertscore-without-encoder", Unavailable) as caught:
        score_rows(rows, ["bertscore", "bleu"], decoding="")
    assert found[0] == Absent("bertscore", caught.value.message)
    assert isinstance(found[1], Score)


def test_what_is_no_encoder_here_is_refused(encoder: Path, tmp_path: Path) -> None:
    for name in (str(tmp_path), "no-such/encoder"):
        with refused("encoder-not-readable", Unavailable, name=name):
            Bertscore(encoder=Encoder(name)).statistics(["a"], [["a"]], reporter=Silent())
    with refused("no-such-encoder-layer", Unavailable, layer=3, name=str(encoder), layers=2):
        Bertscore(encoder=Encoder(str(encoder), 3)).statistics(["a"], [["a"]], reporter=Silent())


def test_torn_weights_are_named(encoder: Path, tmp_path: Path) -> None:
    torn = shutil.copytree(encoder, tmp_path / "torn")
    weights = torn / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    with refused("encoder-not-readable", Unavailable, name=str(torn)) as caught:
        Bertscore(encoder=Encoder(str(torn))).statistics(["a"], [["a"]], reporter=Silent())
    assert "header" in str(caught.value.values["reason"])
