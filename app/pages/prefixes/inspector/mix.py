"""Two prefixes mixed by a slider, with what the mixture makes of an input."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QTemporaryDir, Signal
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QSlider, QWidget

from app.context import AppContext
from app.pages.prefixes.inspector.choice import mixable, other_prefixes
from app.pages.prefixes.library import LibraryRow, PrefixLibrary
from app.qt.boxes import hbox, vbox
from app.qt.latest_request import LatestRequest
from app.theme import SPACE_M, SPACE_S
from app.widgets.buttons import push_button
from app.widgets.info_bar import InfoBar, Tone
from app.widgets.labels import MutedLabel, SectionHeader
from engine.contract.protocol.commands import Failure
from engine.contract.protocol.outputs import Generate, Generated
from engine.contract.protocol.prefixes import MixPrefixes, PrefixInfo
from engine.contract.specs.training import DecodingSpec, Strategy

WAIT_MS = 250
DECODING = DecodingSpec(strategy=Strategy.GREEDY, max_new_tokens=60)


class MixTab(QWidget):
    """A slider between a prefix and another one of its backbone and length.

    Attributes:
        other: the box with the others.
        slider: per cent of the other.
        source, output: the input and what the mixture makes of it.

    Signals:
        saved: the folder of a mixture that is to become a prefix of the project.
    """

    saved = Signal(object)

    def __init__(self, context: AppContext, row: LibraryRow, library: PrefixLibrary) -> None:
        super().__init__()
        self._path = row.path
        self._temporary = QTemporaryDir()
        self.other = other_prefixes(library, row, mixable)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 100)
        self.slider.setPageStep(10)
        self.slider.setValue(50)
        self.slider.setAccessibleName("Share of the other prefix")
        self.share = QLabel()
        self.source = QPlainTextEdit()
        self.source.setAccessibleName("Input")
        self.source.setTabChangesFocus(True)
        self.source.setPlaceholderText("An input, written as in the prefix's data")
        self.output = QPlainTextEdit()
        self.output.setReadOnly(True)
        self.output.setTabChangesFocus(True)
        self.output.setAccessibleName("Output of the mixture")
        self.bar = InfoBar(context.theme)
        self.save = push_button("&Save as a prefix of the project", self._save)
        label = QLabel("&Mix with:")
        label.setBuddy(self.other)
        hint = "Keys and values are interpolated number by number; outputs are greedy."
        vbox(
            hbox(label, self.other, 1, spacing=SPACE_S),
            hbox((self.slider, 1), self.share, spacing=SPACE_S),
            MutedLabel(context.theme, hint), self.bar,
            SectionHeader("Input"), (self.source, 1), SectionHeader("Output"), (self.output, 2),
            hbox(1, self.save), parent=self, margins=SPACE_M, spacing=SPACE_S,
        )  # fmt: skip
        self._mixing = LatestRequest(context.model_client, self, wait_ms=WAIT_MS)
        self._mixing.answered.connect(self._on_mixed)
        self._writing = LatestRequest(context.model_client, self)
        self._writing.answered.connect(self._show)
        for request in (self._mixing, self._writing):
            request.failed.connect(self._fail)
        self._is_mixed = False
        for changed in (self.other.currentIndexChanged, self.slider.valueChanged):
            changed.connect(self._mix)
        self.source.textChanged.connect(self._mix)
        self._mix()

    def folder(self) -> Path:
        """Where the mixture is written until it is saved."""
        return Path(self._temporary.path()) / "mixture"

    def stop(self) -> None:
        """Drop what is asked, and the mixture."""
        self._mixing.drop()
        self._writing.drop()
        self._temporary.remove()

    def _mix(self) -> None:
        self._is_mixed = False
        self.save.setEnabled(False)
        percent = self.slider.value()
        self.share.setText(f"{100 - percent} % + {percent} %")
        other = self.other.currentData()
        if other is None:
            text = "There is no other prefix of this backbone and length to mix with."
            self.bar.show_message(Tone.INFO, text)
            return
        self._writing.drop()
        command = MixPrefixes(str(self._path), str(other), percent / 100, str(self.folder()))
        self._mixing.ask(command)

    def _on_mixed(self, info: PrefixInfo) -> None:
        self.bar.hide()
        self._is_mixed = True
        self.save.setEnabled(True)
        text = self.source.toPlainText().strip()
        if text:
            self._writing.ask(Generate(info.path, "", (text,), DECODING))

    def _show(self, reply: Generated) -> None:
        self.output.setPlainText(reply.outputs[0])

    def _fail(self, failure: Failure) -> None:
        self.bar.show_message(Tone.BAD, failure.message)

    def _save(self) -> None:
        if self._is_mixed:
            self.saved.emit(self.folder())
