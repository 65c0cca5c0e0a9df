"""The job queue: Huey on a SQLite file in DATA_DIR, or on Redis when REDIS_URL is set.

Subject folders define tasks in their own `jobs.py`; `python -m app.worker` runs them in a process of its own.
"""

from __future__ import annotations

import os

from huey import Huey, RedisHuey, SqliteHuey

from app import config


def _make() -> Huey:
    url = os.environ.get("REDIS_URL")
    if url:
        return RedisHuey("nidaan", url=url, results=False)
    path = config.current().data_dir / "jobs.sqlite3"
    return SqliteHuey("nidaan", filename=str(path), results=False, timeout=5)


huey = _make()
