"""Make tests/golden/scores.json: a few texts and what the packages themselves say of them.

Called as `python tests/golden/make/scores.py`, with sacrebleu 2.6.0 and rouge-score 0.1.2. It
uses nothing of this project, so that our statistics are held against the packages' own corpus
scores.
"""

import json
from pathlib import Path

import sacrebleu
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

ROWS = [
    # Another case, and a tokeniser's matter: the number and the hyphen.
    (
        "the Heron Loop is a 4.5 km walk around the lake.",
        ["Heron Loop is a 4.5-km walk around the lake.", "Walk 4.5 km around the lake."],
    ),
    ("Foxglove Ridge climbs 620 metres.", ["Foxglove Ridge climbs 620 metres."]),
    ("", ["An output may be empty.", "It may.", "Yes."]),
    ("Dogs", ["Dogs are welcome on a lead."]),
    ("It is is is is open all year , dogs allowed .", ["It's open all year; dogs are allowed."]),
    ("Größe: 12 km², très joli", ["12 km² in size and très joli", "a pretty 12 km²"]),
    ("quite unrelated words here", ["Moss Hollow runs beside a stream in Elland."]),
]


def main() -> None:
    hypotheses = [hypothesis for hypothesis, _ in ROWS]
    groups = [references for _, references in ROWS]
    most = max(map(len, groups))
    columns = [[group[i] if i < len(group) else None for group in groups] for i in range(most)]
    bleu = BLEU(lowercase=True, tokenize="13a")
    sentence_bleu = BLEU(lowercase=True, tokenize="13a", effective_order=True)
    chrf = CHRF()
    names = ["rouge1", "rouge2", "rougeL"]
    scorer = RougeScorer(names, use_stemmer=True)
    pairs = list(zip(hypotheses, groups, strict=True))
    rouge = [scorer.score_multi(group, hypothesis) for hypothesis, group in pairs]
    rows = {
        "bleu": [sentence_bleu.sentence_score(h, group).score for h, group in pairs],
        "chrf": [chrf.sentence_score(h, group).score for h, group in pairs],
        **{name: [100 * scores[name].fmeasure for scores in rouge] for name in names},
    }
    corpus = {
        "bleu": bleu.corpus_score(hypotheses, columns).score,
        "chrf": chrf.corpus_score(hypotheses, columns).score,
        **{name: sum(rows[name]) / len(ROWS) for name in names},
    }
    golden = {
        "sacrebleu": sacrebleu.__version__,
        "bleu_signature": str(bleu.get_signature()),
        "chrf_signature": str(chrf.get_signature()),
        "rows": [{"output": h, "references": group} for h, group in pairs],
        "corpus_scores": corpus,
        "row_scores": rows,
    }
    path = Path(__file__).parents[1] / "scores.json"
    path.write_text(json.dumps(golden, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
