"""Scores of texts in other scripts than Latin: what is right scores 100, whoever reads it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.cli.main import EXIT_USER, run
from engine.contract.runs.coverage import Said, coverage
from engine.contract.runs.outputs import write_outputs
from engine.contract.runs.scores import Absent, OutputRow, Score
from engine.metrics import division
from engine.metrics.division import DEFAULT, division_of, unicode_words
from engine.metrics.scoring import score_whole
from tests.helpers.errors import refused
from tests.helpers.metrics import MEANS_OF_TEXTS

TEXTS = {
    "ru": ("Гостиница находится у реки.", "В городе есть два музея и парк.", "Вход открыт."),
    "ar": ("يقع الفندق بالقرب من النهر.", "في المدينة متحفان وحديقة كبيرة.", "المدخل مفتوح."),
    "el": ("Το ξενοδοχείο είναι κοντά στο ποτάμι.", "Η πόλη έχει δύο μουσεία.", "Είναι ανοιχτά."),
    "hi": ("होटल नदी के पास स्थित है।", "शहर में दो संग्रहालय और एक पार्क है।", "द्वार खुला है।"),
    "he": ("המלון נמצא ליד הנהר.", "בעיר יש שני מוזיאונים ופארק.", "הכניסה פתוחה."),
    "ka": ("სასტუმრო მდინარესთან მდებარეობს.", "ქალაქში ორი მუზეუმი და პარკია.", "კარი ღიაა."),
    "zh": ("酒店位于河边。", "城里有两座博物馆和一个公园。", "入口开放。"),
    "ja": ("ホテルは川の近くにあります。", "町には博物館が二つあります。", "入口は開いています。"),
    "ko": (
        "호텔은 강 근처에 있습니다.",
        "도시에는 박물관 두 곳과 공원이 있습니다.",
        "열려 있습니다.",
    ),
    "th": ("โรงแรมตั้งอยู่ใกล้แม่น้ำ", "เมืองมีพิพิธภัณฑ์สองแห่ง", "ทางเข้าเปิดอยู่"),
    "my": ("ဟိုတယ်သည် မြစ်အနီးတွင် ရှိသည်။", "မြို့တွင် ပြတိုက်နှစ်ခု ရှိသည်။", "ဖွင့်ထားသည်။"),
    "vi": ("Khách sạn nằm gần sông.", "Thành phố có hai bảo tàng và công viên.", "Mở cửa."),
    "en": ("The hotel is near the river.", "The town has two museums and a park.", "It is open."),
}


def rows(outputs: tuple[str, ...], references: tuple[str, ...]) -> list[OutputRow]:
    pairs = zip(outputs, references, strict=True)
    return [OutputRow(str(n), "in", one, (other,)) for n, (one, other) in enumerate(pairs)]


def by_name(found: tuple[Score | Absent, ...]) -> dict[str, Score]:
    assert all(isinstance(one, Score) for one in found), found
    return {one.metric: one for one in found if isinstance(one, Score)}


@pytest.mark.parametrize("language", TEXTS)
def test_what_equals_its_reference_scores_100(language: str) -> None:
    texts = TEXTS[language]
    found = by_name(score_whole(rows(texts, texts), (*MEANS_OF_TEXTS, "ter"), decoding="")[0])
    assert {name: round(found[name].value, 6) for name in MEANS_OF_TEXTS} == dict.fromkeys(
        MEANS_OF_TEXTS, 100
    )
    assert found["ter"].value == 0
    weighted = by_name(score_whole(rows(texts, texts), ("nist", "cider"), decoding="")[0])
    assert weighted["nist"].value > 1
    assert weighted["cider"].value > 1


@pytest.mark.parametrize("language", TEXTS)
def test_what_is_partly_right_scores_between(language: str) -> None:
    texts = TEXTS[language]
    turned = (texts[0][: len(texts[0]) * 3 // 4], texts[1], texts[0])
    found = by_name(
        score_whole(rows(turned, texts), ("bleu", "rougeL", "rouge_l_e2e"), decoding="")[0]
    )
    assert all(10 < one.value < 95 for one in found.values()), found


@pytest.mark.parametrize(
    ("language", "tokenizer", "rouge", "words"),
    [
        ("zh", "zh", "unicode", "unicode"),
        ("th", "char", "unicode", "unicode"),
        ("my", "char", "unicode", "unicode"),
        ("ru", "13a", "unicode", "ptb"),
        ("hi", "13a", "unicode", "ptb"),
        ("vi", "13a", "a-z0-9", "ptb"),
        ("en", "13a", "a-z0-9", "ptb"),
    ],
)
def test_signatures_say_how_texts_were_divided(
    language: str, tokenizer: str, rouge: str, words: str
) -> None:
    texts = TEXTS[language]
    found = by_name(score_whole(rows(texts, texts), ("bleu", "rougeL", "cider"), decoding="")[0])
    tokens = {name: one.signature.split("|tok:")[1].split("|")[0] for name, one in found.items()}
    assert tokens == {"bleu": tokenizer, "rougeL": rouge, "cider": words}


@pytest.mark.parametrize(
    ("language", "extra", "without"), [("ja", "japanese", "char"), ("ko", "korean", DEFAULT)]
)
def test_without_its_extra_a_tokenizer_is_replaced_and_that_is_said(
    language: str, extra: str, without: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(division, "find_spec", lambda _name: None)
    texts = TEXTS[language]
    chosen = division_of([texts])
    assert chosen.tokenizer == without
    assert f"pip install -e '.[{extra}]'" in chosen.note
    (bleu,) = score_whole(rows(texts, texts), ["bleu"], decoding="")[0]
    assert isinstance(bleu, Score)
    assert bleu.value == pytest.approx(100)
    with refused("tokenizer-not-installed", name=f"{language}-mecab"):
        division_of([texts], f"{language}-mecab")


@pytest.mark.parametrize(("language", "module"), [("ja", "MeCab"), ("ko", "mecab_ko")])
def test_with_its_extra_words_are_those_of_a_dictionary(language: str, module: str) -> None:
    pytest.importorskip(module)
    texts = TEXTS[language]
    (bleu,) = score_whole(rows(texts, texts), ["bleu"], decoding="")[0]
    assert isinstance(bleu, Score)
    assert f"|tok:{language}-mecab-" in bleu.signature


def test_names_in_latin_letters_do_not_hide_the_script() -> None:
    assert division_of([["Blue Spice 是一家咖啡店，靠近 The Rice Boat 餐厅。"]]).tokenizer == "zh"
    assert division_of([["The Chinese 茶 is served here, near the river."]]).tokenizer == DEFAULT


def test_english_with_a_row_in_another_script_loses_no_row() -> None:
    texts = (*TEXTS["en"], "Кот")
    (score,), filled = score_whole(rows(texts, texts), ["rougeL"], decoding="")
    assert isinstance(score, Score)
    assert score.value == 100
    assert "|tok:unicode|" in score.signature
    assert "|n:4|" in score.signature
    assert all(row.row_scores == (("rougeL", 100.0),) for row in filled)


@pytest.mark.parametrize("metric", ["rouge1", "rougeL", "rouge_l_e2e", "cider"])
def test_where_no_reference_has_a_word_the_score_is_absent(metric: str) -> None:
    signs = ("🍕🍕🍕", "?!", "…")
    (found,) = score_whole(rows(signs, signs), [metric], decoding="")[0]
    assert isinstance(found, Absent)
    assert "No reference has a word" in found.reason
    some, _ = score_whole(rows((*signs, "a hut"), (*signs, "a hut")), [metric], decoding="")
    assert isinstance(some[0], Score)
    assert "|n:1/4|" in some[0].signature


def test_scores_of_english_texts_do_not_change_with_the_unicode_words() -> None:
    text = "It's 4.5 km to the Café-Bar; don't go!"
    assert unicode_words(text) == ["it", "s", "4", "5", "km", "to", "the", "café", "bar", "don",
                                   "t", "go"]  # fmt: skip
    assert division_of([[text]]).unicode is False


@pytest.mark.parametrize(
    ("value", "output", "said"),
    [
        ("河边", "酒店位于河边。", Said.EXACT),
        ("川", "ホテルは川の近くです。", Said.EXACT),
        ("호텔", "호텔은 강 근처에 있습니다.", Said.EXACT),
        ("แม่น้ำ", "โรงแรมใกล้แม่น้ำ", Said.EXACT),
        ("河边", "酒店位于市中心。", Said.MISSING),
        ("hut", "the huts", Said.MISSING),
    ],
)
def test_values_are_found_where_nothing_stands_between_words(
    value: str, output: str, said: Said
) -> None:
    assert coverage([("k", value)], output).said == (said,)


def test_score_takes_a_tokenizer_and_says_what_was_chosen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = TEXTS["zh"]
    write_outputs(tmp_path / "zh.jsonl", rows(texts, texts))
    words = ["score", str(tmp_path / "zh.jsonl"), "--metrics", "bleu,nist,rougeL"]
    assert run([*words, "--json"]) == 0
    said = capsys.readouterr()
    assert "The references are Chinese" in said.err
    assert "|tok:zh|" in json.loads(said.out)["bleu"]["signature"]
    assert run([*words, "--json", "--tokenizer", "char"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert "|tok:char|" in found["bleu"]["signature"]
    assert "|tok:char|" in found["nist"]["signature"]
    assert run([*words, "--tokenizer", "13a", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["bleu"]["value"] == 0
    for wrong in ("nosuch", "flores200"):
        assert run([*words, "--tokenizer", wrong]) == EXIT_USER
        assert wrong in capsys.readouterr().err
