"""STOW-RS (PS3.18 section 10.5): parts go to the disk as they come, and are answered for once they are there for good.

"Stored" in the answer means: the bytes are synced and their row is committed. What the file is worth is found out by
the worker afterwards; a file that turns out to be unusable is kept, and listed for the facility with its reason.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import and_, or_, select

from app import config, db
from app.actor import Actor
from app.errors import NidaanError
from imaging import arrivals, store
from imaging.dicomweb.multipart import Malformed, Part
from imaging.dicomweb.peeking import PEEKED_BYTES, Identity, peek
from imaging.models import Instance
from imaging.refusals import Refusal

Read = Callable[[int], bytes]

MAX_PARTS = 10_000
_BATCH_FILES, _BATCH_BYTES = 16, 32 * 1024 * 1024  # of one commit; a larger file is a batch of its own

# Failure reasons (PS3.18 annex I.2.2: statuses of PS3.4 annex B and PS3.7 annex C).
NO_ROOM = 0xA700
WRONG_STUDY = 0xA900  # the data set is not what the request says it is
NOT_UNDERSTOOD = 0xC000
DUPLICATE = 0x0111
FAILED = 0x0110
NOT_AUTHORIZED = 0x0124


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one part; `reason` None: it is here for good."""

    identity: Identity
    reason: int | None = None


@dataclass(slots=True)
class Report:
    """What became of every part; `malformed` says why the rest of the request could not be read."""

    outcomes: list[Outcome] = field(default_factory=list)
    malformed: str = ""
    too_large: bool = False

    @property
    def stored(self) -> list[Outcome]:
        return [one for one in self.outcomes if one.reason is None]

    @property
    def failed(self) -> list[Outcome]:
        return [one for one in self.outcomes if one.reason is not None]


@dataclass(slots=True)
class _Held:
    """A part that lies whole on the disk and is waiting for its batch."""

    path: Path
    identity: Identity
    sha256: str
    size: int


class Storing:
    """One request that stores; whatever happens to its parts becomes the report."""

    def __init__(self, sender: Actor, case_id: str | None, study_uid: str | None) -> None:
        self._sender, self._case_id, self._study_uid = sender, case_id, study_uid
        self.report = Report()

    def require_place(self) -> None:
        """To be asked before anything is read. Raises NotFound, NotAllowed."""
        arrivals.require_place(self._sender, self._case_id)

    def take_parts(self, parts: Iterable[Part]) -> Report:
        """Read every part, and keep what can be kept."""
        try:
            with store.refusing_when_full(), store.workspace() as folder:
                for batch in _batches(self._held(parts, folder)):
                    self._settle(batch)
        except Refusal as refusal:
            self.report.outcomes.append(Outcome(Identity(), _reason_of(refusal)))
        return self.report

    def _held(self, parts: Iterable[Part], folder: Path) -> Iterator[_Held]:
        """The parts that lie whole on the disk, one after the other; whatever stops the reading is noted."""
        try:
            for number, part in enumerate(parts):
                if number >= MAX_PARTS:
                    self.report.too_large = True
                    return
                held = self._hold(part, folder / f"{number}.dcm")
                if held is not None:
                    yield held
        except Malformed as error:
            self.report.malformed = error.reason
        except TooLarge:
            self.report.too_large = True

    def _hold(self, part: Part, path: Path) -> _Held | None:
        kind = part.headers.get("content-type", "application/dicom").partition(";")[0].strip().lower()
        head, size, digest = b"", 0, hashlib.sha256()
        most = config.current().max_upload_bytes
        try:
            with path.open("wb", buffering=0) as file:
                for piece in part.pieces():
                    size += len(piece)
                    if len(head) < PEEKED_BYTES:
                        head += piece[: PEEKED_BYTES - len(head)]
                    if size > most:
                        continue  # read on: the next part may be one to keep
                    digest.update(piece)
                    file.write(piece)
        except Malformed:
            self._note(peek(head) or Identity(), NOT_UNDERSTOOD)
            raise
        identity = peek(head)
        reason = self._reason_against(kind, identity, size, most)
        if identity is None or reason is not None:
            path.unlink()
            self._note(identity or Identity(), reason or NOT_UNDERSTOOD)
            return None
        return _Held(path, identity, digest.hexdigest(), size)

    def _reason_against(self, kind: str, identity: Identity | None, size: int, most: int) -> int | None:
        if kind != "application/dicom" or identity is None or not identity.sop_instance_uid:
            return NOT_UNDERSTOOD
        if size > most:
            return NO_ROOM
        if self._study_uid is not None and identity.study_instance_uid != self._study_uid:
            return WRONG_STUDY
        return None

    def _settle(self, batch: list[_Held]) -> None:
        """Keep a batch for good, all at once or, where that fails, one by one so that each has its own reason."""
        new = [held for held in batch if not self._known(held)]
        try:
            self._take(new)
        except (Refusal, NidaanError) as error:
            if len(new) == 1:
                self._note(new[0].identity, _reason_of(error))
                new[0].path.unlink(missing_ok=True)
                return
            for held in new:
                self._settle([held])

    def _take(self, held: list[_Held]) -> None:
        if held:
            arrived = [arrivals.ArrivedFile(one.path, f"{one.identity.sop_instance_uid}.dcm") for one in held]
            arrivals.take_all(self._sender, self._case_id, arrived)
        for one in held:
            self._note(one.identity, None)

    def _known(self, held: _Held) -> bool:
        """Answer for what is here already, or clashes with what is; False for what is new."""
        with db.read_session() as session:
            whole = Instance.sha256.is_not(None)  # of others only a preview is here, which this very file may complete
            same = and_(Instance.sop_instance_uid == held.identity.sop_instance_uid, whole)
            here = Instance.facility_id == self._sender.facility_id
            place = or_(here, Instance.case_id == self._case_id) if self._case_id is not None else here
            found = session.execute(select(Instance.sha256, Instance.case_id).where(same, place)).all()
        if not found:
            return False
        if any(sha256 != held.sha256 for sha256, _ in found):
            self._note(held.identity, DUPLICATE)
        elif self._case_id is None or any(case_id == self._case_id for _, case_id in found):
            self._note(held.identity, None)
        else:
            return False
        held.path.unlink(missing_ok=True)
        return True

    def _note(self, identity: Identity, reason: int | None) -> None:
        self.report.outcomes.append(Outcome(identity, reason))


