"""Access tokens: shown once, kept as a hash, ended at once; made for oneself, or by the administrator for a device."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import clock, db
from app.audit import AuditRow
from app.auth import tokens
from app.auth.models import AccessToken, User
from app.config import Config
from app.errors import Conflict, Invalid, NotFound
from tests.cast import Cast

ClientAs = Callable[[User | None], FlaskClient]
SECRET = re.compile(r"nidaan_[0-9a-f]{8}\.[A-Za-z0-9_-]{43}")
WANTED = {"name": "Weasis", "scopes": "read store", "days": "30"}


def rows() -> list[AccessToken]:
    """Every token there is."""
    with db.read_session() as session:
        return list(session.scalars(select(AccessToken)))


def holder(secret: str) -> tokens.Bearer | None:
    """Whom a secret lets in."""
    with db.read_session() as session:
        return tokens.bearer(session, secret)


def made_by(user: User, scopes: str = "read store", days: int = 30) -> str:
    """The secret of a new token of somebody's own."""
    with db.write_transaction() as session:
        return tokens.make_own(session, user.actor(), "Weasis", scopes.split(), days)[1]


def test_a_doctor_makes_a_token_that_is_shown_once(client_as: ClientAs, cast: Cast) -> None:
    doctor = client_as(cast.doctor)
    found = SECRET.search(doctor.post("/account/tokens", data=WANTED).text)
    assert found is not None
    bearer = holder(found[0])
    assert bearer is not None
    assert bearer.actor == cast.doctor.actor()
    assert bearer.scopes == {"read", "store"}
    listed = doctor.get("/account/tokens").text
    assert found[0] not in listed
    assert found[0].partition(".")[0] in listed


def test_what_is_kept_does_not_open_anything(cast: Cast) -> None:
    secret = made_by(cast.doctor)
    kept = rows()[0]
    told = [str(getattr(kept, column.name)) for column in AccessToken.__table__.columns]
    assert not any(secret.partition(".")[2] in value for value in told)
    assert holder(kept.prefix) is None
    assert holder(f"{kept.prefix}.{kept.sha256}") is None
    with db.read_session() as session:
        assert not any(secret in row.detail for row in session.scalars(select(AuditRow)))


@pytest.mark.parametrize(
    "forged", ["", ".", "nidaan_", "x" * 5000, "nidaan_00000000.", "nidaan_00000000." + "A" * 43, "ü.ü", "\x00.\x00"]
)
def test_a_forged_token_lets_nobody_in(cast: Cast, forged: str) -> None:
    made_by(cast.doctor)
    assert holder(forged) is None


def test_the_last_letter_counts(cast: Cast) -> None:
    secret = made_by(cast.doctor)
    assert holder(secret[:-1] + ("A" if secret[-1] != "A" else "B")) is None
    assert holder(secret + "A") is None


def test_a_token_ends_on_its_day(cast: Cast) -> None:
    secret = made_by(cast.doctor, days=1)
    then = clock.now() + timedelta(days=1)
    clock.set_source(lambda: then)
    assert holder(secret) is None


def test_a_revoked_token_ends_at_once(client_as: ClientAs, cast: Cast) -> None:
    secret = made_by(cast.doctor)
    answer = client_as(cast.doctor).post(f"/account/tokens/{rows()[0].id}/revoke")
    assert answer.status_code == 302
    assert holder(secret) is None


@pytest.mark.parametrize("who", ["colleague", "specialist", "outsider"])
def test_nobody_revokes_anothers_token(client_as: ClientAs, cast: Cast, who: str) -> None:
    secret = made_by(cast.doctor)
    assert client_as(getattr(cast, who)).post(f"/account/tokens/{rows()[0].id}/revoke").status_code == 404
    assert holder(secret) is not None


