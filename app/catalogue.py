"""`python -m app.catalogue`: bring every language's .po file up to date with the sentences in the sources.

Translations are kept; new sentences come in empty and are shown in English until somebody translates them.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import write_po

from app.languages import FOLDER, read_catalogue

ROOT = Path(__file__).resolve().parent.parent
KEYWORDS = {**DEFAULT_KEYWORDS, "_l": None, "t": None, "lazy_gettext": None}
SOURCES = ("app", "consult", "imaging", "video", "templates", "static/src")
LINE_WIDTH = 118
HEADER = "# Nidaan's sentences. Kept up to date by `python -m app.catalogue`."


def extract(root: Path = ROOT) -> Catalog:
    """Every catalogued sentence of the sources, with the files that say it."""
    mapping, options = parse_mapping_cfg(  # type: ignore[no-untyped-call]
        io.StringIO((root / "babel.cfg").read_text(encoding="utf-8"))
    )
    found = Catalog(project="Nidaan", charset="utf-8")
    for folder in SOURCES:
        for name, _line, message, comments, context in extract_from_dir(
            root / folder, _below(mapping, folder), _options_below(options, folder), keywords=KEYWORDS
        ):
            # Without line numbers: a moved line is no change of the catalogue.
            place = (f"{folder}/{Path(name).as_posix()}", 0)
            found.add(message, locations=[place], auto_comments=comments, context=context)
    return found


def _below(mapping: list[tuple[str, str]], folder: str) -> list[tuple[str, str]]:
    start = f"{folder}/"
    return [(pattern.removeprefix(start), method) for pattern, method in mapping if pattern.startswith(start)]


def _options_below(options: dict[str, dict[str, str]], folder: str) -> dict[str, dict[str, str]]:
    return {pattern.removeprefix(f"{folder}/"): given for pattern, given in options.items()}


def update(language: str, template: Catalog) -> Catalog:
    """Bring one language's file up to date and give it back."""
    path = FOLDER / language / "LC_MESSAGES" / "messages.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue = read_catalogue(language) if path.exists() else Catalog(locale=language, project="Nidaan")
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.header_comment, catalogue.fuzzy = HEADER, False
    with path.open("wb") as file:
        write_po(file, catalogue, width=LINE_WIDTH, sort_output=True, include_lineno=False, omit_header=False)
    return catalogue


def _is_translated(message: Message) -> bool:
    forms = message.string if isinstance(message.string, (list, tuple)) else (message.string,)
    return all(forms)


def main() -> None:
    """Update the languages named, or all that have a file; say how much is translated."""
    template = extract()
    languages = sys.argv[1:] or sorted(path.name for path in FOLDER.iterdir() if path.is_dir())
    for language in languages:
        catalogue = update(language, template)
        done = sum(1 for message in catalogue if message.id and _is_translated(message))
        print(f"{language}: {done} of {len(catalogue)} sentences translated")


if __name__ == "__main__":
    main()
