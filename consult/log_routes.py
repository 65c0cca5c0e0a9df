"""The program manager's consult log, as a page and as a CSV file; its filters live in the address."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import DateField, SelectField
from wtforms.validators import Optional

from app import audit, clock, db
from app.auth.forms import options
from app.auth.guards import actor, only
from app.local_days import day_begins
from consult import log
from consult.log import LOGGED_STATES, LogFilter, LogRow, Quality
from consult.specialties import SPECIALTIES
from consult.specialties import label as specialty_label
from video.quality import quality_of
from video.queries import talking_seconds_of
from video.recordings.queries import recorded_of

blueprint = Blueprint("log", __name__)

manager = only("program_manager")

STATE_WORDS = {
    "requested": _l("Waiting for a specialist"),
    "accepted": _l("Accepted"),
    "in_progress": _l("In session"),
    "awaiting_reply": _l("Opinion awaited"),
    "opinion_signed": _l("Opinion signed"),
    "concluded": _l("Concluded"),
    "cancelled": _l("Cancelled"),
    "declined": _l("Declined"),
}
URGENCY_WORDS = {"emergency": _l("Emergency"), "urgent": _l("Urgent"), "routine": _l("Routine")}
CALL_WORDS = {
    "good": _l("Good"),
    "weak": _l("Weak"),
    "voice": _l("Voice only"),
    "lost": _l("Ended by the link"),
    "no_path": _l("No way through"),
}
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class LogForm(FlaskForm):
    """The filters."""

    class Meta:
        csrf = False

    site = SelectField(_l("Site"), validators=[Optional()])
    specialty = SelectField(_l("Specialty"), validators=[Optional()])
    state = SelectField(_l("State"), validators=[Optional()])
    since = DateField(_l("From"), validators=[Optional()])
    until = DateField(_l("Until"), validators=[Optional()])

    def offer(self, session: Session) -> LogForm:
        """Fill the choices."""
        self.site.choices = options(
            [("", _l("All sites")), *((one.id, one.name) for one in log.sites(session, actor()))]
        )
        self.specialty.choices = options([("", _l("All specialties")), *SPECIALTIES.items()])
        self.state.choices = options(
            [("", _l("All states")), *((state, STATE_WORDS[state]) for state in LOGGED_STATES)]
        )
        return self

    def wanted(self) -> LogFilter:
        """What was filled in; a field that cannot be read filters nothing and says so."""
        self.validate()
        offset = request.args.get("offset", type=int)
        good = {name: field.data for name, field in self._fields.items() if not field.errors and field.data}
        since, until = good.get("since"), good.get("until")
        return LogFilter(
            facility_id=good.get("site", ""),
            specialty=good.get("specialty", ""),
            state=good.get("state", ""),
            since=day_begins(since, offset) if since else None,
            until=day_begins(until + timedelta(days=1), offset) if until else None,
        )


@blueprint.get("/log")
@manager
def show() -> str:
    """The log with its three figures."""
    page = max(0, request.args.get("page", default=0, type=int))
    now = clock.now()
    with db.write_transaction() as session:
        form = LogForm(request.args).offer(session)
        wanted = form.wanted()
        rows, more = log.rows(session, actor(), wanted, now, talking_seconds_of, quality_of, recorded_of, page=page)
        figures = log.figures(session, actor(), wanted, now)
        audit.record(session, actor(), "log_read", "consult_log", "", rows=len(rows))
    kept = {name: value for name, value in request.args.items() if name in (*form.data, "offset") and value}
    return render_template(
        "log/log.html",
        form=form,
        figures=figures,
        rows=rows,
        kept=kept,
        filtered=any(form.data.values()),
        page=page,
        more=more,
        in_words=in_words,
        call_words=call_words,
        specialty_label=specialty_label,
    )


@blueprint.get("/log.csv")
@manager
def export() -> Response:
    """The same rows as a file for a spreadsheet."""
    with db.write_transaction() as session:
        form = LogForm(request.args).offer(session)
        rows, _more = log.rows(
            session, actor(), form.wanted(), clock.now(), talking_seconds_of, quality_of, recorded_of
        )
        audit.record(session, actor(), "log_exported", "consult_log", "", rows=len(rows))
    name = f"consult-log-{clock.today().isoformat()}.csv"
    # The mark at the start tells spreadsheets that this is UTF-8.
    answer = Response("\ufeff" + as_csv(rows), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def as_csv(rows: list[LogRow]) -> str:
    """RFC 4180; times are UTC (ISO 8601), lengths whole minutes. No cell can start a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(safe_cell(str(words)) for words in _headings())
    for row in rows:
        writer.writerow(safe_cell(cell) for cell in _cells(row))
    return out.getvalue()


def _headings() -> Iterator[str]:
    yield from (_("Requested (UTC)"), _("Case reference"), _("Site"), _("Specialty"), _("Urgency"), _("State"))
    yield from (_("Waited (minutes)"), _("Talked (minutes)"), _("Call"), _("Lost (percent)"), _("Round trip (ms)"))
    yield from (_("Opinion signed (UTC)"), _("Outcome signed (UTC)"))


def _cells(row: LogRow) -> Iterator[str]:
    yield row.requested_at.isoformat(timespec="seconds")
    yield from (row.reference, row.site, specialty_label(row.specialty))
    yield from (str(URGENCY_WORDS[row.urgency]), str(STATE_WORDS[row.state]))
    yield "" if row.waited is None else str(round(row.waited.total_seconds() / 60))
    yield str(round(row.talked_seconds / 60))
    yield str(CALL_WORDS[row.call.word]) if row.call else ""
    yield str(round(row.call.loss * 100)) if row.call else ""
    yield str(row.call.round_trip) if row.call and row.call.round_trip is not None else ""
    for moment in (row.opinion_signed_at, row.outcome_signed_at):
        yield moment.isoformat(timespec="seconds") if moment else ""


def call_words(call: Quality) -> str:
    """How the call was, and what the link was like where that explains it."""
    word = str(CALL_WORDS[call.word])
    if call.word == "good" or call.round_trip is None:
        return word
    return _("%(word)s: %(loss)s %% lost, %(trip)s ms", word=word, loss=round(call.loss * 100), trip=call.round_trip)


def safe_cell(words: str) -> str:
    """A cell that a spreadsheet shows and never computes (OWASP, CSV injection)."""
    return "'" + words if words.startswith(_FORMULA_STARTS) else words


def in_words(seconds: float) -> str:
    """A length of time as people say it."""
    minutes = round(seconds / 60)
    if 0 < seconds < 60:
        return _("under a minute")
    if minutes < 60:
        return _("%(count)s min", count=minutes)
    hours, rest = divmod(minutes, 60)
    if hours < 24:
        return _("%(hours)s h %(minutes)s min", hours=hours, minutes=rest) if rest else _("%(count)s h", count=hours)
    days = round(hours / 24)
    return _("1 day") if days == 1 else _("%(count)s days", count=days)
