"""The database: one engine a process, reads and writes told apart.

SQLite waits for locks inside C and would stop every greenlet of the process, so writes take a process-wide lock first,
open with BEGIN IMMEDIATE and, while another *process* writes, retry with a green sleep. Rule for callers: nothing that
may yield (emit, HTTP, sleep) between the first write and the commit.

A commit survives a killed process at once and a power cut within moments; a `durable` one survives both at once.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, DateTime, Dialect, Engine, MetaData, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.types import TypeDecorator

WRITE_PATIENCE_SECONDS = 10.0
RETRY_SECONDS = 0.02

_NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every table; constraints are named so that both SQLite and PostgreSQL can migrate them."""

    metadata = MetaData(naming_convention=_NAMES)


class Utc(TypeDecorator[datetime]):
    """An aware UTC datetime in Python, a plain timestamp in the database."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime must not be stored: use app.clock.now()")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


def new_id() -> str:
    """A random identifier: 32 hexadecimal digits (RFC 9562 version 4)."""
    return uuid.uuid4().hex


class Database:
    """An engine, its sessions and the process-wide write lock."""

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        self.sessions = sessionmaker(self.engine, expire_on_commit=False)
        self.write_lock = threading.RLock()


def make_engine(url: str) -> Engine:
    """An engine for `url`; SQLite runs in WAL mode with foreign keys enforced."""
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": 0.25})
    event.listen(engine, "connect", _open_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    event.listen(engine, "checkin", _back_to_normal)
    return engine


def _open_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are opened below, not guessed by the driver
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    if not connection.get_execution_options().get("writes"):
        connection.exec_driver_sql("BEGIN")
        return
    if connection.get_execution_options().get("durable"):
        connection.exec_driver_sql("PRAGMA synchronous=FULL")
        connection.info["durable"] = True
    give_up_at = time.monotonic() + WRITE_PATIENCE_SECONDS
    while True:
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            return
        except OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > give_up_at:
                raise
            time.sleep(RETRY_SECONDS)


def _back_to_normal(connection: Any, record: Any) -> None:
    """A connection that made a durable commit is given to others as it was."""
    if connection is not None and record.info.pop("durable", False):
        connection.execute("PRAGMA synchronous=NORMAL")


_database: Database | None = None


def connect(url: str) -> Database:
    """Open the process's database; a second call replaces it (tests, and workers after fork)."""
    global _database
    if _database is not None:
        _database.engine.dispose()
    _database = Database(url)
    return _database


def database() -> Database:
    """The process's database."""
    if _database is None:
        raise RuntimeError("app.db.connect(url) has not been called in this process")
    return _database


@contextmanager
def read_session() -> Iterator[Session]:
    """A session for reading; whatever it changes is rolled back."""
    with database().sessions() as session:
        yield session


@contextmanager
def write_transaction(*, durable: bool = False) -> Iterator[Session]:
    """A session that commits at the end, or rolls back when anything is raised.

    `durable`: the commit is on the disk when this returns, so that somebody else may be told to forget their copy.
    """
    own = database()
    with own.write_lock, own.sessions() as session:
        session.connection(execution_options={"writes": True, "durable": durable})
        yield session
        session.commit()
