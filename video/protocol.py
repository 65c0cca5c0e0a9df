"""The call's messages: who is in it, and the descriptions and candidates that two browsers exchange through the server.

Descriptions and candidates are opaque here (RFC 8829, RFC 8840): the server checks their size and shape, says who sent
them and hands them to one other member of the same call. It never logs or stores them.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

MAX_SDP_BYTES: Final = 64 * 1024
MAX_CANDIDATE_BYTES: Final = 2 * 1024
MAX_ATTEMPTS: Final = 10_000


def _fits(limit: int) -> AfterValidator:
    def check(text: str) -> str:
        if len(text.encode("utf-8", "surrogatepass")) > limit:
            raise ValueError(f"This is longer than {limit} bytes.")
        return text

    return AfterValidator(check)


def _once(names: list[str]) -> list[str]:
    if len(set(names)) < len(names):
        raise ValueError("The same thing stands here twice.")
    return names


ParticipantId = Annotated[str, Field(min_length=1, max_length=64)]
SessionId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
Camera = Literal["front", "rear"]
# What a member sends: voice and picture (the same picture small, for slow lines, as `low`), and pictures beside these:
# another camera's as `second`, an ultrasound unit's as `probe`.
Track = Literal["voice", "picture", "low", "second", "probe"]
Extra = Literal["second", "probe"]
Extras = Annotated[list[Extra], Field(max_length=2), AfterValidator(_once)]


class Message(BaseModel):
    """Strict: no coercion, no unknown fields, no NaN."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, frozen=True, populate_by_name=True)


class SessionDescription(Message):
    """RTCSessionDescriptionInit (WebRTC 1.0, 4.6.2) as this protocol uses it: whole offers and answers."""

    type: Literal["offer", "answer"]
    sdp: Annotated[str, Field(pattern=r"^v=0\r?\n"), _fits(MAX_SDP_BYTES)]


class IceCandidate(Message):
    """RTCIceCandidateInit (WebRTC 1.0, 4.8.1); an empty `candidate` ends a generation of candidates."""

    candidate: Annotated[str, Field(pattern=r"^(candidate:[^\r\n]*)?$"), _fits(MAX_CANDIDATE_BYTES)]
    sdp_mid: Annotated[str, Field(max_length=64)] | None = Field(default=None, alias="sdpMid")
    sdp_m_line_index: Annotated[int, Field(ge=0, le=255)] | None = Field(default=None, alias="sdpMLineIndex")
    username_fragment: Annotated[str, Field(max_length=256)] | None = Field(default=None, alias="usernameFragment")


class CallMember(Message):
    """One member of the call. `session_id` is new each time they join; `audio` and `video`: whether they send it."""

    participant_id: ParticipantId
    session_id: SessionId
    audio: bool
    video: bool
    camera: Camera | None = None
    extra: Extras = []


Purpose = Literal["publish", "subscribe"]


class Route(Message):
    """How the call's media travels now: from browser to browser, or through a relay. `id` is new with each change.

    `receive`: what a browser makes to receive somebody through the relay, an offer, or an answer to the relay's offer.
    """

    kind: Literal["direct", "relay"]
    id: SessionId
    receive: Literal["offer", "answer"] = "offer"


class MediaLimits(Message):
    """What one member may send to each other member, in bits and frames per second."""

    audio_bps: int
    video_bps: int
    frame_rate: int


# Commands ---------------------------------------------------------------------------------------------------------


class WatchCall(Message):
    """Who is in the call, for someone in the room who has not joined it."""


class JoinCall(Message):
    """Join, or come back after a reconnection with the same `session_id`; another `session_id` replaces the old one."""

    session_id: SessionId
    audio: bool
    video: bool


class LeaveCall(Message):
    """Hang up."""


class SendDescription(Message):
    """An offer or answer for the member `to`, as long as their session is still `session_id`; null asks for an offer.

    `attempt` counts the connections made between these two sessions: a higher one replaces what is there.
    """

    to: ParticipantId
    session_id: SessionId
    description: SessionDescription | None
    attempt: Annotated[int, Field(ge=0, le=MAX_ATTEMPTS)] = 0


