"""`export` and `import`."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.cli.arguments import form_of
from engine.cli.console import Console, ConsoleReporter
from engine.cli.project_data import tidy
from engine.contract.projects.project import ProjectFolder
from engine.contract.protocol.prefixes import CacheType, ExportPrefix, ImportPrefix
from engine.exchange.handlers import export_prefix, import_prefix


def export(arguments: argparse.Namespace) -> int:
    """Write what a run trained as a folder in one of the formats."""
    console = Console()
    write = arguments.write_gguf
    command = ExportPrefix(
        arguments.source,
        arguments.format,
        arguments.out,
        gguf=arguments.gguf,
        write_gguf=CacheType(write) if write else None,
        cache_type=CacheType(arguments.cache_type),
        flash_attention=not arguments.no_flash_attention,
    )
    console.line(export_prefix(command, ConsoleReporter(console, "exporting")).message)
    return 0


def import_(arguments: argparse.Namespace) -> int:
    """Copy a prefix folder into a project, which is made if there is none."""
    console = Console()
    form = form_of(arguments)
    command = ImportPrefix(
        arguments.path, arguments.project, form.backbone, form.prompt, form.linearisation
    )
    reporter = ConsoleReporter(console, "importing")
    info = import_prefix(command, reporter, makes_project=True)
    tidy(ProjectFolder(Path(arguments.project).expanduser()))
    console.line(
        f"{info.name}: prefix length {info.prefix_length} for {info.backbone}, "
        f"{info.stored_bytes:,} bytes, in {info.path}"
    )
    if not info.backbone_fingerprint:
        console.line(
            f"Its backbone {info.backbone} is not on this machine: name it with --backbone "
            "NAME|DIR here, or when decoding."
        )
    return 0
