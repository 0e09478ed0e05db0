"""Items of SuperGLUE's and SQuAD's files: one row for each option or question.

COPA, MultiRC and WSC ask about a row's own options, which are no fixed labels: each option becomes
a row of its own, "true" or "false", and rows of one question have the same number.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.data.json_rows import Cells, Keeps, NotAnItemError, Rejection, rows_of_columns, text_of
from engine.data.text_lists import list_cell

COPA_COLUMNS = ("premise", "question", "choice", "label", "idx")
MULTIRC_COLUMNS = ("passage", "question", "choice", "label", "idx")
WSC_COLUMNS = ("text", "span1_text", "span2_text", "label", "idx")
SQUAD_COLUMNS = ("context", "question", "answers", "answer_start", "title", "id")
_CHOICES = ("choice1", "choice2")


def is_copa(item: dict[str, Any]) -> bool:
    """Whether it has a premise and two choices."""
    return all(isinstance(item.get(key), str) for key in ("premise", *_CHOICES))


def copa_rows(item: dict[str, Any], _keeps: Keeps) -> Iterator[Cells]:
    """A row for each choice.

    Raises:
        NotAnItemError: the label names neither.
    """
    label = text_of(item.get("label"))
    if label not in ("", "0", "1", "-1"):
        raise NotAnItemError(f"the label is {label[:40]!r}, not 0 or 1")
    for number, choice in enumerate(_CHOICES):
        right = "" if label in ("", "-1") else "true" if label == str(number) else "false"
        question = text_of(item.get("question"))
        row = (item["premise"], question, item[choice], right, text_of(item.get("idx")))
        yield dict(zip(COPA_COLUMNS, row, strict=True))


def is_multirc(item: dict[str, Any]) -> bool:
    """Whether it has a passage with questions and their answers."""
    passage = item.get("passage")
    return isinstance(passage, dict) and isinstance(passage.get("questions"), list)


def multirc_rows(item: dict[str, Any], _keeps: Keeps) -> Iterator[Cells | Rejection]:
    """A row for each answer of each question."""
    passage = item["passage"]
    for question in passage["questions"]:
        answers = question.get("answers") if isinstance(question, dict) else None
        if not isinstance(answers, list):
            yield Rejection("a question has no list of answers", str(question))
            continue
        idx = f"{text_of(item.get('idx'))}-{text_of(question.get('idx'))}"
        for answer in answers:
            if not isinstance(answer, dict):
                yield Rejection("an answer is no object with a text and a label", str(answer))
                continue
            label = {"1": "true", "0": "false"}.get(text_of(answer.get("label")), "")
            texts = (passage.get("text"), question.get("question"), answer.get("text"))
            row = (*map(text_of, texts), label, idx)
            yield dict(zip(MULTIRC_COLUMNS, row, strict=True))


def is_wsc(item: dict[str, Any]) -> bool:
    """Whether it has a text and two spans of it."""
    target = item.get("target")
    return (
        isinstance(item.get("text"), str)
        and isinstance(target, dict)
        and {"span1_text", "span2_text"} <= target.keys()
    )


def wsc_rows(item: dict[str, Any], _keeps: Keeps) -> Iterator[Cells]:
    """Its row, without the numbers of the words."""
    target = item["target"]
    spans = (text_of(target["span1_text"]), text_of(target["span2_text"]))
    row = (item["text"], *spans, text_of(item.get("label")), text_of(item.get("idx")))
    yield dict(zip(WSC_COLUMNS, row, strict=True))


def is_squad(item: dict[str, Any]) -> bool:
    """Whether it has paragraphs with questions, or is such a paragraph."""
    is_paragraph = isinstance(item.get("context"), str) and isinstance(item.get("qas"), list)
    return is_paragraph or isinstance(item.get("paragraphs"), list)


def squad_rows(item: dict[str, Any], _keeps: Keeps) -> Iterator[Cells | Rejection]:
    """A row for each question, without an answer where it is impossible."""
    title = text_of(item.get("title"))
    for paragraph in item.get("paragraphs", [item]):
        context = paragraph.get("context") if isinstance(paragraph, dict) else None
        questions = paragraph.get("qas") if isinstance(paragraph, dict) else None
        if not isinstance(context, str) or not isinstance(questions, list):
            yield Rejection("a paragraph has no context with a list of questions", str(paragraph))
            continue
        for question in questions:
            if not isinstance(question, dict) or not isinstance(question.get("question"), str):
                yield Rejection("a question has no text", str(question))
                continue
            try:
                texts, starts = _answers(question)
            except NotAnItemError as error:
                yield Rejection(str(error), str(question))
                continue
            row = (context, question["question"], list_cell(texts), list_cell(starts))
            cells = (*row, title, text_of(question.get("id")))
            yield dict(zip(SQUAD_COLUMNS, cells, strict=True))


def _answers(question: dict[str, Any]) -> tuple[list[str], list[str]]:
    """The different answers with where each starts.

    Raises:
        NotAnItemError: the answers are no list of texts, or of objects with one.
    """
    if text_of(question.get("is_impossible")) == "true":
        return [], []
    answers = rows_of_columns(question.get("answers", []))
    if not isinstance(answers, list):
        raise NotAnItemError("the answers are no list")
    starts: dict[tuple[str, str], None] = {}
    for answer in answers:
        inner = answer if isinstance(answer, dict) else {"text": answer}
        text = inner.get("text")
        if not isinstance(text, str):
            raise NotAnItemError("an answer has no text")
        if text.strip():
            starts.setdefault((text, text_of(inner.get("answer_start"))))
    if not any(start for _, start in starts):
        return [text for text, _ in starts], []
    return [text for text, _ in starts], [start or "none" for _, start in starts]
