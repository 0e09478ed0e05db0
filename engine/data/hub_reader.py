"""The reader for data sets of the Hugging Face hub, "hub:OWNER/NAME" or "hub:NAME:CONFIG"."""

from __future__ import annotations

import contextlib
import itertools
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from engine.contract.errors import UserError
from engine.contract.reading.reading import (
    HUB_SCHEME,
    HUB_SIZE_UNKNOWN_BYTES,
    Finding,
    ReadOptions,
)
from engine.data.class_labels import ClassLabels
from engine.data.item_rows import ItemRows, as_item
from engine.data.opening import first_line
from engine.data.records import Item
from engine.data.tallies import counted

_HEAD_ITEMS = 200
"""Items of the first split from which the columns are guessed; a sample ends with them."""


def is_hub_name(path: Path) -> bool:
    """Whether this is no path, but the name of a data set of the hub."""
    return path.as_posix().startswith(HUB_SCHEME)


class HubReader:
    """Streams all splits of a data set (see `engine.data.readers.Reader`).

    The column "split" says where each row comes from. No code of the data set is run. What a
    sample reads is not saved.

    Args:
        path: the name, after "hub:".
        options: the language, where the user has settled it.
        sample_bytes: where it is given, only the first 200 items are read.
    """

    format = "hub"
    unit = "row"

    def __init__(
        self, path: Path, options: ReadOptions, *, sample_bytes: int | None = None
    ) -> None:
        name = path.as_posix().removeprefix(HUB_SCHEME)
        self._name, _, config = name.partition(":")
        if not self._name.strip():
            raise UserError(
                "no-hub-name",
                "No dataset is named. Write hub:OWNER/NAME, such as hub:EdinburghNLP/xsum.",
            )
        with self._explained():
            self._splits = _load(self._name, config or None)
            self._limit = _HEAD_ITEMS if sample_bytes is not None else None
            head = self._head()
        if not head:
            raise UserError(
                "hub-no-rows",
                "The dataset {name!r} has no rows. Choose another one.",
                name=self._name,
            )
        self._made = ItemRows(head, self._name, options.language, label="split")
        self.columns = self._made.columns
        self.form = self._made.format
        self._count = 0
        self._rows_declared = sum(_declared_rows(split) for split in self._splits.values())
        self.size_bytes = sum(_declared_bytes(split) for split in self._splits.values())
        if not self.size_bytes and self._limit is not None:
            self.size_bytes = HUB_SIZE_UNKNOWN_BYTES  # 0 in an import: its end is not known
        self.sampled_bytes = self.size_bytes
        if self._limit is not None and len(head) >= self._limit:
            share = len(head) / self._rows_declared if self._rows_declared else 1.0
            self.sampled_bytes = max(1, min(round(share * self.size_bytes), self.size_bytes - 1))
        self.options = ReadOptions(language=self._made.language)
        self.description = f"hub, {counted(len(self._splits), 'split')}"

    @property
    def findings(self) -> tuple[Finding, ...]:
        """About keys, languages and bytes, in what has been read."""
        return self._made.findings()

    @property
    def languages(self) -> tuple[str, ...]:
        """Of the texts, where they are marked."""
        return self._made.languages

    def rows(self) -> Iterator[Item]:
        """All rows, split by split; to be called once.

        Raises:
            UserError: the connection is lost.
        """
        for split, row in itertools.islice(self._objects(), self._limit):
            self._count += 1
            item = self._made.as_item(self._count, row)
            yield from self._made.rows_of(self._count, item, split)

    def position_bytes(self) -> int:
        """How far `rows` is, by the share of rows; 0 where their number is not known."""
        if not self._rows_declared:
            return 0
        return min(self.size_bytes, self.size_bytes * self._count // self._rows_declared)

    def close(self) -> None:
        """Nothing stays open."""

    def _head(self) -> list[dict[str, Any]]:
        rows = itertools.islice(self._objects(), _HEAD_ITEMS)
        return [as_item(row)[0] for _, row in rows]

    def _objects(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for split, rows in self._splits.items():
            with self._explained():
                features = getattr(rows, "features", None)
                labels = ClassLabels(features.to_dict() if features is not None else {})
                for row in rows:
                    yield str(split), labels.named(row)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn the many errors of fetching into one sentence that says what to do instead."""
        try:
            yield
        except (UserError, GeneratorExit):
            raise
        except Exception as error:  # each file system and format has its own
            raise _explain(self._name, error) from error


def _load(name: str, config: str | None) -> dict[str, Any]:
    """The splits as streams.

    Raises:
        UserError: there is no connection.
        Exception: of `datasets`, for whatever else is wrong.
    """
    import datasets

    datasets.disable_progress_bars()
    if not Path(name).is_dir():
        _check_connection(name)
    return dict(datasets.load_dataset(name, config, streaming=True))


def _check_connection(name: str) -> None:
    """Fail at once where there is no network, rather than after the library's retries."""
    import huggingface_hub

    if urllib.request.getproxies() or huggingface_hub.constants.HF_HUB_OFFLINE:
        return  # a proxy looks names up itself; the library says the rest
    host = urlsplit(huggingface_hub.constants.ENDPOINT).hostname or ""
    try:
        socket.getaddrinfo(host, 443)
    except OSError as error:
        raise _no_connection(name, f"{host} is not found") from error


def _no_connection(name: str, why: str) -> UserError:
    return UserError(
        "hub-unreachable",
        "The dataset {name!r} cannot be downloaded without a connection to the hub "
        "({reason}). Download its files with a browser and open them here, as parquet "
        "or JSON lines.",
        name=name,
        reason=why,
    )


def _explain(name: str, error: Exception) -> UserError:
    why = first_line(error)[:300]
    kind = type(error).__name__
    if "NotFound" in kind:
        return UserError(
            "hub-not-found",
            "The hub has no public dataset {name!r} ({reason}). Check the name, "
            "OWNER/NAME, or download its files with a browser and open them here.",
            name=name,
            reason=why,
        )
    if isinstance(error, ConnectionError | TimeoutError) or "Connect" in kind:
        return _no_connection(name, why)
    if "scripts are no longer supported" in why:
        return UserError(
            "hub-runs-code",
            "The dataset {name!r} is made by its own Python script, which is not run "
            "here. Download its files with a browser and open them here, as parquet or "
            "JSON lines.",
            name=name,
        )
    if "Config name is missing" in why or "BuilderConfig" in why:
        return UserError(
            "hub-needs-configuration",
            "The dataset {name!r} has several configurations ({reason}). Add one to the "
            "name: hub:{name}:CONFIG.",
            name=name,
            reason=why,
        )
    return UserError(
        "hub-unreadable",
        "The dataset {name!r} cannot be read ({kind}: {reason}). Download its files "
        "with a browser and open them here, as parquet or JSON lines.",
        name=name,
        kind=kind,
        reason=why,
    )


def _declared_bytes(split: Any) -> int:
    return int(getattr(_declared(split), "num_bytes", 0) or 0)


def _declared_rows(split: Any) -> int:
    return int(getattr(_declared(split), "num_examples", 0) or 0)


def _declared(split: Any) -> Any:
    """What the data set's card tells of a split, or None."""
    return (split.info.splits or {}).get(str(split.split))
