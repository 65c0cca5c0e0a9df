"""What the documents' JSON API takes and answers. The client's twin is `static/src/record/messages.ts`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

DraftState = Literal["none", "writing", "signed"]


@dataclass(frozen=True, slots=True)
class OpinionFields:
    """The specialist's words, as a whole: a save replaces all four."""

    findings: str
    impression: str
    recommendations: str
    urgency: str


@dataclass(frozen=True, slots=True)
class OutcomeFields:
    """The treating doctor's words, as a whole. `decision` is empty until one is made."""

    decision: str
    decision_note: str
    diagnosis: str
    plan: str
    follow_up_on: date | None


class Reply(BaseModel):
    """An answer of the API; times are ISO 8601 in UTC."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Signature(Reply):
    """Who signed, when, and whether the content still is what was signed."""

    at: str
    name: str
    registration_number: str
    sha256: str
    whole: bool


class DocumentReply(Reply):
    """An opinion or an outcome. `fields` is null for whoever may not read an unsigned draft; dates in it are ISO 8601
    or empty. `mine`: whether it is the reader's to write. `key_images` is null until signed."""

    state: DraftState
    version: int
    updated_at: str | None
    mine: bool
    fields: dict[str, str] | None
    key_images: list[dict[str, Any]] | None
    signature: Signature | None


class AddendumReply(Reply):
    """What came to be known after signing."""

    id: str
    text: str
    signature: Signature


class ReportReply(Reply):
    """The printed record: `none` until something is signed."""

    state: Literal["none", "making", "ready", "failed"]
    url: str | None


class RecordReply(Reply):
    """Everything that the record panel shows, and what the reader may do."""

    consult_id: str
    state: str
    role: str
    reader: str  # the reader's own id: unsaved text that a browser keeps is theirs alone
    treating_doctor: str
    specialist: str  # empty until somebody took the consult
    rights: list[str]
    opinion: DocumentReply
    outcome: DocumentReply
    addenda: list[AddendumReply]
    report: ReportReply
