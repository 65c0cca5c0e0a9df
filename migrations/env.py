"""Alembic's entry: migrates the database that the configuration names, online only."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from app import db
from app.config import current
from app.models import Base


def _render(kind: str, item: Any, _autogen: Any) -> str | Literal[False]:
    """Migrations stand alone: our own column types are written as what the database stores."""
    return "sa.DateTime()" if kind == "type" and isinstance(item, db.Utc) else False


def run() -> None:
    """Run the asked-for migrations; batch mode lets SQLite alter tables."""
    engine = db.make_engine(current().database_url)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,
            render_item=_render,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    engine.dispose()


run()
