"""The shared document takes an update whole or not at all, and survives whatever it is sent."""

from __future__ import annotations

import math
from itertools import count
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text

from app.errors import Conflict, Invalid, NidaanError, NotAllowed, ProtocolError
from consult.stage import document as under_test
from consult.stage.document import StageDocument
from tests.consult.stage.drawing import (
    DOCTOR,
    INSTANCE,
    PATIENT,
    SPECIALIST,
    Copy,
    annotation,
    key_image,
    view,
)

KEY = "e" * 32
OTHER_KEY = "f" * 32


def by_doctor(document: StageDocument, update: bytes) -> bytes | None:
    return document.apply(update, DOCTOR, "treating_doctor")


def by_specialist(document: StageDocument, update: bytes) -> bytes | None:
    return document.apply(update, SPECIALIST, "specialist")


def refused(document: StageDocument, update: bytes, kind: type[NidaanError], who: str = DOCTOR) -> NidaanError:
    """The refusal, after which the document is exactly what it was and takes good updates."""
    before = document.snapshot()
    with pytest.raises(kind) as error:
        document.apply(update, who, {DOCTOR: "treating_doctor", SPECIALIST: "specialist"}.get(who, "patient"))
    assert document.snapshot() == before
    assert document.apply(Copy().put("views", PATIENT, view()), PATIENT, "patient") is not None
    return error.value


def test_a_stroke_is_accepted_and_what_is_new_reaches_another_copy() -> None:
    document, doctor, other = StageDocument(), Copy(), Copy()
    news = by_doctor(document, doctor.put("annotations", KEY, annotation()))
    assert news is not None
    other.take_in(news)
    assert other.content() == doctor.content()
    assert document.annotations()[KEY]["frame"] == 1


def test_the_same_update_twice_changes_nothing_the_second_time() -> None:
    document, doctor = StageDocument(), Copy()
    update = doctor.put("annotations", KEY, annotation())
    assert by_doctor(document, update) is not None
    assert by_doctor(document, update) is None


def test_offline_changes_of_both_merge() -> None:
    document, doctor, specialist = StageDocument(), Copy(), Copy()
    for index in range(20):
        doctor.put("annotations", f"{index:032x}", annotation())
        specialist.put("annotations", f"{index + 100:032x}", annotation(author=SPECIALIST))
    for copy, apply in ((doctor, by_doctor), (specialist, by_specialist)):
        assert apply(document, copy.doc.get_update(document.state_vector())) is not None
    assert len(document.annotations()) == 40
    cold = Copy()
    cold.take_in(document.diff(b"\0"))
    doctor.take_in(document.diff(doctor.doc.get_state()))
    assert doctor.content() == cold.content()


def test_key_images_presenter_and_views_are_read_back() -> None:
    document, doctor = StageDocument(), Copy()
    by_doctor(document, doctor.put("key_images", f"{INSTANCE}/1", key_image()))
    by_doctor(document, doctor.put("stage", "presenter", DOCTOR))
    by_doctor(document, doctor.put("views", DOCTOR, view()))
    assert document.key_images()[f"{INSTANCE}/1"]["view"]["rotation"] == 0
    assert document.presenter() == DOCTOR
    assert document.views()[DOCTOR]["zoom"] == 0.75
    by_doctor(document, doctor.remove("stage", "presenter"))
    assert document.presenter() is None


def test_one_bad_entry_refuses_the_whole_update() -> None:
    document, doctor = StageDocument(), Copy()
    doctor.put("annotations", KEY, annotation())
    doctor.put("annotations", OTHER_KEY, annotation(points=[1.0, math.nan, 2.0, 3.0]))
    error = refused(document, doctor.doc.get_update(), Invalid)
    assert isinstance(error, Invalid)
    assert error.field == "points"
    assert document.annotations() == {}


