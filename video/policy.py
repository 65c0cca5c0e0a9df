"""How media travels and how much of it: pure functions, no state."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Protocol

from video.protocol import MediaLimits

MEMBERS_LIMIT: Final = 4  # beyond it each member's uplink would carry more than three copies of itself
CREDENTIAL_LIFE: Final = timedelta(hours=6)

# By how many others there are: [0] one other, [1] two others, ... the uplink is shared between them.
LIMITS: Final[tuple[MediaLimits, ...]] = (
    MediaLimits(audio_bps=24_000, video_bps=600_000, frame_rate=24),
    MediaLimits(audio_bps=20_000, video_bps=250_000, frame_rate=20),
    MediaLimits(audio_bps=16_000, video_bps=120_000, frame_rate=15),
)


class IceConfig(Protocol):
    """What the configuration says about STUN and TURN."""

    @property
    def ice_servers(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def turn_urls(self) -> Sequence[str]: ...
    @property
    def turn_secret(self) -> str: ...


def route(members: int, asked: bool, recorded: bool = False) -> Literal["direct", "relay"]:
    """How the media of a call travels best: two talk directly, unless somebody found no direct path or everybody agreed
    to be recorded, which only a relay can; more than two never do.
    """
    return "relay" if members >= 3 or (members == 2 and (asked or recorded)) else "direct"


def media_limits(others: int) -> MediaLimits:
    """What a member with `others` other members may send to each of them."""
    return LIMITS[min(max(others, 1), len(LIMITS)) - 1]


def is_polite(participant_id: str, other_id: str) -> bool:
    """Of two, the one with the smaller identifier leaves the offers to the other (WebRTC 1.0, 10.7)."""
    return participant_id < other_id


def ice_servers(config: IceConfig, now: datetime, participant_id: str) -> list[dict[str, Any]]:
    """RTCIceServer dictionaries for one participant.

    Configured servers as they are, then the TURN relays with credentials that expire (draft-uberti-behave-turn-rest-00,
    coturn's `use-auth-secret`): user name `<expiry, unix seconds>:<participant>`, password base64(HMAC-SHA1(secret)).
    """
    servers = [dict(server) for server in config.ice_servers]
    if not config.turn_urls:
        return servers
    relay: dict[str, Any] = {"urls": list(config.turn_urls)}
    if config.turn_secret:
        username = f"{int((now + CREDENTIAL_LIFE).timestamp())}:{participant_id}"
        digest = hmac.new(config.turn_secret.encode(), username.encode(), hashlib.sha1).digest()
        relay |= {"username": username, "credential": base64.b64encode(digest).decode()}
    return [*servers, relay]
