"""Whether the first row of a file is one of names: as people's tables have it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.contract.protocol.data import InspectFile
from engine.contract.reading.reading import FileReport, FindingKind
from engine.data.inspecting import inspect_file
from engine.reporter import Silent

WriteFile = Callable[..., Path]

NAMES = [
    "Gericht,Küche\nPizza,Italienisch\nSushi,Japanisch\n",
    "Land;2019;2020\nTirol;12;13\nBern;7;9\n",
    "2019,2020,2021\n12,13,15\n7,8,9\n",
    ("Land;1;2;3;Text\nTirol;12;13;15;Hier steht ein Satz.\nBern;7;9;8;Noch ein Satz dort.\n"),
    "name,1990,2000,2010\nA,1,2,3\nB,4,5,6\n",
    "country,1952,1957\nAfghanistan,8425333,9240934\nAlbania,1282697,1476505\n",
    (
        "How many huts are there?,Where is the hut?,Describe it.\n"
        "3,Tyrol,There are three huts in Tyrol.\n"
        "5,Bern,There are five huts in Bern.\n"
    ),
    (
        "What is your name and where do you come from originally?\tAnd what do you offer guests?\n"
        "Anna from Tyrol\tCome and see the lake and swim in it every day.\n"
        "Ben from Bern\tTake the train up and walk down again.\n"
    ),
    (
        "Food,Drink,Text\n"
        "Food,Beer,A hut with food.\n"
        "Soup,Wine,A hut with soup.\n"
        "Bread,Beer,A hut with bread.\n"
    ),
    (
        "Art,Ort,Beschreibung\n"
        "Art,Tirol,Die Art ist schön in Tirol.\n"
        "Haus,Bern,Das Haus steht in Bern.\n"
    ),
    ("food,area,text\nfood,river,The food is by the river.\nfood,city,The food is in the city.\n"),
    "wifi,pool,desc\nwifi,,It has wifi.\n,pool,It has a pool.\nwifi,pool,It has both.\n",
    "kind,text\n1,hut,A text.\n2,inn,Another.\n",
    ",name,text\n0,A,A is fine here.\n1,B,B is fine here.\n",
    ",text\n0,A is fine here.\n1,B is fine here.\n",
    "id,label,sentence_text\n1,pos,I like it.\n2,neg,I do not.\n",
    "0,1\nHut A,Hut A is a nice hut.\nHut B,Hut B is a nice hut.\n",
    "Name;Preis\nA;1,50 €\nB;2,00 €\n",
    "Datum;Ort\n01.02.2024;Bern\n03.02.2024;Tirol\n",
    "URL,Title\nhttps://a.org/1,One\nhttps://b.org/2,Two\n",
    "質問,答え\n山小屋はどこですか,湖のほとりにあります。\n何人泊まれますか,十人泊まれます。\n",
    "产品,描述\n小屋甲,小屋甲位于湖边，有十张床。\n小屋乙,小屋乙在山口，有两张床。\n",
    "text\tlabel\nI like it a lot\t1\nI hate it so much\t0\n",
    (
        "Timestamp,Rate the hut from 1 to 10,Comments\n"
        "1/2/2024 10:00:00,5,Nice place to stay.\n"
        "1/3/2024 11:00:00,7,Very nice place.\n"
    ),
    "Q1,Q2,Q3\nYes,No,I liked the hut.\nNo,No,I did not like it.\nYes,Yes,It was fine.\n",
    (
        "Participant ID;Please indicate how much you agree with this statement: I like huts\n"
        "1;agree\n"
        "2;disagree\n"
    ),
    (
        "Please describe the hut in one or two full sentences for hikers.,Where?\n"
        "Hut A is a small hut in Tyrol with ten beds.,Tyrol\n"
        "Hut B is a big hut.,Bern\n"
    ),
    "WLAN;Sauna;Text\nWLAN;;Ein Haus mit WLAN.\n;Sauna;Ein Haus mit Sauna.\n",
]
DATA = [
    "Pizza\nSushi\nPizza\nSuppe\n",
    "1,2,3\n4,5,6\n",
    "1952,8425333\n1957,9240934\n1962,10267083\n",
    "2019,12\n2020,13\n2021,19\n",
    (
        "Blue Spice,French,Blue Spice serves French food by the river.\n"
        "Alimentum,Indian,Alimentum is an Indian place downtown.\n"
        "The Mill,Thai,The Mill serves Thai food near the river.\n"
    ),
    ("Hello there.\tBonjour.\nHow are you?\tComment allez-vous ?\nGood night.\tBonne nuit.\n"),
    '"name[Larch], kind[hut]",Larch is a hut.\n"name[Raven]",Raven.\n',
    "01.02.2024;Bern;Es war schön in Bern.\n03.02.2024;Tirol;Es war nass in Tirol.\n",
    (
        "Hut 1,A small hut near the lake with beds\n"
        "Hut 2,A large hut on the pass with beds\n"
        "Hut 3,A quaint hut in the valley with beds\n"
    ),
    "https://a.org/1,One thing\nhttps://b.org/2,Two things\n",
    "I like it a lot\t1\nI hate it so much\t0\nNot bad at all I say\t1\n",
    "train,Hut A,Hut A is nice.\ntrain,Hut B,Hut B is nice.\ntest,Hut C,Hut C is nice.\n",
    "Yes,No,I liked the hut.\nNo,No,I did not like it.\nYes,Yes,It was fine.\n",
]
UNCLEAR = ["cat,chat\ndog,chien\nhouse,maison\n", "Gericht,Ort\nPizza,Rom\nSushi,Kyoto\n"]


def look(path: Path) -> FileReport:
    return inspect_file(InspectFile(str(path)), Silent())


def kinds(report: FileReport) -> list[FindingKind]:
    return [finding.kind for finding in report.findings]


@pytest.mark.parametrize("content", NAMES)
def test_a_row_of_names_is_no_example(write_file: WriteFile, content: str) -> None:
    report = look(write_file(content))
    assert report.options.header is True
    assert report.row_count == content.count("\n") - 1


@pytest.mark.parametrize("content", DATA)
def test_a_first_row_of_data_is_kept_and_said(write_file: WriteFile, content: str) -> None:
    report = look(write_file(content))
    assert report.options.header is False
    assert report.row_count == content.count("\n")
    (guess,) = [one for one in report.findings if one.kind is FindingKind.HEADER_GUESS]
    assert (guess.count, guess.lines, guess.loses_rows) == (1, (1,), False)


@pytest.mark.parametrize("content", UNCLEAR)
def test_in_doubt_the_first_row_is_names_and_a_finding_says_so(
    write_file: WriteFile, content: str
) -> None:
    report = look(write_file(content))
    assert report.options.header is True
    assert FindingKind.HEADER_GUESS in kinds(report)
    settled = InspectFile(report.path, report.options)
    assert FindingKind.HEADER_GUESS not in kinds(inspect_file(settled, Silent()))


@pytest.mark.parametrize("again", ["name,food,text", '"name","food","text"', "name, food ,text"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_row_of_names_that_comes_again_is_skipped_and_counted(
    write_file: WriteFile, again: str, mark: str
) -> None:
    rows = "Larch,soup,Larch has soup.\n", "Raven,bread,Raven has bread.\n"
    content = f"{mark}name,food,text\n{rows[0]}{mark}{again}\n{rows[1]}{mark}{again}\n{rows[0]}"
    report = look(write_file(content))
    assert [column.name for column in report.columns] == ["name", "food", "text"]
    assert [cells[0] for cells in report.preview] == ["Larch", "Raven", "Larch"]
    (finding,) = [one for one in report.findings if one.kind is FindingKind.REPEATED_HEADER]
    assert (finding.count, finding.lines, finding.loses_rows) == (2, (3, 5), False)


def test_a_cell_may_equal_its_column_name(write_file: WriteFile) -> None:
    report = look(write_file("name,food,text\nA,food,A has food.\nfood,tea,It has tea.\n"))
    assert report.preview == (("A", "food", "A has food."), ("food", "tea", "It has tea."))


def test_column_names_and_no_rows_are_a_finding(write_file: WriteFile) -> None:
    for content in ("mr,ref\n", "name;text", "\ufeffname,text\r\n\r\n"):
        report = look(write_file(content))
        assert (report.row_count, report.row_count_exact) == (0, True)
        assert FindingKind.NO_ROWS in kinds(report)
