"""What came without a case waits until a doctor says whose it is; nothing is mixed up, and everything can be undone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, db
from app.actor import Actor
from app.audit import AuditRow
from app.auth.models import User
from app.errors import NotFound
from app.outbox import OutboxRow
from consult.patients.models import Case, Patient
from imaging import ingest, previews, queries, store, uploads
from imaging.dicomweb import headers
from imaging.facts import Facts
from imaging.guards.holds.models import Hold
from imaging.inbox import expiry, operations
from imaging.inbox.queries import count
from imaging.models import Instance, Upload
from imaging.site_models.models import ModelRun, ModelStatement
from tests.cast import Cast, consult_in
from tests.imaging.inbox.conftest import Send, instances, studies

ClientAs = Callable[[User | None], FlaskClient]


@pytest.fixture
def doctor(client_as: ClientAs, cast: Cast) -> FlaskClient:
    """The treating doctor's browser."""
    return client_as(cast.doctor)


def waiting(cast: Cast) -> int:
    with db.read_session() as session:
        return count(session, cast.facility.id)


def attach(doctor: FlaskClient, cast: Cast, study_id: str, **fields: str) -> int:
    return doctor.post(f"/inbox/studies/{study_id}/attach", data={"case": cast.case.id, **fields}).status_code


def other_patient(cast: Cast, name: str = "Somebody Else") -> Patient:
    with db.write_transaction() as session:
        patient = Patient(
            program_id=cast.program.id,
            facility_id=cast.facility.id,
            full_name=name,
            birth_year=1990,
            sex="male",
            created_by=cast.doctor.id,
            created_at=clock.now(),
        )
        session.add(patient)
    return patient


def test_a_study_waits_with_what_its_file_says_and_who_sent_it(doctor: FlaskClient, cast: Cast, send: Send) -> None:
    assert "Nothing waits" in doctor.get("/inbox").text
    for number in (1, 2):
        send(number)
    page = doctor.get("/inbox").text
    for words in ("One Patient", "1972-03-04", "female", "Chest", "2 pictures", "Portable &lt;ultrasound&gt;"):
        assert words in page
    assert '<span class="nav-count" data-count="/inbox/count">1</span>' in page
    assert doctor.get("/inbox/count").json == {"count": 1}


def test_hostile_words_in_a_file_are_shown_as_words(doctor: FlaskClient, send: Send) -> None:
    send(1, PatientName="<script>alert(1)</script>", StudyDescription="<img src=x onerror=1>")
    for page in ("/inbox", f"/inbox/studies/{studies()[0].id}"):
        assert "<script>alert" not in doctor.get(page).text
        assert "<img src=x" not in doctor.get(page).text


def test_the_list_is_drawn_again_only_when_it_has_changed(doctor: FlaskClient, send: Send) -> None:
    send(1)
    first = doctor.get("/inbox/rows")
    digest = first.text.split('data-digest="')[1].split('"')[0]
    assert doctor.get(f"/inbox/rows?known={digest}").status_code == 204
    send(2)
    assert doctor.get(f"/inbox/rows?known={digest}").status_code == 200


def test_whom_the_file_names_is_suggested_and_nobody_else(doctor: FlaskClient, cast: Cast, send: Send) -> None:
    other_patient(cast)
    send(1)
    page = doctor.get(f"/inbox/studies/{studies()[0].id}").text
    assert "It may be" in page
    assert cast.case.id in page
    assert "Somebody Else" not in page
    found = doctor.get(f"/inbox/studies/{studies()[0].id}?q=somebody").text
    assert "Somebody Else" in found
    assert "Does not fit" in found


def test_attaching_puts_every_picture_into_the_case_and_tells_its_room(
    doctor: FlaskClient, cast: Cast, send: Send
) -> None:
    for number in (1, 2):
        send(number)
    [study] = studies()
    assert attach(doctor, cast, study.id) == 302
    assert [one.case_id for one in instances()] == [cast.case.id] * 2
    with db.read_session() as session:
        listing = queries.case_listing(session, cast.case.id)
        told = [
            row.event for row in session.scalars(select(OutboxRow).where(OutboxRow.topic == f"case:{cast.case.id}"))
        ]
        audited = set(session.scalars(select(AuditRow.action)))
    assert [len(one["instances"]) for one in listing["studies"]] == [2]
    assert told.count("instance_changed") == 2
    assert "inbox_attached" in audited
    assert waiting(cast) == 0
    send(3)
    assert instances()[-1].case_id == cast.case.id  # what comes later follows it


