"""One peer connection of the relay: described, connected, its packets taken below aiortc (`seams.Wire`), and closed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from aiortc import RTCConfiguration, RTCRtpSender, RTCSessionDescription
from aiortc.sdp import candidate_from_sdp

from video.relay import seams
from video.relay.engine import Totals
from video.relay.incoming import Track
from video.relay.seams import Wire
from video.tickets import Ticket

CONNECT_SECONDS = 20.0
_LOCAL_NAMES: Final = re.compile(r"^a=candidate:.*\.local .*\r?\n", re.MULTILINE)  # mDNS: cannot be resolved from here
_CANDIDATE: Final = re.compile(r"^a=candidate:.*\r?\n", re.MULTILINE)
_SECTION: Final = re.compile(r"^(?=m=)", re.MULTILINE)
_VIDEO: Final = ("video/vp8", "video/rtx")  # what every browser both sends and shows, and what a key frame is known of

log = logging.getLogger(__name__)


PLAIN: Final[tuple[Track, ...]] = ("voice", "picture")


def usable(sdp: str) -> str:
    """A description without names that cannot be resolved, and with its candidates in each media section.

    All sections share one path (RFC 9143), and aiortc keeps the candidates of the last one only.
    """
    head, *sections = _SECTION.split(_LOCAL_NAMES.sub("", sdp))
    found = "".join(dict.fromkeys(_CANDIDATE.findall(sdp)))
    found = _LOCAL_NAMES.sub("", found)
    return head + "".join(one if _CANDIDATE.search(one) else _ended(one) + found for one in sections)


def _ended(section: str) -> str:
    return section if section.endswith("\n") else section + "\r\n"


class Connection:
    """What publishing and subscribing have in common.

    `ready` is called when media can flow, `ended` once, when it is over for whatever reason. `tracks` says what the
    offer's media sections carry, in their order; what is more than that, or of the wrong kind, carries nothing.
    """

    def __init__(
        self,
        ticket: Ticket,
        configuration: RTCConfiguration,
        ended: Callable[[Connection], None],
        ready: Callable[[Connection], None] | None = None,
        tracks: Sequence[Track] = PLAIN,
    ) -> None:
        self.ticket = ticket
        self._tracks = tuple(tracks)
        self._tell_ready = ready
        self.peer = seams.new_connection(configuration)
        self.wire: Wire | None = None
        self.ready = False
        self._ended: Callable[[Connection], None] | None = ended
        self._work: set[asyncio.Task[Any]] = set()
        self.peer.on("connectionstatechange", self._state_changed)

    async def answer(self, offer: str) -> str:
        """Answer the browser's offer; raises ValueError for one that cannot be understood."""
        try:
            await self.peer.setRemoteDescription(RTCSessionDescription(usable(offer), "offer"))
            self._prepare()
            await self.peer.setLocalDescription(await self.peer.createAnswer())
            if self.over:
                raise ValueError("closed meanwhile")
        except Exception as error:  # aiortc raises anything on an offer from outside
            await self.close()
            raise ValueError("The offer cannot be used.") from error
        self._later(self._connect())
        return str(self.peer.localDescription.sdp)

    @property
    def over(self) -> bool:
        """Whether it was closed."""
        return self._ended is None

    async def add_candidate(self, candidate: str, mid: str | None, index: int | None) -> None:
        """A candidate that the browser found later; one that cannot be used is left out."""
        if ".local" in candidate or not candidate.startswith("candidate:"):
            return
        with contextlib.suppress(Exception):  # as for offers; a candidate more or less is no harm
            found = candidate_from_sdp(candidate.removeprefix("candidate:"))
            found.sdpMid, found.sdpMLineIndex = mid, index
            await self.peer.addIceCandidate(found)

    async def close(self) -> None:
        """End it; harmless to repeat."""
        ended, self._ended = self._ended, None
        for task in self._work:
            if task is not asyncio.current_task():
                task.cancel()
        if ended is not None:
            ended(self)
        await self.peer.close()

    def totals(self) -> Totals:
        """What it has done so far."""
        return Totals(dropped_packets=self.wire.dropped if self.wire is not None else 0)

    def tick(self, now: float) -> None:
        """What is to be done some twenty times a second."""

    def rtp(self, data: bytes, now: float) -> None:
        """One decrypted RTP packet."""

    def rtcp(self, data: bytes, now: float) -> None:
        """One decrypted RTCP packet."""

    def _carried(self) -> Iterator[tuple[Track, Any]]:
        """What each transceiver carries."""
        for track, transceiver in zip(self._tracks, self.peer.getTransceivers(), strict=False):
            if (track == "voice") == (transceiver.kind == "audio"):
                yield track, transceiver

    def _prepare(self) -> None:
        raise NotImplementedError

    async def _negotiated(self) -> None:
        raise NotImplementedError

    def _connected(self) -> None:
        if self._tell_ready is not None:
            self._tell_ready(self)

    async def _connect(self) -> None:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._negotiated()
                self.wire = Wire(self.peer.getTransceivers()[0].receiver.transport, self)
        except TimeoutError:
            log.info("a connection of room %s was not made in %s s", self.ticket.room, CONNECT_SECONDS)
            await self.close()
            return
        except Exception:  # as for offers: one without media was understood until here, and would stay for ever
            log.warning("a connection of room %s cannot carry anything", self.ticket.room, exc_info=True)
            await self.close()
            return
        self.ready = True
        self._connected()

    def _state_changed(self) -> None:
        if self.peer.connectionState in ("failed", "closed") and self._ended is not None:
            self._later(self.close())

    def _later(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    @staticmethod
    def _prefer(transceiver: Any) -> None:
        if transceiver.kind == "video":
            codecs = RTCRtpSender.getCapabilities("video").codecs
            transceiver.setCodecPreferences([codec for codec in codecs if codec.mimeType.lower() in _VIDEO])
