"""Typesetting: data and pictures in, PDF bytes out; the same in, the same out. Fonts are of packages, not the system.

Everything a person wrote goes in as JSON strings and is set as text: the template evaluates none of it.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import fontpkg_noto_sans  # type: ignore[import-untyped]
import fontpkg_noto_sans_devanagari  # type: ignore[import-untyped]
import typst

TEMPLATE: Final = Path(__file__).resolve().parents[2] / "templates" / "reports" / "record.typ"


@cache
def _fonts() -> typst.Fonts:
    folders = [str(fontpkg_noto_sans.ROOT), str(fontpkg_noto_sans_devanagari.ROOT)]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)


def make(data: Mapping[str, Any], pictures: Mapping[str, bytes], *, dated: datetime) -> bytes:
    """The PDF of `data` (see `printed.document`). `pictures` are files that it names; `dated`: the PDF's own date."""
    with tempfile.TemporaryDirectory(prefix="record-") as folder:
        for name, content in pictures.items():
            (Path(folder) / name).write_bytes(content)
        made = typst.Compiler(root=folder, font_paths=_fonts(), ignore_system_fonts=True).compile(
            input=TEMPLATE.read_bytes(),
            sys_inputs={"data": json.dumps(data, ensure_ascii=False, allow_nan=False)},
            format="pdf",
            timestamp=int(dated.timestamp()),
        )
    if not isinstance(made, bytes):
        raise TypeError("one PDF was expected")
    return made
