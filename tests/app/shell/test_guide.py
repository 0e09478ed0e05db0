"""F1: the guide beside the page, at its chapter; nothing outside docs/ is read."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QTextDocument, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.shell.guide import GuideBrowser, GuideDock, anchor
from app.shell.main_window import MainWindow
from app.shell.page_list import PAGES
from app.theme import Scheme

MARKDOWN, IMAGE = (
    kind.value
    for kind in (
        QTextDocument.ResourceType.MarkdownResource,
        QTextDocument.ResourceType.ImageResource,
    )
)


def opened(window: MainWindow) -> GuideDock:
    window.context.actions.get("help.guide").trigger()
    assert window.guide is not None
    return window.guide


def at_its_end(browser: GuideBrowser) -> bool:
    bar = browser.verticalScrollBar()
    return bar.value() == bar.maximum() > 0


@pytest.mark.parametrize("entry", PAGES, ids=[entry.name for entry in PAGES])
def test_f1_opens_the_guide_at_the_pages_chapter(
    window: MainWindow, entry: object, qtbot: QtBot
) -> None:
    window.show_page(entry.name)  # type: ignore[attr-defined]
    guide = opened(window)
    assert guide.isVisible()
    window.resize(1000, 650)
    browser = guide.browser
    qtbot.waitUntil(lambda: browser.cursorRect().top() == 0 or at_its_end(browser))
    assert guide.chapters.currentText().strip() == entry.title  # type: ignore[attr-defined]
    block = browser.textCursor().block()
    assert block.text() == entry.title  # type: ignore[attr-defined]
    assert block.blockFormat().headingLevel() > 0


def test_escape_or_f1_closes_it(window: MainWindow, qtbot: QtBot) -> None:
    guide = opened(window)
    qtbot.keyClick(guide.browser, Qt.Key.Key_Escape)
    assert not guide.isVisible()
    opened(window)
    opened(window)
    assert not guide.isVisible()


def test_every_link_inside_the_guide_leads_somewhere(window: MainWindow) -> None:
    browser = opened(window).browser
    block, links = browser.document().begin(), set()
    while block.isValid():
        links |= {form.format.anchorHref() for form in block.textFormats()}
        block = block.next()
    inside = {link[1:] for link in links if link.startswith("#")}
    assert len(inside) > 10
    assert all(browser.show_chapter(name) for name in inside)


def test_search_goes_round(window: MainWindow) -> None:
    browser = opened(window).browser
    assert browser.search("linearisation")
    first = browser.textCursor().position()
    assert browser.search("linearisation")
    assert browser.textCursor().position() > first
    browser.moveCursor(browser.textCursor().MoveOperation.End)
    assert browser.search("linearisation")
    assert not browser.search("no such word in it")


@pytest.mark.parametrize("scheme", [Scheme.LIGHT, Scheme.DARK])
def test_pictures_are_as_wide_as_the_text(window: MainWindow, qtbot: QtBot, scheme: Scheme) -> None:
    browser = opened(window).browser
    window.resize(900, 650)
    qtbot.waitExposed(window)
    window.context.theme.set_scheme(scheme)
    layout, block = browser.document().documentLayout(), browser.document().begin()
    pictures, widths = 0, set()
    while block.isValid():
        rect = layout.blockBoundingRect(block)
        if any(form.format.isImageFormat() for form in block.textFormats()):
            pictures += 1
            widths.add(rect.width())
            assert rect.height() > 30
        elif block.text():
            assert rect.height() > 5, block.text()
        block = block.next()
    assert pictures > 5
    assert max(widths) <= browser.viewport().width()


def test_nothing_outside_its_folder_is_read(
    tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (tmp_path / "secret.md").write_text("secret", encoding="utf-8")
    (docs / "link.md").symlink_to(tmp_path / "secret.md")
    (docs / "guide.md").write_text("# Start\n\n[x](../secret.md)", encoding="utf-8")
    (docs / "other.md").write_text("# Other\n\n## Part", encoding="utf-8")
    visited: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: visited.append(url.toString()))
    browser = GuideBrowser(docs)
    qtbot.addWidget(browser)
    for name in ("../secret.md", "link.md", f"file://{tmp_path}/secret.md", "http://x/guide.md"):
        assert browser.loadResource(MARKDOWN, QUrl(name)) is None, name
        assert browser.loadResource(IMAGE, QUrl(name)) is None, name
    browser.open("guide.md")
    for name in ("../secret.md", "link.md", "javascript:x", "file:///etc/passwd"):
        browser.anchorClicked.emit(QUrl(name))
        assert browser.source() == QUrl("guide.md")
    browser.anchorClicked.emit(QUrl("other.md#part"))
    assert browser.textCursor().block().text() == "Part"
    assert visited == []
    browser.anchorClicked.emit(QUrl("https://arxiv.org/abs/2101.00190"))
    assert visited == ["https://arxiv.org/abs/2101.00190"]


def test_anchors_are_as_on_the_web() -> None:
    assert anchor("Data: formats, and bad files") == "data-formats-and-bad-files"


def test_who_has_scrolled_is_not_brought_back(window: MainWindow, qtbot: QtBot) -> None:
    browser = opened(window).browser
    assert browser.show_chapter(anchor("Runs"))
    bar, start = browser.verticalScrollBar(), QPointF(20, 20)
    wheel = QWheelEvent(
        start, browser.mapToGlobal(start), QPoint(), QPoint(0, -1200), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(browser.viewport(), wheel)
    position = bar.value()
    window.resize(window.width(), window.height() + 40)
    assert bar.value() == position
    browser.renew()
    assert bar.value() == position
