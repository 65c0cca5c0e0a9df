"""The demo program: whole after one seeding, the same after two."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app import audit, db, demo
from app.auth import passwords
from app.auth.models import User
from app.demo_accounts import ACCOUNTS, PASSWORD
from consult.models import Consult
from consult.patients.models import Patient


@pytest.fixture
def seeded(database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo without its pictures, which take seconds; hashing a password once is enough."""
    hashed = passwords.hashed(PASSWORD)
    monkeypatch.setattr(demo, "_public_pictures", lambda: None)
    monkeypatch.setattr(passwords, "hashed", lambda password: hashed)
    demo.seed()


def counted() -> list[int]:
    with db.read_session() as session:
        tables = (User, Patient, Consult)
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def test_one_request_waits_and_one_consult_is_concluded(seeded: None) -> None:
    with db.read_session() as session:
        assert sorted(session.scalars(select(Consult.state))) == ["concluded", "requested"]


def test_every_account_opens_with_the_password_that_is_shown(seeded: None) -> None:
    with db.read_session() as session:
        users = {user.email: user for user in session.scalars(select(User))}
    assert set(users) == {account.email for account in ACCOUNTS}
    assert passwords.matches(PASSWORD, users["doctor.a@demo.example"].password_hash)
    assert PASSWORD in "\n".join(demo.account_lines())


def test_seeding_again_changes_nothing(seeded: None) -> None:
    before = counted()
    demo.seed()
    assert counted() == before == [len(ACCOUNTS), 2, 2]


def test_the_demo_went_through_the_operations_and_left_an_unbroken_audit_log(seeded: None) -> None:
    with db.read_session() as session:
        rows = list(session.scalars(select(audit.AuditRow).order_by(audit.AuditRow.id)))
    assert audit.first_broken(rows) is None
    assert {"register_patient", "record_consent", "request", "accept", "sign_opinion", "sign_outcome"} <= {
        row.action for row in rows
    }
