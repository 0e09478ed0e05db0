"""Spreadsheets made part by part, for what no library would write."""

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
ODF = "urn:oasis:names:tc:opendocument:xmlns"
NAMESPACES = " ".join(
    f'xmlns:{name}="{ODF}:{name}:1.0"' for name in ("office", "table", "text", "style")
)


def write_parts(path: Path, parts: Mapping[str, str | bytes]) -> Path:
    """A zip file of these parts."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return path


def xlsx_parts(
    *sheets: str, names: Sequence[str] = (), states: Sequence[str] = (), strings: str = ""
) -> dict[str, str | bytes]:
    """The parts of a workbook whose sheets hold this XML in their `sheetData`.

    What follows `</sheetData>` in it stands behind the rows.
    """
    tags, links, parts = "", "", {}
    for number, rows in enumerate(sheets, start=1):
        name = names[number - 1] if names else f"Sheet{number}"
        state = f' state="{states[number - 1]}"' if states else ""
        tags += f'<sheet name={quoteattr(name)} sheetId="{number}"{state} r:id="rId{number}"/>'
        links += _link(number, "worksheet", f"worksheets/sheet{number}.xml")
        if "</sheetData>" not in rows:
            rows += "</sheetData>"
        text = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</worksheet>'
        parts[f"xl/worksheets/sheet{number}.xml"] = text
    if strings:
        links += _link(len(sheets) + 1, "sharedStrings", "sharedStrings.xml")
        parts["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{strings}</sst>'
    book = f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{tags}</sheets></workbook>'
    return {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": _links(_link(1, "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": book,
        "xl/_rels/workbook.xml.rels": _links(links),
        **parts,
    }


def ods_parts(*tables: str, styles: str = "") -> dict[str, str | bytes]:
    """The parts of an OpenDocument spreadsheet with these `table:table` elements."""
    return {
        "mimetype": ODS_TYPE,
        "content.xml": f"<office:document-content {NAMESPACES}>"
        f"<office:automatic-styles>{styles}</office:automatic-styles><office:body>"
        f"<office:spreadsheet>{''.join(tables)}</office:spreadsheet>"
        "</office:body></office:document-content>",
    }


def ods_table(rows: Sequence[Sequence[str]], name: str = "Sheet1", more: str = "") -> str:
    """A table of texts, written as the standard says: spaces, tabs and breaks as elements."""
    lines = "".join(
        f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows
    )
    return f"<table:table table:name={quoteattr(name)}{more}>{lines}</table:table>"


def _ods_cell(text: str) -> str:
    if not text:
        return "<table:table-cell/>"
    paragraphs = "".join(f"<text:p>{_ods_text(part)}</text:p>" for part in text.split("\n"))
    return f'<table:table-cell office:value-type="string">{paragraphs}</table:table-cell>'


def _ods_text(text: str) -> str:
    return escape(text, {" ": "<text:s/>", "\t": "<text:tab/>"})


def _link(number: int, kind: str, target: str) -> str:
    return f'<Relationship Id="rId{number}" Type="{OFFICE}/{kind}" Target="{target}"/>'


def _links(text: str) -> str:
    return f'<Relationships xmlns="{RELATIONS}">{text}</Relationships>'
