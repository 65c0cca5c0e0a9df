"""Fixtures for every test: a fresh database, an app, the cast and browsers of a sort (`client_as`)."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

# Modules that open files at import (the job queue) must never touch a developer's own data.
os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="nidaan-tests-")
os.environ.setdefault("ASYNC_MODE", "threading")

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import clock, config, db
from app.auth.models import User
from app.auth.sessions import SignedIn
from app.config import Config
from app.factory import create_app
from app.models import Base
from tests.cast import Cast, make_cast


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with every table, copied for each test (making tables takes longer than most tests)."""
    path = tmp_path_factory.mktemp("database") / "empty.sqlite3"
    engine = db.make_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture
def settings(tmp_path: Path, empty_database: Path) -> Config:
    """The configuration of this test's own installation."""
    shutil.copy(empty_database, tmp_path / "nidaan.sqlite3")
    return Config(
        data_dir=tmp_path,
        database_url=f"sqlite:///{tmp_path / 'nidaan.sqlite3'}",
        secret_key="only for tests",
        testing=True,
        sign_in_limit="1000 per minute",
    )


@pytest.fixture
def app(settings: Config) -> Iterator[Flask]:
    """The whole application on an empty database; forms need no CSRF token here (a test of its own checks them)."""
    made = create_app(settings)
    made.config["WTF_CSRF_ENABLED"] = False
    yield made
    clock.set_source(None)
    db.database().engine.dispose()


@pytest.fixture
def database(settings: Config) -> Iterator[None]:
    """A database without an app, for operations and queries."""
    config.use(settings)
    db.connect(settings.database_url)
    yield
    clock.set_source(None)
    db.database().engine.dispose()


@pytest.fixture
def cast(app: Flask) -> Cast:
    """Two facilities of one program and an outsider's program, with somebody in every role."""
    with db.write_transaction() as session:
        return make_cast(session)


@pytest.fixture
def client_as(app: Flask) -> Callable[[User | None], FlaskClient]:
    """A browser signed in as a user; as nobody for None."""

    def make(user: User | None) -> FlaskClient:
        client = app.test_client()
        if user is not None:
            with client.session_transaction() as cookie:
                cookie["_user_id"] = SignedIn.as_user(user).get_id()
                cookie["_fresh"] = True
        return client

    return make