class SendCandidate(Message):
    """A candidate for the member `to` (null: no more), as long as their session is still `session_id`."""

    to: ParticipantId
    session_id: SessionId
    candidate: IceCandidate | None
    attempt: Annotated[int, Field(ge=0, le=MAX_ATTEMPTS)] = 0


class AskForRelay(Message):
    """No direct path to another member was found: the call has to go through a relay."""


class OpenMedia(Message):
    """Offer the relay of route `route` a connection: to send one's own media, or to receive those of `publisher`.

    `session_id` is the sender's own; the answer comes as `media_answered` with the same `attempt`, or `media_refused`.
    `tracks` says what the offer's media sections carry, in their order; `sdp` is null where the relay makes the offer.
    """

    route: SessionId
    session_id: SessionId
    purpose: Purpose
    publisher: ParticipantId | None
    attempt: Annotated[int, Field(ge=0, le=MAX_ATTEMPTS)] = 0
    tracks: Annotated[list[Track], Field(min_length=1, max_length=5), AfterValidator(_once)] = ["voice", "picture"]
    sdp: Annotated[str, Field(pattern=r"^v=0\r?\n"), _fits(MAX_SDP_BYTES)] | None


class SendMediaAnswer(Message):
    """The answer to the relay's offer of the media of `publisher`."""

    route: SessionId
    session_id: SessionId
    purpose: Literal["subscribe"] = "subscribe"
    publisher: ParticipantId
    sdp: Annotated[str, Field(pattern=r"^v=0\r?\n"), _fits(MAX_SDP_BYTES)]


class SendMediaCandidate(Message):
    """A candidate for such a connection."""

    route: SessionId
    session_id: SessionId
    purpose: Purpose
    publisher: ParticipantId | None
    candidate: IceCandidate


class Reception(Message):
    """How the media of `publisher` arrive: `loss` a share of 1, bit/s of the picture."""

    publisher: ParticipantId
    loss: Annotated[float, Field(ge=0, le=1)]
    round_trip: Annotated[int, Field(ge=0, le=600_000)]
    picture: Annotated[int, Field(ge=0, le=1_000_000_000)]


class TellReception(Message):
    """What this browser measured: for a relay that does not measure how its receivers fare."""

    route: SessionId
    links: Annotated[list[Reception], Field(min_length=1, max_length=8)]


class HoldPicture(Message):
    """Hold the picture of `publisher` back at the relay, or send it again: a member who wants voices only."""

    route: SessionId
    publisher: ParticipantId
    held: bool


Share = Annotated[float, Field(ge=0, le=1)]
BitsPerSecond = Annotated[int, Field(ge=0, le=1_000_000_000)]
Milliseconds = Annotated[int, Field(ge=0, le=600_000)]


class LinkQuality(Message):
    """How the link to one other member is now: in a word, by which path, on which rung of the ladder, in figures."""

    other: ParticipantId
    link: Literal["good", "weak", "lost", "no_path"]
    path: Literal["direct", "turn", "relay"]
    rung: Literal["picture", "small_picture", "stills", "voice", "text", "question"]
    loss_in: Share
    loss_out: Share
    concealed: Share
    round_trip: Milliseconds | None
    jitter: Milliseconds | None
    voice_in: BitsPerSecond
    voice_out: BitsPerSecond
    picture_in: BitsPerSecond
    picture_out: BitsPerSecond


class ReportQuality(Message):
    """What this browser measured of its links; kept with the call for those who look after the network."""

    links: Annotated[list[LinkQuality], Field(min_length=1, max_length=8)]


Bytes = Annotated[int, Field(ge=0, le=10_000_000_000)]


class ReportData(Message):
    """Bytes that this device spent on the consult since it last said so: zeros ask only how much there is left."""

    voice: Bytes
    video: Bytes
    images: Bytes


class ChangeMedia(Message):
    """What this member now sends."""

    audio: bool
    video: bool
    camera: Camera | None = None
    extra: Extras = []


# Replies ----------------------------------------------------------------------------------------------------------


class Empty(Message):
    """Done."""


