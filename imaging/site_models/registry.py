"""The models that this installation's administrator has registered: none unless SITE_MODELS names a file."""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path

from app import config
from imaging.site_models.protocol import SiteModel, read_registration

log = logging.getLogger(__name__)


def registered() -> list[SiteModel]:
    """The registered models; none, and a line in the log, when the file cannot be used."""
    path = config.current().site_models
    if path is None:
        return []
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        changed = 0
    return _read(path, changed)


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int) -> list[SiteModel]:
    try:
        return read_registration(path)
    except ValueError as error:
        log.error("%s", error)
        return []
