"""Signing out and being kept out end the live connections too."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_socketio import SocketIOTestClient

from app.auth import live
from app.auth.models import User
from app.extensions import socketio
from tests.cast import Cast

ClientAs = Callable[[User | None], FlaskClient]
Connect = Callable[[FlaskClient], SocketIOTestClient]


@pytest.fixture
def connect(app: Flask) -> Connect:
    """Opens the socket of a browser."""

    def open_socket(browser: FlaskClient) -> SocketIOTestClient:
        socket = socketio.test_client(app, flask_test_client=browser)
        socket.emit("join_worklist", {}, callback=True)
        return socket

    return open_socket


def test_signing_out_ends_ones_own_sockets_alone(client_as: ClientAs, connect: Connect, cast: Cast) -> None:
    specialist = client_as(cast.specialist)
    own, another = connect(specialist), connect(client_as(cast.second_specialist))
    specialist.post("/sign-out")
    assert not own.is_connected()
    assert another.is_connected()


def test_deactivation_ends_sockets_at_once(client_as: ClientAs, connect: Connect, cast: Cast) -> None:
    socket = connect(client_as(cast.specialist))
    client_as(cast.administrator).post(f"/people/{cast.specialist.id}/deactivate")
    assert not socket.is_connected()


def test_nobodys_sockets_are_nobodys(client_as: ClientAs, connect: Connect, cast: Cast) -> None:
    visitor = connect(client_as(None))
    assert live.end_connections(cast.doctor.id) == 0
    assert visitor.is_connected()
