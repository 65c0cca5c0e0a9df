"""A fresh room for each test."""

from __future__ import annotations

import pytest

from tests.video.room import Room


@pytest.fixture
def room(database: None) -> Room:
    return Room()
