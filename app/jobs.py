"""The job queue: Huey on a SQLite file in DATA_DIR, or on Redis when REDIS_URL is set.

Subject folders define tasks in their own `jobs.py`; `python -m app.worker` runs them in a process of its own.
"""

from __future__ import annotations

import os
from typing import Any

from huey import Huey, RedisHuey
from huey.storage import SqliteStorage

from app import config


class Storage(SqliteStorage):
    """Jobs on a file that survives a killed process; they need not survive a power cut, since every subject finds what
    it has left undone in the database. Syncing each of them to the disk would cost more than many a job.
    """

    def _create_connection(self) -> Any:
        connection = super()._create_connection()
        connection.execute("pragma synchronous=normal")
        return connection


def _make() -> Huey:
    url = os.environ.get("REDIS_URL")
    if url:
        return RedisHuey("nidaan", url=url, results=False)
    path = config.current().data_dir / "jobs.sqlite3"
    return Huey("nidaan", storage_class=Storage, filename=str(path), results=False, timeout=5)


huey = _make()
