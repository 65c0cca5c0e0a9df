"""Alembic's entry: migrates the database that the configuration names, online only."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy.engine import Connection

from app import db
from app.config import current
from app.models import Base


def _render(kind: str, item: Any, _autogen: Any) -> str | Literal[False]:
    """Migrations stand alone: our own column types are written as what the database stores."""
    return "sa.DateTime()" if kind == "type" and isinstance(item, db.Utc) else False


def _let_tables_be_made_anew(connection: Connection) -> None:
    """SQLite changes a constraint by making its table anew, which it must not take for deleting every row.

    Said before the transaction begins, where alone SQLite listens; references are checked at the end instead.
    """
    if connection.dialect.name == "sqlite":
        line = connection.connection.driver_connection
        assert line is not None
        line.execute("PRAGMA foreign_keys=OFF")


def _require_whole_references(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise RuntimeError(f"the migration would break references: {broken[:5]}")


def run() -> None:
    """Run the asked-for migrations; batch mode lets SQLite alter tables."""
    engine = db.make_engine(current().database_url)
    with engine.connect() as connection:
        _let_tables_be_made_anew(connection)
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,
            render_item=_render,
        )
        with context.begin_transaction():
            context.run_migrations()
            _require_whole_references(connection)
        connection.commit()
    engine.dispose()


run()
