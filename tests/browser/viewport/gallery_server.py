"""A plain web server for the stage's own page and its pictures, inside the test's process."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html"}
TYPES |= {".json": "application/json", ".webp": "image/webp", ".mp4": "video/mp4"}
# As strict as the product's own, but that a test may wait for an expression to come true in the page.
POLICY = "default-src 'self'; script-src 'self' 'unsafe-eval'; img-src 'self' data: blob:; object-src 'none'"


class GalleryServer:
    """Serves `roots` (prefix -> folder) on a free port; counts requests and can hold some back."""

    def __init__(self, roots: dict[str, Path], port: int = 0) -> None:
        self.requests: list[str] = []
        self.held: set[str] = set()
        self.release = threading.Event()
        self._roots = roots
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://localhost:{self._server.server_address[1]}"

    def stop(self) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()

    def add(self, prefix: str, folder: Path) -> None:
        """Serve one more folder."""
        self._roots[prefix] = folder

    def find(self, path: str) -> Path | None:
        """The file behind a path, None when there is none."""
        for prefix, folder in self._roots.items():
            if path.startswith(prefix):
                file = (folder / path.removeprefix(prefix)).resolve()
                return file if file.is_file() and folder.resolve() in file.parents else None
        return None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                path = self.path.split("?")[0]
                owner.requests.append(path)
                if any(part in path for part in owner.held):
                    owner.release.wait()
                file = owner.find(path)
                if file is None:
                    self.send_error(404)
                    return
                self._send(file)

            def _send(self, file: Path) -> None:
                data = file.read_bytes()
                start, end = self._range(len(data))
                self.send_response(206 if "Range" in self.headers else 200)
                self.send_header("Content-Type", TYPES.get(file.suffix, "application/octet-stream"))
                self.send_header("Content-Length", str(end - start))
                self.send_header("Accept-Ranges", "bytes")
                self.send_header("Cache-Control", "no-store")
                self.send_header("Content-Security-Policy", POLICY)
                if "Range" in self.headers:
                    self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(data)}")
                self.end_headers()
                self.wfile.write(data[start:end])

            def _range(self, size: int) -> tuple[int, int]:
                first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
                return int(first), min(size, int(last) + 1) if last else size

            def log_message(self, *_: object) -> None:
                """Quiet: the test says what it saw."""

        return Handler