def test_the_administrator_revokes_any_token_of_the_program_and_none_of_another(
    client_as: ClientAs, cast: Cast
) -> None:
    mine, theirs = made_by(cast.doctor), made_by(cast.outside_doctor)
    browser = client_as(cast.administrator)
    status = [browser.post(f"/tokens/{token.id}/revoke").status_code for token in rows()]
    assert sorted(status) == [302, 404]
    assert holder(mine) is None
    assert holder(theirs) is not None
    listed = browser.get("/tokens").text
    assert mine.partition(".")[0] in listed
    assert theirs.partition(".")[0] not in listed


def test_a_device_asks_in_its_own_name_at_its_own_site(client_as: ClientAs, cast: Cast) -> None:
    sent = {"name": "X-ray, room 2", "scopes": "store", "days": "365", "facility_id": cast.facility.id}
    found = SECRET.search(client_as(cast.administrator).post("/tokens/new", data=sent).text)
    assert found is not None
    bearer = holder(found[0])
    assert bearer is not None
    assert (bearer.actor.kind, bearer.actor.facility_id) == ("device", cast.facility.id)
    assert bearer.scopes == {"store"}


def test_no_device_is_put_at_another_programs_site(cast: Cast) -> None:
    elsewhere = cast.outsider.facility_id
    with db.write_transaction() as session, pytest.raises(NotFound):
        tokens.make_for_device(session, cast.administrator.actor(), elsewhere, "X-ray", ["store"], 365)


@pytest.mark.parametrize("who", ["manager", "administrator"])
def test_whoever_sees_no_pictures_has_no_tokens(client_as: ClientAs, cast: Cast, who: str) -> None:
    user = getattr(cast, who)
    assert client_as(user).get("/account/tokens").status_code == 404
    with db.write_transaction() as session, pytest.raises(NotFound):
        tokens.make_own(session, user.actor(), "Weasis", ["read"], 30)


def test_a_deactivated_owner_is_shut_out(client_as: ClientAs, cast: Cast) -> None:
    secret = made_by(cast.doctor)
    client_as(cast.administrator).post(f"/people/{cast.doctor.id}/deactivate")
    assert holder(secret) is None


@pytest.mark.parametrize(
    ("name", "scopes", "days"),
    [("", ["read"], 30), ("x" * 121, ["read"], 30), ("ok", [], 30), ("ok", ["admin"], 30), ("ok", ["read"], 36500)],
)
def test_a_token_that_means_nothing_is_not_made(cast: Cast, name: str, scopes: list[str], days: int) -> None:
    with db.write_transaction() as session, pytest.raises(Invalid):
        tokens.make_own(session, cast.doctor.actor(), name, scopes, days)


def test_nobody_hoards_tokens(cast: Cast) -> None:
    for _ in range(tokens.MOST_LIVE):
        made_by(cast.doctor)
    with pytest.raises(Conflict):
        made_by(cast.doctor)


def test_making_and_revoking_are_written_down(cast: Cast) -> None:
    made_by(cast.doctor)
    with db.write_transaction() as session:
        tokens.revoke(session, cast.doctor.actor(), rows()[0].id)
    with db.read_session() as session:
        actions = [row.action for row in session.scalars(select(AuditRow))]
    assert actions[-2:] == ["token_made", "token_revoked"]


def test_the_command_prints_a_token_and_nothing_else(cast: Cast, settings: Config) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "app.cli", "make-token", "--email", cast.doctor.email],
        env={"DATA_DIR": str(settings.data_dir), "DATABASE_URL": settings.database_url, "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert SECRET.fullmatch(run.stdout.strip())
    assert holder(run.stdout.strip()) is not None


def test_the_command_says_so_when_there_is_no_such_doctor(cast: Cast, settings: Config) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "app.cli", "make-token", "--email", cast.administrator.email],
        env={"DATA_DIR": str(settings.data_dir), "DATABASE_URL": settings.database_url, "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert run.stdout == ""
    assert run.stderr.startswith("No token was made for admin@example.org: ")