class DataUse(Message):
    """What this participant spent on this consult, what their site spent this month and may spend; in bytes.

    `saver`: the site's calls begin without video. `month_limit` None: no limit.
    """

    voice: int
    video: int
    images: int
    month: int
    month_limit: int | None
    saver: bool


class CallMembers(Message):
    """The call's other members, the limits by how many they are (`limits[0]` for one other member), and the route."""

    members: list[CallMember]
    route: Route
    limits: list[MediaLimits]


# Facts ------------------------------------------------------------------------------------------------------------


class CallJoined(Message):
    """Someone is in the call."""

    member: CallMember


class CallLeft(Message):
    """Someone is not: they hung up, their line was lost for good, or they joined again from elsewhere."""

    participant_id: ParticipantId
    reason: Literal["left", "lost", "replaced"]


class DescriptionSent(Message):
    """An offer or answer from the member `from`, whose session is `session_id`; null asks for an offer."""

    sender: ParticipantId = Field(alias="from")
    session_id: SessionId
    description: SessionDescription | None
    attempt: int


class CandidateSent(Message):
    """A candidate from the member `from`, whose session is `session_id`."""

    sender: ParticipantId = Field(alias="from")
    session_id: SessionId
    candidate: IceCandidate | None
    attempt: int


class MediaChanged(Message):
    """What a member now sends."""

    participant_id: ParticipantId
    audio: bool
    video: bool
    camera: Camera | None
    extra: Extras = []


class RouteChanged(Message):
    """The call's media travels another way from now on: keep the old one until the new one carries."""

    route: Route


class MediaAnswered(Message):
    """The relay's answer to an offer of one's own, or its own offer."""

    route: SessionId
    purpose: Purpose
    publisher: ParticipantId | None
    attempt: int
    type: Literal["answer", "offer"]
    sdp: str


class MediaRefused(Message):
    """The relay did not take an offer: `full`, `expired`, `used`, `forged`, or has ended what there was (`moved`)."""

    route: SessionId
    purpose: Purpose
    publisher: ParticipantId | None
    attempt: int
    code: str


class PictureHeld(Message):
    """The relay holds back the picture of `publisher` (or sends it again): this side's line carries the voice only."""

    publisher: ParticipantId
    held: bool


class SmallPictureWanted(Message):
    """The relay has receivers for one's small picture (the track `low`), or has none any more."""

    wanted: bool


COMMANDS: Final[dict[str, tuple[type[Message], type[Message]]]] = {
    "watch_call": (WatchCall, CallMembers),
    "join_call": (JoinCall, CallMembers),
    "leave_call": (LeaveCall, Empty),
    "send_description": (SendDescription, Empty),
    "send_candidate": (SendCandidate, Empty),
    "change_media": (ChangeMedia, Empty),
    "ask_for_relay": (AskForRelay, Empty),
    "open_media": (OpenMedia, Empty),
    "send_media_candidate": (SendMediaCandidate, Empty),
    "send_media_answer": (SendMediaAnswer, Empty),
    "tell_reception": (TellReception, Empty),
    "hold_picture": (HoldPicture, Empty),
    "report_quality": (ReportQuality, Empty),
    "report_data": (ReportData, DataUse),
}
FACTS: Final[dict[str, type[Message]]] = {
    "call_joined": CallJoined,
    "call_left": CallLeft,
    "description_sent": DescriptionSent,
    "candidate_sent": CandidateSent,
    "media_changed": MediaChanged,
    "route_changed": RouteChanged,
    "media_answered": MediaAnswered,
    "media_refused": MediaRefused,
    "picture_held": PictureHeld,
    "small_picture_wanted": SmallPictureWanted,
}
# Candidates come in bursts: some twenty for each other member when a browser gathers them all at once.
PER_SECOND: Final[dict[str, float]] = {
    "watch_call": 2,
    "join_call": 2,
    "leave_call": 2,
    "send_description": 10,
    "send_candidate": 80,
    "change_media": 5,
    "ask_for_relay": 1,
    "open_media": 20,
    "send_media_candidate": 80,
    "send_media_answer": 20,
    "tell_reception": 2,
    "hold_picture": 10,
    "report_quality": 1,
    "report_data": 1,
}