@pytest.mark.parametrize("map_name", ["annotations", "views", "key_images"])
def test_null_is_no_way_to_remove_an_entry(map_name: str) -> None:
    key = f"{INSTANCE}/1" if map_name == "key_images" else DOCTOR
    refused(StageDocument(), Copy().put(map_name, key, None), Invalid)


def test_somebody_elses_annotation_can_be_neither_changed_nor_removed_nor_forged() -> None:
    document, doctor, specialist = StageDocument(), Copy(), Copy()
    update = doctor.put("annotations", KEY, annotation())
    by_doctor(document, update)
    specialist.take_in(update)
    refused(document, specialist.put("annotations", KEY, annotation(text="no")), NotAllowed, SPECIALIST)
    fresh = Copy()
    fresh.take_in(update)
    refused(document, fresh.remove("annotations", KEY), NotAllowed, SPECIALIST)
    refused(document, Copy().put("annotations", OTHER_KEY, annotation(author=DOCTOR)), NotAllowed, SPECIALIST)
    assert document.annotations()[KEY]["text"] == ""


def test_a_patient_writes_only_their_own_view() -> None:
    document = StageDocument()
    refused(document, Copy().put("annotations", KEY, annotation(author=PATIENT)), NotAllowed, PATIENT)
    refused(document, Copy().put("stage", "presenter", PATIENT), NotAllowed, PATIENT)
    refused(document, Copy().put("views", DOCTOR, view()), NotAllowed, PATIENT)


def test_nobody_writes_under_another_participants_client_number() -> None:
    document, doctor = StageDocument(), Copy(client_id=77)
    by_doctor(document, doctor.put("annotations", KEY, annotation()))
    forger = Copy(client_id=77)
    forger.take_in(document.snapshot())
    refused(document, forger.put("annotations", OTHER_KEY, annotation(author=SPECIALIST)), NotAllowed, SPECIALIST)
    assert by_doctor(document, doctor.put("annotations", OTHER_KEY, annotation())) is not None


def test_an_update_whose_groundwork_is_missing_is_out_of_step_and_leaves_nothing_behind() -> None:
    document, doctor = StageDocument(), Copy()
    first = doctor.put("annotations", KEY, annotation())
    second = doctor.put("annotations", OTHER_KEY, annotation())
    size = len(document.snapshot())
    for _ in range(50):
        with pytest.raises(Conflict) as error:
            by_doctor(document, second)
        assert error.value.code == "out_of_step"
    assert len(document.snapshot()) == size
    assert by_doctor(document, first) is not None
    assert by_doctor(document, second) is not None


def test_deleting_what_is_not_known_is_out_of_step() -> None:
    document, doctor = StageDocument(), Copy()
    doctor.put("annotations", KEY, annotation())
    assert refused(document, doctor.remove("annotations", KEY), Conflict).code == "out_of_step"


def nested(value: Any) -> bytes:
    doc: Doc[Any] = Doc()
    entries: Any = doc.get("annotations", type=Map)
    entries[KEY] = value
    return bytes(doc.get_update())


def foreign(name: str, value: Any) -> bytes:
    doc: Doc[Any] = Doc()
    doc[name] = value
    if isinstance(value, Map):
        value[KEY] = annotation()
    return bytes(doc.get_update())


def raw(content: bytes, name: bytes = b"annotations", client: bytes = b"\x05", clock: bytes = b"\0") -> bytes:
    """An update with one entry whose content (kind's value, count 1) is given in lib0's encoding."""
    head = b"\x01\x01" + client + clock + b"\x28\x01"
    return head + bytes([len(name)]) + name + b"\x20" + KEY.encode() + b"\x01" + content + b"\0"


