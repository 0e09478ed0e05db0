"""What a run says of its file is what everybody else reads from the file itself."""

from __future__ import annotations

from engine.contract.runs.events import RunFinished
from engine.contract.runs.folder import RunFolder
from engine.exchange.card import describe
from tests.helpers.tiny_runs import events


def test_a_runs_size_is_that_of_its_file(finished_runs: dict[str, RunFolder]) -> None:
    for name, folder in finished_runs.items():
        (finished,) = events(folder, RunFinished)
        assert isinstance(finished, RunFinished)
        tensors = folder.model if name == "finetune" else folder.prefix
        size = sum(path.stat().st_size for path in tensors.glob("*.safetensors"))
        assert finished.stored_bytes == size
        if name != "finetune":
            assert describe(folder.prefix).stored_bytes == finished.stored_bytes