def test_the_comparison_shows_both_sides_and_a_difference_asks_for_a_reason(
    doctor: FlaskClient, cast: Cast, send: Send
) -> None:
    send(1, PatientName="Quite^Another", PatientSex="M")
    [study] = studies()
    page = doctor.get(f"/inbox/studies/{study.id}/compare?case={cast.case.id}").text
    for words in ("Quite Another", "Patient One", "differs", "The files name another patient"):
        assert words in page
    assert attach(doctor, cast, study.id) == 422
    assert instances()[0].case_id is None
    assert attach(doctor, cast, study.id, reason="The unit still had the last patient entered") == 302
    [instance] = instances()
    assert (instance.case_id, instance.is_held) == (cast.case.id, False)
    with db.read_session() as session:
        assert [one.state for one in session.scalars(select(Hold))] == ["confirmed"]


def test_a_colleagues_reason_leaves_the_pictures_held_for_the_treating_doctor(
    client_as: ClientAs, cast: Cast, send: Send
) -> None:
    send(1, PatientName="Quite^Another", PatientSex="M")
    with db.write_transaction() as session:
        consult_in(session, cast, "in_progress")
    assert attach(client_as(cast.colleague), cast, studies()[0].id, reason="I was there") == 302
    [instance] = instances()
    assert (instance.case_id, instance.is_held) == (cast.case.id, True)


def test_what_was_held_and_taken_back_can_be_attached_again(
    doctor: FlaskClient, client_as: ClientAs, cast: Cast, send: Send
) -> None:
    send(1, PatientName="Quite^Another", PatientSex="M")
    [study] = studies()
    with db.write_transaction() as session:
        consult_in(session, cast, "in_progress")
    colleague = client_as(cast.colleague)
    for _ in range(2):
        assert attach(colleague, cast, study.id, reason="I was there") == 302
        assert instances()[0].is_held
        assert colleague.post(f"/inbox/studies/{study.id}/detach").status_code == 302
    assert attach(doctor, cast, study.id, reason="I was there too") == 302
    assert not instances()[0].is_held
    with db.read_session() as session:
        assert sorted(session.scalars(select(Hold.state))) == ["confirmed", "removed", "removed"]


def test_files_of_one_study_that_disagree_are_all_compared(doctor: FlaskClient, cast: Cast, send: Send) -> None:
    send(1)
    send(2, PatientName="Quite^Another", PatientSex="M")
    [study] = studies()
    assert "do not all say the same" in doctor.get(f"/inbox/studies/{study.id}").text
    assert attach(doctor, cast, study.id) == 422


def test_a_study_may_go_into_a_new_case_of_a_patient(doctor: FlaskClient, cast: Cast, send: Send) -> None:
    send(1)
    [study] = studies()
    assert doctor.get(f"/inbox/studies/{study.id}/compare?patient={cast.patient.id}").status_code == 200
    answer = doctor.post(f"/inbox/studies/{study.id}/attach", data={"patient": cast.patient.id})
    assert answer.status_code == 302
    with db.read_session() as session:
        case = session.get_one(Case, instances()[0].case_id)
    assert (case.patient_id, case.id != cast.case.id) == (cast.patient.id, True)


def test_a_refused_attachment_opens_no_case(doctor: FlaskClient, cast: Cast, send: Send) -> None:
    send(1, PatientName="Quite^Another", PatientSex="M")
    answer = doctor.post(f"/inbox/studies/{studies()[0].id}/attach", data={"patient": cast.patient.id})
    assert answer.status_code == 422
    with db.read_session() as session:
        assert len(list(session.scalars(select(Case)))) == 1


def test_undoing_brings_the_study_back_and_the_case_forgets_it(doctor: FlaskClient, cast: Cast, send: Send) -> None:
    send(1)
    [study] = studies()
    attach(doctor, cast, study.id)
    assert "Attached lately" in doctor.get("/inbox").text
    assert doctor.post(f"/inbox/studies/{study.id}/detach").status_code == 302
    assert [one.case_id for one in instances()] == [None]
    assert waiting(cast) == 1
    with db.read_session() as session:
        assert queries.case_listing(session, cast.case.id) == {"uploads": [], "studies": []}
        assert "instance_removed" in set(session.scalars(select(OutboxRow.event)))
    assert attach(doctor, cast, study.id) == 302


