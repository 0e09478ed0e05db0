"""The shipped sample data: large and varied enough, and its texts say what its tables say."""

import csv
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "resources" / "samples" / "trails.csv"
FIELDS = (
    "name",
    "region",
    "length",
    "ascent",
    "difficulty",
    "terrain",
    "highlight",
    "season",
    "dogs",
)
Row = dict[str, str]

UNITS = {
    "km": r"(km|kilomet(re|er)s?)",
    "m": r"(m|met(re|er)s?)",
    "miles": r"(mi|miles?)",
    "mile": r"(mi|miles?)",
    "ft": r"(ft|feet|foot)",
}
DIFFICULTIES = {
    "easy": r"easy|easily|easiest|easygoing|gentle|gently|undemanding|effortless|simple|leisurely",
    "moderate": r"moderate|moderately|medium|middling",
    "hard": r"hard|harder|tough|demanding|strenuous|challenging|difficult|arduous|stiff",
}
SEASONS = {
    "all year": r"all year|year-round|(any|every) (time of year|season|month)|whatever the season"
    r"|never closes",
    "autumn": r"autumn",
    "fall": r"fall",
}
DOGS = {
    "yes": r"\bdogs?\b",
    "no": r"\b(no|not|without|leave|stay|home|closed|banned|forbidden|off limits|cannot|bars)\b"
    r"|n't",
    "on lead": r"\b(lead|leads|leash|leashed)\b",
}
REFUSAL = re.compile(
    r"(no|not|n't|never|without|leave \w+) (\w+ ){0,3}dogs?\b|dogs? (\w+ ){0,3}(not|n't)"
)


def words(text: str) -> str:
    """Lower case, with anything but letters, digits and points in numbers as single spaces."""
    text = text.lower().replace("’", "'")
    return re.sub(r"[^\w.'/]+|[.](?!\d)", " ", text).strip()


def says(field: str, value: str, text: str) -> bool:
    """Whether a text says a value, in one of the ways that people write it."""
    said = words(text)
    if field in ("length", "ascent"):
        number, unit = value.split()
        amount = re.escape(number)
        return bool(re.search(rf"(?<![\d.,]){amount}[\s-]*(\w+[\s-]+)?{UNITS[unit]}\b", text))
    if field == "difficulty":
        return bool(re.search(rf"\b({DIFFICULTIES[value]})\b", said))
    if field == "season":
        if value in SEASONS:
            return bool(re.search(SEASONS[value], text.lower()))
        return all(month in said.split() for month in value.lower().split(" to "))
    if field == "dogs":
        return "dog" in said and bool(re.search(DOGS[value], said))
    return bool(re.search(rf"\b{re.escape(words(value))}\b", said))


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    with open(FILE, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, strict=True))


@pytest.fixture(scope="module")
def groups(rows: list[Row]) -> dict[tuple[str, ...], list[str]]:
    """Texts of each input."""
    texts = defaultdict(list)
    for row in rows:
        texts[tuple(row[field] for field in FIELDS)].append(row["text"])
    return texts


def test_columns_and_cells(rows: list[Row]) -> None:
    for row in rows:
        assert tuple(row) == (*FIELDS, "text")
        assert all(cell == " ".join(cell.split()) for cell in row.values()), row
        assert row["name"]
        assert row["region"]
        assert row["difficulty"] in DIFFICULTIES
        assert row["dogs"] in ("", "yes", "no", "on lead")
        assert row["text"].endswith((".", "!", "?")), row["text"]


def test_there_are_enough_inputs_with_one_to_four_texts(
    groups: dict[tuple[str, ...], list[str]],
) -> None:
    assert len(groups) >= 330
    counts = Counter(len(texts) for texts in groups.values())
    assert set(counts) == {1, 2, 3, 4}
    assert min(counts.values()) >= 30
    assert sum(count * number for count, number in counts.items()) >= 700
    names = {key[0] for key in groups}
    assert len(names) == len(groups)


def test_no_text_stands_twice(rows: list[Row]) -> None:
    plain = Counter(words(row["text"]) for row in rows)
    assert [text for text, count in plain.items() if count > 1] == []


def test_texts_name_the_trail_and_where_it_is(rows: list[Row]) -> None:
    wrong = [
        (field, row[field], row["text"])
        for row in rows
        for field in ("name", "region")
        if not says(field, row[field], row["text"])
    ]
    assert wrong == []


def test_texts_say_nearly_every_value(rows: list[Row]) -> None:
    filled = [(field, row[field], row["text"]) for row in rows for field in FIELDS if row[field]]
    missing = [place for place in filled if not says(*place)]
    assert len(missing) <= 0.002 * len(filled), missing


def test_texts_hold_no_number_that_is_not_in_the_table(rows: list[Row]) -> None:
    number = re.compile(r"\d+(?:[.,]\d+)*")
    for row in rows:
        known = set(number.findall(" ".join(row[field] for field in FIELDS)))
        assert set(number.findall(row["text"])) <= known, row


def test_texts_do_not_contradict_the_table(rows: list[Row]) -> None:
    for row in rows:
        said = words(row["text"])
        others = [said_as for value, said_as in DIFFICULTIES.items() if value != row["difficulty"]]
        free = said.replace(words(row["name"]), "").replace(words(row["highlight"]), "")
        free = free.replace(words(row["terrain"]), "")
        for pattern in others:
            assert not re.search(rf"\b({pattern})\b(?! (to|by|packed|going|on|up))", free), row
        if row["dogs"] in ("yes", "on lead"):
            assert not REFUSAL.search(said), row
        elif not row["dogs"]:
            assert not re.search(r"\b(dogs?|lead|leash|leashed)\b", free), row
        for season in ("spring", "summer", "autumn", "winter"):
            if season in free.split():
                assert season == row["season"], row


def test_texts_are_as_varied_as_peoples(rows: list[Row]) -> None:
    texts = [words(row["text"]).split() for row in rows]
    masked = []
    for row, text in zip(rows, texts, strict=True):
        # Names and places differ by themselves: what stands around them has to.
        own = set(" ".join(words(row[field]) for field in FIELDS).split())
        masked.append(tuple("_" if word in own else word for word in text))
    openings = Counter(text[:3] for text in masked)
    # Twenty templates would give 20 openings, and a few hundred trigrams.
    assert len(openings) > 0.45 * len(masked)
    assert openings.most_common(1)[0][1] < 0.1 * len(masked)
    trigrams = [text[i : i + 3] for text in masked for i in range(len(text) - 2)]
    assert len(set(trigrams)) > 0.2 * len(trigrams)
    assert len(set(masked)) > 0.99 * len(masked)
    lengths = sorted(len(text) for text in texts)
    assert lengths[len(lengths) // 20] < 18
    assert lengths[-len(lengths) // 20] > 32
    sentences = Counter(len(re.findall(r"[.!?](?:\s|$)", row["text"])) for row in rows)
    assert min(sentences[1], sentences[2]) > 0.15 * len(rows)
    assert set(sentences) == {1, 2, 3}


def test_fields_differ_in_how_often_they_are_empty(
    groups: dict[tuple[str, ...], list[str]],
) -> None:
    empty = {field: sum(not key[i] for key in groups) for i, field in enumerate(FIELDS)}
    assert empty["name"] == empty["region"] == empty["difficulty"] == 0
    for field in ("ascent", "terrain", "highlight", "season", "dogs"):
        assert 0.04 * len(groups) < empty[field] < 0.5 * len(groups), field
