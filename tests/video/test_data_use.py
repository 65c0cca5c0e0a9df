"""What calls cost in data: added up by consult and by a site's month, and told to those who may spend it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import ValidationError

from app import db
from app.auth.models import Facility, Program
from app.membership import Membership
from tests.video.room import START, member
from video.data_use import MEGABYTE, consult_bytes, keep
from video.protocol import DataUse, ReportData


def seat(name: str, consult: str = "consult-one", facility: str | None = "site-a") -> Membership:
    seated = member(name)
    return replace(seated, consult_id=consult, actor=replace(seated.actor, facility_id=facility))


def spend(who: Membership, voice: int = 0, video: int = 0, images: int = 0, days: int = 0) -> DataUse:
    with db.write_transaction() as session:
        return keep(session, who, ReportData(voice=voice, video=video, images=images), START + timedelta(days=days))


@pytest.fixture
def site(database: None) -> None:
    with db.write_transaction() as session:
        session.add(Program(id="program", name="Program", created_at=START))
        session.flush()
        values = {"program_id": "program", "created_at": START}
        session.add(Facility(id="site-a", name="A", data_saver=True, monthly_data_mb=100, **values))
        session.add(Facility(id="site-b", name="B", **values))


def test_what_a_participant_spends_on_a_consult_is_added_up_by_kind(site: None) -> None:
    spend(seat("asha"), voice=100, video=1000)
    use = spend(seat("asha"), voice=50, images=7)
    assert (use.voice, use.video, use.images) == (150, 1000, 7)
    spend(seat("bela", facility="site-b"), voice=1)
    with db.read_session() as session:
        assert consult_bytes(session, "consult-one") == (151, 1000, 7)


def test_a_month_is_the_sites_over_all_its_consults_and_begins_anew(site: None) -> None:
    spend(seat("asha"), video=40 * MEGABYTE)
    spend(seat("bela", facility="site-b"), video=500 * MEGABYTE)
    use = spend(seat("chand", consult="consult-two"), video=45 * MEGABYTE)
    assert (use.month, use.month_limit, use.saver) == (85 * MEGABYTE, 100 * MEGABYTE, True)
    later = spend(seat("asha"), voice=1, days=40)
    assert later.month == 1
    assert later.video == 40 * MEGABYTE


def test_a_guest_on_their_own_phone_spends_nobodys_allowance(site: None) -> None:
    use = spend(seat("patient", facility=None), video=MEGABYTE)
    assert (use.month, use.month_limit, use.saver) == (0, None, False)


def test_a_site_without_a_rule_has_no_limit_and_no_saver(site: None) -> None:
    use = spend(seat("bela", facility="site-b"), voice=1)
    assert (use.month_limit, use.saver) == (None, False)


@pytest.mark.parametrize("voice", [-1, 1.5, "7", 10**11])
def test_only_sensible_bytes_are_taken(voice: object) -> None:
    with pytest.raises(ValidationError):
        ReportData.model_validate({"voice": voice, "video": 0, "images": 0})