def test_a_picture_that_a_tablet_is_still_sending_is_told_and_attached_once_it_has_come(
    doctor: FlaskClient, cast: Cast, send: Send
) -> None:
    send(1)
    [waits], [whole] = studies(), instances()
    with db.write_transaction() as session:
        coming = previews._make(session, _announced(session, cast), Facts.from_json(whole.facts), "1.2.3.1")
    assert attach(doctor, cast, waits.id) == 302
    assert "only its preview so far" in doctor.get(f"/inbox/studies/{waits.id}").text
    with db.write_transaction() as session:
        coming = session.get_one(Instance, coming.id)
        coming.sha256, coming.state = whole.sha256, "ready"
    assert attach(doctor, cast, waits.id) == 302
    assert waiting(cast) == 0


def _announced(session: Session, cast: Cast) -> Upload:
    return uploads.add_upload(session, cast.doctor.actor(), cast.case.id, "from the tablet.dcm", 1)


def test_what_the_case_has_already_is_not_put_there_twice(
    doctor: FlaskClient, cast: Cast, send: Send, unit: Actor
) -> None:
    first = send(1)
    send(2)
    content = store.path_of("originals", instances()[0].sha256 or "").read_bytes()
    upload = uploads.create(cast.doctor.actor(), cast.case.id, "by hand.dcm", len(content))
    pieces = [content, b""]
    uploads.receive(cast.doctor.actor(), upload.id, 0, len(content), lambda _most: pieces.pop(0))
    ingest.ingest(upload.id)
    [waits] = [one for one in studies() if one.case_id is None]
    assert attach(doctor, cast, waits.id) == 302
    in_case = [one.sop_instance_uid for one in instances() if one.case_id == cast.case.id]
    assert sorted(in_case) == ["1.2.3.1", "1.2.3.2"]
    assert waiting(cast) == 0
    assert first.state == "stored"


def test_two_doctors_who_attach_one_study_attach_it_once(
    doctor: FlaskClient, client_as: ClientAs, cast: Cast, send: Send
) -> None:
    send(1)
    [study] = studies()
    assert attach(doctor, cast, study.id) == 302
    assert attach(client_as(cast.colleague), cast, study.id) == 404


def test_discarding_asks_why_and_keeps_it_for_thirty_days(doctor: FlaskClient, cast: Cast, send: Send) -> None:
    send(1)
    [study] = studies()
    doctor.post(f"/inbox/studies/{study.id}/discard", data={"reason": " "})
    assert waiting(cast) == 1
    doctor.post(f"/inbox/studies/{study.id}/discard", data={"reason": "A phantom"})
    assert waiting(cast) == 0
    assert "A phantom" in doctor.get("/inbox/discarded").text
    original = store.path_of("originals", instances()[0].sha256 or "")
    assert expiry.forget_discarded(clock.now() + timedelta(days=29)) == 0
    doctor.post(f"/inbox/studies/{study.id}/restore")
    assert waiting(cast) == 1
    doctor.post(f"/inbox/studies/{study.id}/discard", data={"reason": "A phantom"})
    assert original.exists()
    assert expiry.forget_discarded(clock.now() + timedelta(days=31)) == 1
    assert (instances(), studies(), original.exists()) == ([], [], False)


def test_nothing_of_what_was_discarded_long_ago_is_left_whatever_was_made_of_it(
    doctor: FlaskClient, cast: Cast, send: Send
) -> None:
    send(1)
    [study], [instance] = studies(), instances()
    now = clock.now()
    with db.write_transaction() as session:
        made = {"name": "Model", "version": "1", "approval": "a", "intended_use": "b", "state": "done"}
        run = ModelRun(instance_id=instance.id, started_at=now, ended_at=now, **made)
        run.statements = [ModelStatement(position=0, text="A shadow")]
        session.add(run)
    doctor.post(f"/inbox/studies/{study.id}/discard", data={"reason": "A phantom"})
    assert b"One^Patient" in headers.path_of(instance.sha256 or "", "header").read_bytes()
    assert expiry.forget_discarded(now + timedelta(days=31)) == 1
    assert instances() == []
    assert [path for path in store.folder("headers").rglob("*") if path.is_file()] == []


