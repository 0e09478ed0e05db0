"""Make tests/golden/scores.json: a few texts and what the packages themselves say of them.

Called as `python tests/golden/make/scores.py`, with sacrebleu 2.6.0, rouge-score 0.1.2 and
pycocoevalcap 1.2, whose tokeniser needs Java. It uses nothing of this project, so that our
statistics are held against the packages' own corpus scores. NIST, which no package has as
mteval-v13a has it, is written out here word for word as its paper defines it.
"""

import json
import math
import re
from collections import Counter
from pathlib import Path

import sacrebleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.rouge.rouge import Rouge
from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.metrics.ter import TER
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

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


def grams(words: list[str], order: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[i : i + order]) for i in range(len(words) - order + 1))


def nist(pairs: list[tuple[str, list[str]]], weighed: list[tuple[str, list[str]]]) -> float:
    """NIST of `pairs` with the information weights and number of references of `weighed`."""
    tokenise = Tokenizer13a()
    known: Counter[tuple[str, ...]] = Counter()
    for _, group in weighed:
        for words in (tokenise(text.lower()).split() for text in group):
            known[()] += len(words)
            for n in range(1, 6):
                known += grams(words, n)
    information, total, length = [0.0] * 6, [0] * 6, 0.0
    for hypothesis, group in pairs:
        output = tokenise(hypothesis.lower()).split()
        texts = [tokenise(text.lower()).split() for text in group]
        length += sum(map(len, texts)) / max(len(group) for _, group in weighed)
        for n in range(1, 6):
            best: Counter[tuple[str, ...]] = Counter()
            for words in texts:
                best |= grams(words, n)
            for gram, count in (grams(output, n) & best).items():
                information[n] += count * math.log2(known[gram[:-1]] / known[gram])
            total[n] += max(len(output) - n + 1, 0)
    if total[1] == 0:
        return 0.0
    relative = min(total[1] / length, 1.0)
    beta = math.log(0.5) / math.log(1.5) ** 2
    score = sum(information[n] / max(total[n], 1) for n in range(1, 6))
    return score * math.exp(beta * math.log(relative) ** 2)


def divided(text: str) -> str:
    """As WebNLG's evaluation divides what it gives to multi-bleu.perl."""
    return " ".join(" ".join(re.split(r"(\W)", text.lower())).split())


def main() -> None:
    hypotheses = [hypothesis for hypothesis, _ in ROWS]
    groups = [references for _, references in ROWS]
    most = max(map(len, groups))
    columns = [[group[i] if i < len(group) else None for group in groups] for i in range(most)]
    bleu = BLEU(lowercase=True, tokenize="13a")
    sentence_bleu = BLEU(lowercase=True, tokenize="13a", effective_order=True)
    plain_bleu = BLEU(tokenize="none")
    plain_sentence_bleu = BLEU(tokenize="none", effective_order=True)
    chrf = CHRF()
    names = ["rouge1", "rouge2", "rougeL"]
    scorer = RougeScorer(names, use_stemmer=True)
    pairs = list(zip(hypotheses, groups, strict=True))
    rouge = [scorer.score_multi(group, hypothesis) for hypothesis, group in pairs]
    tokenise = PTBTokenizer().tokenize
    said = tokenise({i: [{"caption": h}] for i, (h, _) in enumerate(pairs)})
    given = tokenise({i: [{"caption": text} for text in g] for i, (_, g) in enumerate(pairs)})
    rows = {
        "nist": [nist([pair], pairs) for pair in pairs],
        "rouge_l_e2e": [100 * value for value in Rouge().compute_score(given, said)[1]],
        "cider": list(Cider().compute_score(given, said)[1]),
        "ter": [TER().sentence_score(h, group).score for h, group in pairs],
        "bleu": [sentence_bleu.sentence_score(h, group).score for h, group in pairs],
        "bleu_webnlg": [
            plain_sentence_bleu.sentence_score(divided(h), [divided(text) for text in group]).score
            for h, group in pairs
        ],
        "chrf": [chrf.sentence_score(h, group).score for h, group in pairs],
        **{name: [100 * scores[name].fmeasure for scores in rouge] for name in names},
    }
    corpus = {
        "nist": nist(pairs, pairs),
        "rouge_l_e2e": sum(rows["rouge_l_e2e"]) / len(ROWS),
        "cider": sum(rows["cider"]) / len(ROWS),
        "ter": TER().corpus_score(hypotheses, columns).score,
        "bleu": bleu.corpus_score(hypotheses, columns).score,
        "bleu_webnlg": plain_bleu.corpus_score(
            [divided(h) for h in hypotheses],
            [[text and divided(text) for text in column] for column in columns],
        ).score,
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
