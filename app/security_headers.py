"""The headers that every answer carries: nothing inline, nothing from elsewhere, nothing kept by the browser."""

from __future__ import annotations

import re

from flask import Flask, Response, request

_HOST = re.compile(r"^[A-Za-z0-9.-]+(:\d{1,5})?$|^\[[0-9A-Fa-f:.]+\](:\d{1,5})?$")

PERMISSIONS = "camera=(self), microphone=(self), fullscreen=(self), geolocation=(), payment=(), usb=()"


def install(app: Flask) -> None:
    """Add the headers to every answer."""
    app.after_request(add_headers)


def add_headers(answer: Response) -> Response:
    """Set what the view has not set itself; only the policy is never a view's to choose."""
    answer.headers["Content-Security-Policy"] = policy(request.host, wasm=request.path.startswith("/static/"))
    answer.headers.setdefault("X-Content-Type-Options", "nosniff")
    answer.headers.setdefault("Referrer-Policy", "same-origin")
    answer.headers.setdefault("Permissions-Policy", PERMISSIONS)
    answer.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    answer.headers.setdefault("X-Frame-Options", "DENY")
    # Whatever is not told otherwise (built files, renditions) may hold a patient's data.
    answer.headers.setdefault("Cache-Control", "no-store")
    if request.is_secure:
        answer.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return answer


def policy(host: str, *, wasm: bool = False) -> str:
    """The Content-Security-Policy. Older Safari does not count sockets as 'self', so they are named.

    A worker lives under the policy of its own script: `wasm` lets it run checksums and decoders (WebAssembly, never
    eval). Pages may not.
    """
    sockets = f" ws://{host} wss://{host}" if _HOST.match(host) else ""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self' 'wasm-unsafe-eval'" if wasm else "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' blob: data:",
            "media-src 'self' blob:",
            "font-src 'self'",
            f"connect-src 'self' blob:{sockets}",
            "worker-src 'self' blob:",
            "manifest-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "object-src 'none'",
            "frame-ancestors 'none'",
        )
    )