class TooLarge(Exception):
    """The request has more bytes than one may have."""


def bounded(read: Read, most: int) -> Read:
    """`read` that raises TooLarge after `most` bytes, so that a request without a length is bounded too."""
    remaining = most

    def read_bounded(size: int) -> bytes:
        nonlocal remaining
        piece = read(size)
        remaining -= len(piece)
        if remaining < 0:
            raise TooLarge
        return piece

    return read_bounded


def _batches(held: Iterable[_Held]) -> Iterator[list[_Held]]:
    batch: list[_Held] = []
    size = 0
    for one in held:
        batch.append(one)
        size += one.size
        if len(batch) >= _BATCH_FILES or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _reason_of(error: Refusal | NidaanError) -> int:
    if isinstance(error, NidaanError):
        return NOT_AUTHORIZED
    full = error.code in {"storage_full", "too_big", "case_full", "facility_full"}
    return NO_ROOM if full else FAILED


def status_of(report: Report) -> int:
    """The HTTP status (PS3.18 table 10.5.3-1)."""
    if report.too_large:
        return 413
    if report.stored:
        return 202 if report.failed or report.malformed else 200
    if report.malformed or not report.outcomes:
        return 400
    if all(one.reason == NO_ROOM for one in report.failed):
        return 507
    return 403 if all(one.reason == NOT_AUTHORIZED for one in report.failed) else 409


def as_json(report: Report, address: str) -> dict[str, object]:
    """The Store Instances Response (PS3.18 section 10.5.3, annex I) as DICOM JSON; `address`: of the studies."""
    answer: dict[str, object] = {}
    studies = {one.identity.study_instance_uid for one in report.stored} - {""}
    if len(studies) == 1:
        answer["00081190"] = {"vr": "UR", "Value": [f"{address}/{next(iter(studies))}"]}
    named = [one for one in report.failed if one.identity.sop_instance_uid]
    nameless = [one for one in report.failed if not one.identity.sop_instance_uid]
    if named:
        answer["00081198"] = _sequence({**_referred(one), **_reason(one)} for one in named)
    if report.stored:
        answer["00081199"] = _sequence({**_referred(one), **_retrieve(one, address)} for one in report.stored)
    if nameless:
        answer["0008119A"] = _sequence(_reason(one) for one in nameless)
    return answer


def _sequence(items: Iterable[dict[str, object]]) -> dict[str, object]:
    return {"vr": "SQ", "Value": list(items)}


def _referred(one: Outcome) -> dict[str, object]:
    identity = one.identity
    found: dict[str, object] = {"00081155": {"vr": "UI", "Value": [identity.sop_instance_uid]}}
    if identity.sop_class_uid:
        found["00081150"] = {"vr": "UI", "Value": [identity.sop_class_uid]}
    return found


def _reason(one: Outcome) -> dict[str, object]:
    return {"00081197": {"vr": "US", "Value": [one.reason]}}


def _retrieve(one: Outcome, address: str) -> dict[str, object]:
    """Where it can be had (00081190), where the file says all of its address."""
    who = one.identity
    if not (who.study_instance_uid and who.series_instance_uid):
        return {}
    place = f"{address}/{who.study_instance_uid}/series/{who.series_instance_uid}/instances/{who.sop_instance_uid}"
    return {"00081190": {"vr": "UR", "Value": [place]}}