@pytest.mark.parametrize(
    "update",
    [
        nested(Map({"kind": "line"})),
        nested(Array([1.0])),
        nested(Text("x")),
        nested(Doc()),
        nested(b"bytes"),
        nested({"points": [b"bytes"]}),
        foreign("notes", Map()),
        foreign("annotations", Text("text where a map is")),
        foreign("stage", Array([1.0])),
        raw(b"u\x01" * 400_000 + b"~"),  # overflows the library's stack and with it ends the process
        raw(b"u" + b"\xff" * 6 + b"\x07"),
        raw(b"z" + b"\0" * 8),  # a big integer
        raw(b"\x7f"),  # undefined
        raw(b"w\x02\xff\xfe"),  # not UTF-8
        raw(b"~", client=b"\xff" * 8 + b"\x01"),
        raw(b"~", clock=b"\xff\xff\xff\xff\x0f"),
        b"\x01" + b"\xff\xff\xff\xff\x07" + b"\x05\x00\x28",
        b"\x00\x01\x05\x01" + b"\xff\xff\xff\xff\x0f" * 2,
        b"\x02" + b"\x01\x05\x00\x00\x01" * 2 + b"\x00",  # one client twice
        b"\x00\x00\x00",  # bytes left over
        b"",
        b"\0",
    ],
    ids=map(str, count()),  # the bytes hold a random client: a name must be the same in every process
)
def test_what_this_document_never_holds_is_a_protocol_error(update: bytes) -> None:
    refused(StageDocument(), update, ProtocolError)


def test_structures_that_lean_on_each_other_in_a_circle_are_refused() -> None:
    # The first says that it stands right of the second, the second right of the first.
    update = b"\x02" + b"\x01\x05\x00\x88\x06\x00\x01~" + b"\x01\x06\x00\x88\x05\x00\x01~" + b"\x00"
    refused(StageDocument(), update, ProtocolError)


def test_an_annotation_that_loses_against_a_concurrent_one_stays_lost_on_every_copy() -> None:
    document, doctor, late = StageDocument(), Copy(client_id=10), Copy(client_id=5)
    by_doctor(document, doctor.put("views", DOCTOR, view(zoom=1.0)))
    news = by_doctor(document, late.put("views", DOCTOR, view(zoom=2.0)))
    assert news is not None
    doctor.take_in(news)
    assert document.views()[DOCTOR]["zoom"] == doctor.content()["views"][DOCTOR]["zoom"]


def test_too_many_entries_are_a_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(under_test.MAX_ENTRIES, "annotations", 3)
    document, doctor = StageDocument(), Copy()
    for index in range(3):
        by_doctor(document, doctor.put("annotations", f"{index:032x}", annotation()))
    assert refused(document, doctor.put("annotations", KEY, annotation()), Conflict).code == "stage_full"


def test_a_document_that_is_full_still_lets_drawings_be_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_test, "MAX_BYTES", 2000)
    document, doctor = StageDocument(), Copy()
    by_doctor(document, doctor.put("annotations", KEY, annotation(points=[0.25] * 150)))
    before = Copy()
    before.take_in(document.snapshot())
    with pytest.raises(Conflict) as error:
        by_doctor(document, before.put("annotations", OTHER_KEY, annotation(points=[0.25] * 150)))
    assert error.value.code == "stage_full"
    assert by_doctor(document, doctor.remove("annotations", KEY)) is not None
    assert by_doctor(document, doctor.put("annotations", OTHER_KEY, annotation())) is not None


def test_values_overwritten_for_an_hour_do_not_make_the_document_grow() -> None:
    document, doctor = StageDocument(), Copy()
    by_doctor(document, doctor.put("views", DOCTOR, view()))
    size = len(document.snapshot())
    for index in range(1000):
        by_doctor(document, doctor.put("views", DOCTOR, view(zoom=1 + index / 1000)))
    assert len(document.snapshot()) < size + 1000


def test_a_library_panic_becomes_a_protocol_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):
        pass

    def panics() -> bytes:
        raise PanicException

    with pytest.raises(ProtocolError):
        under_test._library(panics)


def test_a_greenlet_that_is_told_to_exit_is_not_taken_for_a_fault() -> None:
    def exits() -> bytes:
        raise SystemExit

    with pytest.raises(SystemExit):
        under_test._library(exits)
