"""What the window asks of a page, what the pages share, and the stack that shows one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedWidget, QWidget

from app.context import AppContext
from app.ports import Pending
from app.qt.idle_task import turn_queue
from app.widgets.info_bar import InfoBar, Tone
from engine.contract.protocol.commands import Command, Done, Failure
from engine.contract.protocol.prefixes import ExportPrefix
from engine.contract.runs.events import Blame


class Page(QWidget):
    """A page of the window; `page_list.PAGES` has its title and module.

    A project's opening and closing reach it by the signals of `context.project`; what it edits
    goes through the project's undo stack, so there is nothing of its own to save.

    Args:
        at_once: make all of it now; else `make_part` does, in turns of the event loop.

    Attributes:
        bar: says what the user should know or can mend; the page lays it out.
    """

    def __init__(self, context: AppContext, *, at_once: bool = True) -> None:
        super().__init__()
        self.context = context
        self.bar = InfoBar(context.theme, self)
        context.project.opened.connect(self.bar.hide)
        self.is_made = False
        self._parts = iter(self.build())
        if at_once:
            self.finish()

    def build(self) -> Iterable[None]:
        """Make the page's widgets; where that takes long, yield to give the window a turn.

        What comes after the last `yield` connects them, so that nothing reaches half a page.
        """
        raise NotImplementedError

    def make_part(self) -> None:
        """Go on until the next `yield`."""
        self.is_made = next(self._parts, self._parts) is self._parts

    def finish(self) -> None:
        """Make what is missing."""
        while not self.is_made:
            self.make_part()

    def open_path(self, path: Path) -> bool:
        """Show or import what is at `path`; whether the page could."""
        return False

    def reset_layout(self) -> None:
        """Put splitters and columns back as they first were."""

    def warn(self, text: str) -> None:
        """Say why something was not done."""
        self.bar.show_message(Tone.WARNING, text)

    def complain(self, text: str) -> None:
        """Say what went wrong."""
        self.bar.show_message(Tone.BAD, text)

    def ask(self, title: str, command: Command) -> Pending:
        """Send a command, in the list of activities; its success is the caller's to report."""
        self.bar.hide()
        pending = self.context.model_client.ask(command)
        self.context.activities.follow(title, pending, tell_failure=False)
        pending.failed.connect(partial(self.tell_failure, title))
        return pending

    def export(self, name: str, command: ExportPrefix) -> None:
        """Write a prefix or delta, or a run's, to a folder."""
        out = Path(command.out)
        pending = self.ask(f"Export “{name}”", command)
        pending.answered.connect(lambda done: self.context.messages.post_file(done.message, out))

    def tell(self, done: Done) -> None:
        """Say what was done."""
        self.bar.show_message(Tone.GOOD, done.message)

    def tell_failure(self, title: str, failure: Failure) -> None:
        """Say what the user can mend; an unexpected error goes to the window."""
        if failure.blame is Blame.ENGINE:
            self.context.activities.failed.emit(title, failure)
        else:
            self.complain(failure.message)


class PageStack(QStackedWidget):
    """Shows one page at a time; one that has too little room, as with large text, scrolls.

    Args:
        make: makes the page of a name, as far as its first part.
        hint: what is shown instead of a page that needs a project while there is none.
    """

    def __init__(self, make: Callable[[str], Page], hint: QWidget) -> None:
        super().__init__()
        self._make, self._hint = make, hint
        self._pages: dict[str, Page] = {}
        self._areas: dict[str, QScrollArea] = {}
        self._wanted = ""
        self.addWidget(hint)

    def page(self, name: str) -> Page:
        """The page, made now as far as it was not yet."""
        while not self.prepare(name):
            pass
        return self._pages[name]

    def built(self) -> dict[str, Page]:
        """The pages that have been made, by name."""
        return {name: page for name, page in self._pages.items() if page.is_made}

    def prepare(self, name: str) -> bool:
        """Make one more part of the page where there is any; whether all are made."""
        if name not in self._pages:
            page = self._pages[name] = self._make(name)
            page.setParent(self)
        elif not self._pages[name].is_made:
            self._pages[name].make_part()
        return self._pages[name].is_made

    def show_page(self, name: str) -> None:
        """Show the page; it is laid out for the first time now, for the room that it has."""
        page, self._wanted = self.page(name), ""
        if name not in self._areas:
            self._areas[name] = _scrolling(page)
            self.addWidget(self._areas[name])
        self.setCurrentWidget(self._areas[name])

    def show_soon(self, name: str) -> None:
        """Show the page once it is made, a part a turn."""
        if name in self.built():
            self.show_page(name)
        else:
            self._wanted = name
            turn_queue().add(self._go_on)

    def show_hint(self) -> None:
        """Show the hint."""
        self._wanted = ""
        self.setCurrentWidget(self._hint)

    def finish(self) -> None:
        """Make no half page any more: what was made of it would belong to nobody."""
        turn_queue().drop(self._go_on)
        for page in self._pages.values():
            page.finish()

    def _go_on(self) -> None:
        if self._wanted in self.built():
            self.show_page(self._wanted)
        elif self._wanted:
            self.prepare(self._wanted)
            turn_queue().add(self._go_on)


def _scrolling(page: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(page)
    return area
