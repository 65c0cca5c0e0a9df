"""A picture that names another patient is shown to nobody until the treating doctor has decided."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import clock, db
from app.audit import AuditRow
from app.auth.models import User
from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.outbox import OutboxRow
from consult import thumbnails
from consult.models import Consult
from imaging import queries
from imaging.guards.holds import operations
from imaging.guards.holds.models import Hold
from imaging.models import Instance
from tests.cast import Cast, guest_of
from tests.imaging.conftest import instance_row
from tests.imaging.guards.conftest import Take

ClientAs = Callable[[User | None], FlaskClient]


def decide(cast: Cast, instance: Instance, decision: str, reason: str = "", who: User | None = None) -> list[Instance]:
    with db.write_transaction() as session:
        actor = (who or cast.doctor).actor()
        return operations.decide(session, actor, instance.id, decision, reason, clock.now())


def addresses(instance: Instance) -> list[str]:
    """Every address at which a pixel or a byte of the instance could be had."""
    instance = instance_row(instance.id)
    found = [f"/imaging/instances/{instance.id}/original"]
    for one in instance.renditions:
        base = f"/imaging/renditions/{one.id}"
        found.append(f"{base}/tiles/0" if one.name == "tiles" else f"{base}/{queries.FILE_NAMES[one.name]}")
    return found


def everybody(cast: Cast, client_as: ClientAs) -> dict[str, FlaskClient]:
    return {"the treating doctor": client_as(cast.doctor), "the specialist": client_as(cast.specialist)}


def test_a_file_that_names_another_patient_is_held_and_no_byte_of_it_is_given_to_anybody(
    cast: Cast, take: Take, client_as: ClientAs
) -> None:
    instance = take(PatientName="OTHER^PERSON")
    assert instance.is_held
    assert len(addresses(instance)) == 5
    for who, client in everybody(cast, client_as).items():
        for address in addresses(instance):
            answer = client.get(address)
            assert (answer.status_code, answer.get_json()["error"]["code"]) == (403, "held"), f"{who}: {address}"
        manifest = client.get(f"/imaging/instances/{instance.id}").get_json()
        assert manifest["hold"] == {"state": "open", "fields": ["name"]}
        assert manifest["renditions"] == {}
        listing = client.get(f"/imaging/cases/{cast.case.id}").get_json()
        assert [one["renditions"] for study in listing["studies"] for one in study["instances"]] == [{}]
        assert "OTHER" not in str(listing) + str(manifest)


def test_a_held_picture_stands_in_no_list_of_thumbnails(cast: Cast, take: Take) -> None:
    take(PatientName="OTHER^PERSON")
    with db.read_session() as session:
        pictures = thumbnails.of_cases(session, [cast.case.id])[cast.case.id]
    assert (pictures.urls, pictures.count) == ([], 1)


@pytest.mark.parametrize(
    "told", [{}, {"PatientName": "ANONYMOUS"}, {"PatientName": "PATIENT^ONE^SUNITA"}, {"PatientSex": "O"}]
)
def test_a_file_that_says_nothing_or_the_same_is_shown(told: dict[str, str], cast: Cast, take: Take) -> None:
    with db.write_transaction() as session:
        session.merge(cast.patient).full_name = "Sunita Devi"
    if "SUNITA" in told.get("PatientName", ""):
        told = {"PatientName": "DEVI^SUNITA"}
    instance = take(**told)
    assert instance.hold is None
    assert queries.manifest(instance)["renditions"]


def test_the_treating_doctor_is_shown_what_the_file_says_beside_what_the_case_says(
    cast: Cast, take: Take, client_as: ClientAs
) -> None:
    instance = take(PatientName="OTHER^PERSON", PatientID="17")
    found = client_as(cast.doctor).get(f"/imaging/instances/{instance.id}/hold").get_json()["hold"]
    name = next(row for row in found["fields"] if row["field"] == "name")
    assert (name["file"], name["case"], name["differs"]) == ("OTHER PERSON", cast.patient.full_name, True)
    assert next(row for row in found["fields"] if row["field"] == "patient_id")["differs"] is False
    assert found["thumbnail"].startswith("data:image/webp;base64,")


@pytest.mark.parametrize("name", ["specialist", "colleague"])
def test_nobody_else_learns_whom_the_file_names_or_decides(
    name: str, cast: Cast, take: Take, client_as: ClientAs
) -> None:
    instance = take(PatientName="OTHER^PERSON")
    address = f"/imaging/instances/{instance.id}/hold"
    client = client_as(getattr(cast, name))
    assert client.get(address).status_code == 403
    assert client.post(address, json={"decision": "same_patient", "reason": "I say so"}).status_code == 403
    assert instance_row(instance.id).is_held


def test_outsiders_find_no_hold(cast: Cast, take: Take) -> None:
    instance = take(PatientName="OTHER^PERSON")
    for who in (cast.far_doctor, cast.outsider, cast.manager):
        with pytest.raises(NotFound):
            decide(cast, instance, "same_patient", "I say so", who)


def test_a_patient_at_their_own_consult_decides_nothing(cast: Cast, consult: Consult, take: Take) -> None:
    instance = take(PatientName="OTHER^PERSON")
    with db.write_transaction() as session:
        _, guest = guest_of(session, consult, cast)
    with pytest.raises(NotAllowed), db.write_transaction() as session:
        operations.decide(session, guest, instance.id, "same_patient", "It is me", clock.now())


def test_a_picture_that_is_this_patients_after_all_is_shown_with_the_reason(
    cast: Cast, take: Take, client_as: ClientAs
) -> None:
    instance = take(PatientName="OTHER^PERSON")
    decide(cast, instance, "same_patient", "  The technician chose\nthe wrong line ")
    for client in everybody(cast, client_as).values():
        assert {client.get(address).status_code for address in addresses(instance)} == {200}
    manifest = queries.manifest(instance_row(instance.id))
    assert manifest["hold"]["state"] == "confirmed"
    assert manifest["hold"]["by"] == cast.doctor.full_name
    assert manifest["hold"]["reason"] == "The technician chose the wrong line"
    assert "preview" in manifest["renditions"]


def test_another_patients_picture_leaves_the_case_and_its_bytes_stay(cast: Cast, take: Take) -> None:
    instance, other = take(PatientName="OTHER^PERSON"), take()
    decide(cast, instance, "wrong_patient")
    gone = instance_row(instance.id)
    assert (gone.case_id, gone.facility_id, gone.study.case_id) == (None, cast.facility.id, None)
    assert queries.original_path(gone).exists()
    with db.read_session() as session:
        assert [one.id for one in queries.instances_of_case(session, cast.case.id)] == [other.id]
        told = list(session.scalars(select(OutboxRow).where(OutboxRow.event == "instance_removed")))
    assert [(row.topic, instance.id in row.payload) for row in told] == [(f"case:{cast.case.id}", True)]


def test_one_decision_holds_for_every_file_that_names_the_same_person_and_for_no_other(cast: Cast, take: Take) -> None:
    first, second = take(PatientName="OTHER^PERSON"), take(PatientName="OTHER^PERSON")
    third = take(PatientName="THIRD^SOMEBODY")
    decided = decide(cast, first, "same_patient", "Her married name")
    assert {one.id for one in decided} == {first.id, second.id}
    assert not instance_row(second.id).is_held
    assert instance_row(third.id).is_held


def test_what_is_decided_is_decided_once(cast: Cast, take: Take) -> None:
    instance = take(PatientName="OTHER^PERSON")
    decide(cast, instance, "same_patient", "Her married name")
    with pytest.raises(Conflict):
        decide(cast, instance, "wrong_patient")


@pytest.mark.parametrize(
    ("decision", "reason", "field"),
    [("same_patient", " \n", "reason"), ("same_patient", "x" * 501, "reason"), ("", "why", "decision")],
)
def test_a_decision_without_a_reason_or_a_meaning_changes_nothing(
    decision: str, reason: str, field: str, cast: Cast, take: Take
) -> None:
    instance = take(PatientName="OTHER^PERSON")
    with pytest.raises(Invalid) as refused:
        decide(cast, instance, decision, reason)
    assert refused.value.field == field
    assert instance_row(instance.id).is_held


def test_a_confirmed_picture_is_asked_about_again_only_when_its_file_says_something_else(
    cast: Cast, take: Take
) -> None:
    instance = take(PatientName="OTHER^PERSON")
    decide(cast, instance, "same_patient", "Her married name")
    with db.write_transaction() as session:
        again = session.get_one(Instance, instance.id)
        assert not operations.check(session, cast.doctor.actor(), again)
        again.facts = {**again.facts, "identity": {"name": "THIRD^SOMEBODY"}}
        assert operations.check(session, cast.doctor.actor(), again)


def test_holding_reading_and_deciding_are_written_down_without_any_name(
    cast: Cast, take: Take, client_as: ClientAs
) -> None:
    instance = take(PatientName="OTHER^PERSON")
    client_as(cast.doctor).get(f"/imaging/instances/{instance.id}/hold")
    decide(cast, instance, "wrong_patient", "Another Ravi")
    with db.read_session() as session:
        rows: dict[str, Any] = {row.action: row.detail for row in session.scalars(select(AuditRow))}
    assert {"hold_instance", "read_hold", "decide_hold"} <= rows.keys()
    assert not [detail for detail in rows.values() if "OTHER" in detail or "Ravi" in detail]


def test_a_hold_is_kept_after_it_was_decided(cast: Cast, take: Take) -> None:
    instance = take(PatientName="OTHER^PERSON")
    decide(cast, instance, "wrong_patient", "Another Ravi")
    with db.read_session() as session:
        hold = session.scalars(select(Hold)).one()
    assert (hold.state, hold.reason, hold.decided_by_name) == ("removed", "Another Ravi", cast.doctor.full_name)
