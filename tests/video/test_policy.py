"""Rules of the call that need no call."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from video.policy import CREDENTIAL_LIFE, ice_servers, is_polite, media_limits, route

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
STUN = {"urls": "stun:stun.example.org"}


@dataclass(frozen=True)
class Settings:
    ice_servers: tuple[dict[str, Any], ...] = ()
    turn_urls: tuple[str, ...] = ()
    turn_secret: str = ""


def test_without_configuration_browsers_are_on_their_own() -> None:
    assert ice_servers(Settings(), NOW, "asha") == []


def test_configured_servers_are_passed_on_as_copies() -> None:
    settings = Settings(ice_servers=(STUN,))
    (server,) = ice_servers(settings, NOW, "asha")
    assert server == STUN
    assert server is not STUN


def test_a_relay_with_a_secret_gets_credentials_that_expire_and_name_the_participant() -> None:
    settings = Settings((STUN,), ("turn:turn.example.org", "turns:turn.example.org"), "secret")
    _, relay = ice_servers(settings, NOW, "asha")
    expiry, participant = relay["username"].split(":")
    assert int(expiry) == int((NOW + CREDENTIAL_LIFE).timestamp())
    assert participant == "asha"
    digest = hmac.new(b"secret", relay["username"].encode(), hashlib.sha1).digest()
    assert relay["credential"] == base64.b64encode(digest).decode()
    assert relay["urls"] == ["turn:turn.example.org", "turns:turn.example.org"]


def test_a_relay_without_a_secret_has_no_credentials() -> None:
    assert ice_servers(Settings(turn_urls=("turn:turn.example.org",)), NOW, "asha") == [
        {"urls": ["turn:turn.example.org"]}
    ]


def test_of_any_two_participants_exactly_one_is_polite() -> None:
    assert is_polite("0a", "0b") is not is_polite("0b", "0a")


def test_more_members_means_less_for_each_but_never_no_voice() -> None:
    steps = [media_limits(others) for others in (0, 1, 2, 3, 9)]
    assert [one.video_bps for one in steps] == [600_000, 600_000, 250_000, 120_000, 120_000]
    assert all(one.audio_bps >= 16_000 for one in steps)


def test_two_talk_directly_unless_they_found_no_path_and_more_go_through_a_relay() -> None:
    assert [route(members, asked=False) for members in (1, 2, 3, 4)] == ["direct", "direct", "relay", "relay"]
    assert [route(members, asked=True) for members in (1, 2, 3, 4)] == ["direct", "relay", "relay", "relay"]