def test_more_of_a_discarded_study_brings_it_back_and_the_same_again_does_not(
    doctor: FlaskClient, cast: Cast, send: Send
) -> None:
    send(1)
    doctor.post(f"/inbox/studies/{studies()[0].id}/discard", data={"reason": "A phantom"})
    send(1)
    assert waiting(cast) == 0
    send(2)
    assert waiting(cast) == 1


def test_a_file_that_cannot_be_used_stays_with_its_reason_until_somebody_discards_it(
    doctor: FlaskClient, cast: Cast, send: Send
) -> None:
    upload = send(1, content=b"not a picture at all")
    page = doctor.get("/inbox").text
    assert "Cannot be shown" in page
    assert "This is not a file that can be shown" in page
    answer = doctor.get(f"/inbox/files/{upload.id}")
    assert answer.data == b"not a picture at all"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    doctor.post(f"/inbox/files/{upload.id}/discard", data={"reason": "Not ours"})
    assert waiting(cast) == 0
    assert doctor.get(f"/inbox/files/{upload.id}").status_code == 200
    doctor.post(f"/inbox/files/{upload.id}/restore")
    assert waiting(cast) == 1
    doctor.post(f"/inbox/files/{upload.id}/discard", data={"reason": "Not ours"})
    assert expiry.forget_discarded(clock.now() + timedelta(days=31)) == 1
    assert not store.upload_path(upload.id).exists()


def test_another_picture_of_the_same_identity_waits_beside_the_first(
    doctor: FlaskClient, cast: Cast, send: Send
) -> None:
    send(1)
    send(7, SOPInstanceUID="1.2.3.1")
    page = doctor.get("/inbox").text
    assert "Another file with the same identity" in page
    assert waiting(cast) == 2


def test_a_case_of_another_facility_cannot_be_named(doctor: FlaskClient, cast: Cast, send: Send) -> None:
    with db.write_transaction() as session:
        session.get_one(Case, cast.case.id).facility_id = cast.other_facility.id
        session.get_one(Patient, cast.patient.id).facility_id = cast.other_facility.id
    send(1)
    assert attach(doctor, cast, studies()[0].id) == 404
    page = doctor.get(f"/inbox/studies/{studies()[0].id}").text
    assert "Patient One" not in page
    assert doctor.get(f"/inbox/studies/{studies()[0].id}/compare?case={cast.case.id}").status_code == 404


def test_nothing_that_was_attached_is_forgotten(doctor: FlaskClient, cast: Cast, send: Send) -> None:
    send(1)
    [study] = studies()
    doctor.post(f"/inbox/studies/{study.id}/discard", data={"reason": "A phantom"})
    attach(doctor, cast, study.id)
    assert expiry.forget_discarded(clock.now() + timedelta(days=99)) == 0
    assert len(instances()) == 1


def test_the_operations_are_the_gate_too(cast: Cast, send: Send) -> None:
    send(1)
    [study] = studies()
    for stranger in (cast.far_doctor, cast.specialist, cast.manager, cast.administrator, cast.outside_doctor):
        with db.write_transaction() as session, pytest.raises(NotFound):
            operations.attach(session, stranger.actor(), study.id, cast.case.id, "", clock.now())
        with db.write_transaction() as session, pytest.raises(NotFound):
            operations.discard(session, stranger.actor(), study.id, "x", clock.now())
    assert [one.case_id for one in instances()] == [None]


def news(cast: Cast) -> int:
    """How often the facility's doctors were told that their inbox changed."""
    with db.read_session() as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.event == "inbox_changed")).all()
    assert {row.topic for row in rows} <= {f"inbox:{cast.facility.id}"}
    assert {row.payload for row in rows} <= {"{}"}
    return len(rows)


def test_whatever_changes_the_inbox_is_told_to_its_doctors(doctor: FlaskClient, cast: Cast, send: Send) -> None:
    counts = [news(cast)]
    send(1)
    counts.append(news(cast))
    send(2, content=b"no picture")
    counts.append(news(cast))
    study = studies()[0]
    assert attach(doctor, cast, study.id, reason="I was there") == 302
    counts.append(news(cast))
    doctor.post(f"/inbox/studies/{study.id}/detach")
    counts.append(news(cast))
    doctor.post(f"/inbox/studies/{study.id}/discard", data={"reason": "a test"})
    counts.append(news(cast))
    assert all(later > earlier for earlier, later in zip(counts, counts[1:], strict=False)), counts
