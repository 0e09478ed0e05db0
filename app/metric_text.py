"""How metrics are explained to people."""

from __future__ import annotations

from engine.contract.runs.scores import higher_is_better, metric_title

_EXPLANATIONS = {
    "bleu": "words and word sequences shared with the references; 0 to 100",
    "bleu_webnlg": "BLEU on words divided as in WebNLG's evaluation, at every hyphen too; 0 to 100",
    "nist": "as BLEU, but rare sequences weigh more; from 0, some 8 for a good system on E2E",
    "meteor": "words shared with a reference, stems, synonyms and paraphrases included; 0 to 100",
    "rouge_l": "longest common sequence of words as the E2E challenge takes it; 0 to 100",
    "cider": "sequences shared with the references, weighted by how rare they are; 0 to 10",
    "ter": "edits to the nearest reference for each 100 words of it, moving a phrase being one",
    "chrf": "sequences of letters shared with the nearest reference; 0 to 100",
    "rouge1": "words shared with the nearest reference; 0 to 100",
    "rouge2": "pairs of words shared with the nearest reference; 0 to 100",
    "rougeL": "longest common sequence of words, as in summarisation; 0 to 100",
    "bertscore": "words whose meaning an encoder finds in a reference; up to 100",
    "slot_error": "values of the input that are not said literally, in percent",
}


def metric_tip(metric: str) -> str:
    """What a metric counts and which way is better, for a tool tip."""
    known = _EXPLANATIONS.get(metric)
    way = "Higher is better" if higher_is_better(metric) else "Lower is better"
    return f"{metric_title(metric)}: {known}. {way}." if known else f"{way}."
