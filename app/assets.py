"""The built client: from an entry's source path to its URLs, and the files themselves with lasting cache headers."""

from __future__ import annotations

import json
import mimetypes
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, request, send_file
from markupsafe import Markup
from werkzeug.security import safe_join

BASE = "/static/"
HASHED = "assets/"  # everything in here has its content's hash in its name
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))  # best first
TYPES = {".js": "text/javascript", ".svg": "image/svg+xml", ".wasm": "application/wasm", ".woff2": "font/woff2"}


class AssetError(RuntimeError):
    """The built client is missing or lacks what a page asks for; the message says what to run."""


class Assets:
    """What Vite wrote into `folder`; read again whenever a new build replaces it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read_at = -1
        self._manifest: dict[str, dict[str, Any]] = {}
        self._sprite = ""
        self._icons: frozenset[str] = frozenset()

    def url(self, entry: str) -> str:
        """URL of an entry, named by its source such as `src/pages/room.ts` or `src/styles/site.css`."""
        return BASE + str(self._chunk(entry)["file"])

    def styles(self, entry: str) -> list[str]:
        """URLs of the style sheets that a script entry needs, those of its imports first."""
        found = dict.fromkeys(
            BASE + sheet for chunk in [*self._imports(entry), self._chunk(entry)] for sheet in chunk.get("css", [])
        )
        return list(found)

    def preloads(self, entry: str) -> list[str]:
        """URLs of the modules that a script entry imports at once, so that they load beside it, not after it."""
        return [BASE + str(chunk["file"]) for chunk in self._imports(entry)]

    def tags(self, entry: str) -> Markup:
        """Everything a page's head needs for one script entry."""
        sheets = [Markup('<link rel="stylesheet" href="{}">').format(url) for url in self.styles(entry)]
        modules = [Markup('<link rel="modulepreload" href="{}">').format(url) for url in self.preloads(entry)]
        script = Markup('<script type="module" src="{}"></script>').format(self.url(entry))
        return Markup("\n").join([*sheets, *modules, script])

    def sprite(self) -> str:
        """URL of the icon sprite, for `<meta name="icon-sprite">`."""
        self._read()
        return BASE + self._sprite

    def icon(self, name: str) -> Markup:
        """One icon of static/icons.json, hidden from screen readers: words beside it say what it means."""
        sprite = self.sprite()
        if name not in self._icons:
            raise AssetError(f"There is no icon {name!r}: add it to static/icons.json and run `make client`.")
        return Markup('<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>').format(sprite, name)

    def _chunk(self, entry: str) -> dict[str, Any]:
        self._read()
        try:
            return self._manifest[entry]
        except KeyError:
            raise AssetError(f"The built client has no {entry}: run `make client` to build it again.") from None

    def _imports(self, entry: str) -> list[dict[str, Any]]:
        """Chunks imported statically, directly or not, dependencies before dependants."""
        found: dict[str, dict[str, Any]] = {}

        def visit(name: str, trail: frozenset[str]) -> None:
            for imported in self._chunk(name).get("imports", []):
                if imported not in found and imported not in trail:
                    visit(imported, trail | {imported})
                    found[imported] = self._chunk(imported)

        visit(entry, frozenset({entry}))
        return list(found.values())

    def _read(self) -> None:
        path = self.folder / "manifest.json"
        try:
            built_at = path.stat().st_mtime_ns
            if built_at == self._read_at:
                return
            manifest = json.loads(path.read_text(encoding="utf-8"))
            icons = json.loads((self.folder / "icons.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            raise AssetError("The client is not built: run `make client`.") from None
        self._manifest, self._sprite, self._icons = manifest, icons["file"], frozenset(icons["names"])
        self._read_at = built_at


def install(app: Flask, folder: Path | None = None) -> None:
    """Serve the built client under /static/ and give templates asset, asset_tags, icon and icon_sprite."""
    assets = Assets(folder or Path(app.root_path) / "static" / "dist")
    app.jinja_env.globals.update(
        asset=assets.url,
        asset_styles=assets.styles,
        asset_preloads=assets.preloads,
        asset_tags=assets.tags,
        icon=assets.icon,
        icon_sprite=assets.sprite,
    )
    app.add_url_rule(f"{BASE}<path:name>", "static", lambda name: serve(assets.folder, name))


def serve(folder: Path, name: str) -> Response:
    """One built file, in the smallest form that the browser takes; 404 for anything else."""
    joined = safe_join(str(folder), name)
    if joined is None or not Path(joined).is_file() or name.endswith((".br", ".gz")):
        abort(404)
    path, encoding = _smallest(Path(joined))
    answer = send_file(path, mimetype=_type(name), conditional=True, etag=True)
    if encoding:
        answer.headers["Content-Encoding"] = encoding
    answer.headers["Vary"] = "Accept-Encoding"
    lasting = name.startswith(HASHED)
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable" if lasting else "no-cache"
    return answer


def _smallest(path: Path) -> tuple[Path, str]:
    if "Range" not in request.headers:
        for encoding, suffix in ENCODINGS:
            packed = path.with_name(path.name + suffix)
            if request.accept_encodings.quality(encoding) > 0 and packed.is_file():
                return packed, encoding
    return path, ""


def _type(name: str) -> str:
    suffix = Path(name).suffix
    return TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
