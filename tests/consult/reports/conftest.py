"""The documents' operations and printing need a database and no web application: most tests here start faster so."""

from __future__ import annotations

import pytest

from app import db
from tests.cast import Cast, make_cast


@pytest.fixture
def cast(database: None) -> Cast:
    """The cast on a database alone; a test that asks for `client_as` gets the application beside it."""
    with db.write_transaction() as session:
        return make_cast(session)
