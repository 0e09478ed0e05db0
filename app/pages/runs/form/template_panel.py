"""The template of a label that is read by words: editor, presets, preview, label words."""

from __future__ import annotations

import dataclasses
from functools import partial

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLineEdit, QMenu, QWidget

from app.pages.runs.form.label_words_table import LabelWordsTable
from app.pages.runs.form.planner import Planner
from app.pages.runs.form.template_preview import TemplatePreviewView
from app.qt.boxes import hbox, vbox
from app.qt.latest_request import LatestRequest
from app.qt.plain_text import caption, visible
from app.theme import SPACE_S, Theme
from app.widgets.buttons import flat_button
from app.widgets.labels import Label, MutedLabel, SectionHeader
from engine.contract.errors import UserError
from engine.contract.protocol.commands import Failure
from engine.contract.protocol.data import PreviewTemplate, TemplatePreview
from engine.contract.tasks.words import ReadoutKind, WordsSpec
from engine.contract.template_presets import TEMPLATE_PRESETS, TemplatePreset
from engine.contract.templates import FieldPart, format_template

TEMPLATE, WORDS = "words.template", "words.label_words"
WAIT_MS = 200
PARTS = (
    ("[blank]", "The blank: where the label's word stands"),
    ("[soft*3]", "Three trained vectors"),
    ("[examples]", "Training rows with their words"),
    ("\\n", "A line break"),
)
NULL = "None: the fields, then the blank"


class TemplatePanel(QWidget):
    """Writes template and label words to the form, and shows what a backbone reads of them."""

    def __init__(self, planner: Planner, theme: Theme) -> None:
        super().__init__()
        self._planner, self._form = planner, planner.form
        self.edit = QLineEdit()
        self.edit.setAccessibleName("Template")
        self.edit.setPlaceholderText("the fields, then the blank")
        self.edit.textEdited.connect(partial(self._form.set, TEMPLATE))
        self.presets, self.insert = QMenu(self), QMenu(self)
        for menu in (self.presets, self.insert):
            menu.setToolTipsVisible(True)
        self.preview = TemplatePreviewView(theme)
        self.words = LabelWordsTable(theme)
        self.words.edited.connect(partial(self._form.set, WORDS))
        self.problem = MutedLabel(theme)
        header = SectionHeader("Template")
        header.add(flat_button(tip="Insert a part", text="Insert", menu=self.insert))
        header.add(flat_button(tip="Templates of papers", text="Presets", menu=self.presets))
        label = Label("Label words")
        label.setBuddy(self.words)
        vbox(
            header,
            hbox((self.edit, 1), spacing=SPACE_S),
            self.preview,
            label,
            self.words,
            self.problem,
            parent=self,
            spacing=SPACE_S,
        )
        self._columns: tuple[str, ...] = ()
        self._request = LatestRequest(planner.data_client, self, wait_ms=WAIT_MS)
        self._request.answered.connect(self._on_preview)
        self._request.failed.connect(self._on_failed)
        self._fill_menus()
        planner.changed.connect(self._update)
        self._update()

    @property
    def labels(self) -> tuple[str, ...]:
        """Those of the training rows, as far as they are counted."""
        report = self._planner.report
        return () if report is None else tuple(each.name for each in report.classes)

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for what was not needed while hidden."""
        super().showEvent(event)
        self._ask()

    def _update(self) -> None:
        draft = self._form.draft
        self.setVisible(draft.uses(TEMPLATE))
        if self.edit.text() != draft[TEMPLATE]:  # the cursor stays while the user types
            self.edit.setText(draft[TEMPLATE])
            self.edit.setCursorPosition(0)
        data = self._planner.data
        columns = data.spec.mapping.inputs if data is not None else ()
        names = tuple(column.name for column in columns)
        if names != self._columns:
            self._columns = names
            self._fill_menus()
        self._ask()

    def _fill_menus(self) -> None:
        self.insert.clear()
        fields = ((format_template([FieldPart(name)]), "A field") for name in self._columns)
        for text, tip in (*fields, *PARTS):
            action = self.insert.addAction(caption(text))
            action.setToolTip(tip)
            action.triggered.connect(partial(self._insert, text))
        self.presets.clear()
        self.presets.addAction(NULL).triggered.connect(partial(self._form.set, TEMPLATE, ""))
        self.presets.addSeparator()
        for preset in TEMPLATE_PRESETS:
            if preset.fits(self._columns):
                action = self.presets.addAction(preset.title)
                action.setToolTip(f"{preset.template}  ({preset.source})")
                action.triggered.connect(partial(self._choose, preset))

    def _insert(self, text: str, *_checked: bool) -> None:
        self.edit.insert(text)
        self.edit.setFocus()
        self._form.set(TEMPLATE, self.edit.text())

    def _choose(self, preset: TemplatePreset, *_checked: bool) -> None:
        changes = {
            TEMPLATE: preset.template_for(self._columns),
            WORDS: preset.words_for(self.labels),
        }
        self._form.replace(f"Take “{preset.title}”", self._form.draft.changed(changes))

    def _ask(self) -> None:
        command = self._command() if self.isVisible() else None
        if command is None:
            self._request.drop()
        elif self._request.ask_if_new(command):
            self.words.show_labels(self.labels, self._form.draft[WORDS])

    def _command(self) -> PreviewTemplate | None:
        """What to ask; None, with the reason shown, where there is nothing to ask yet."""
        draft, data, backbone = self._form.draft, self._planner.data, self._planner.backbone
        if data is None or backbone is None:
            return None
        if not backbone.on_disk:
            self._fail(f"Tokens are shown once {backbone.title} is on this machine.")
            return None
        try:
            words = WordsSpec(ReadoutKind.WORDS, draft[TEMPLATE], draft[WORDS])
        except UserError as error:
            self._fail(error.message, "bad")
            return None
        limit = draft["data.max_source_tokens"]
        spec = dataclasses.replace(data.spec, dataset=data.store, max_source_tokens=limit)
        return PreviewTemplate(spec, backbone.name, backbone.shape.kind, words, self.labels)

    def _on_preview(self, reply: TemplatePreview) -> None:
        self.preview.show_rows(reply.rows)
        if reply.words:
            self.words.show_words(reply.words)
        wrong = [f"{each.word}: {each.problem}." for each in reply.words if each.problem]
        is_refused = bool(reply.problem) or any(each.is_refused for each in reply.words)
        self._say(visible(reply.problem or "\n".join(wrong)), "bad" if is_refused else "muted")

    def _on_failed(self, failure: Failure) -> None:
        self._fail(failure.message, "bad")

    def _fail(self, message: str, tone: str = "muted") -> None:
        self.preview.show_rows(())
        self.words.show_labels(self.labels, self._form.draft[WORDS])
        self._say(message, tone)

    def _say(self, text: str, tone: str) -> None:
        self.problem.setText(text)
        self.problem.set_tone(tone)
