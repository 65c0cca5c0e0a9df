"""The shared document under input that nobody would send on purpose, or only on purpose."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.errors import NidaanError, ProtocolError
from consult.stage.document import StageDocument
from consult.stage.schema import MAPS
from consult.stage.update_format import read_state_vector, read_update
from tests.consult.stage.drawing import DOCTOR, SPECIALIST, Copy, annotation, view

KEY = "e" * 32
OTHER_KEY = "f" * 32


def by_doctor(document: StageDocument, update: bytes) -> bytes | None:
    return document.apply(update, DOCTOR, "treating_doctor")


# FUZZ_EXAMPLES=20000 for a long search
quick = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "60")), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def a_valid_update() -> bytes:
    copy = Copy(client_id=9)
    copy.put("annotations", KEY, annotation())
    copy.put("views", DOCTOR, view())
    copy.put("annotations", KEY, annotation(text="more"))
    copy.put("stage", "presenter", DOCTOR)
    return bytes(copy.doc.get_update())


VALID = a_valid_update()


def survives(update: bytes) -> None:
    document = StageDocument()
    first = Copy(client_id=8).put("annotations", OTHER_KEY, annotation())
    by_doctor(document, first)
    before = document.snapshot()
    try:
        by_doctor(document, update)
    except NidaanError:
        assert document.snapshot() == before
    for entries in (document.annotations(), document.views(), document.key_images()):
        assert isinstance(entries, dict)
    for name in MAPS:
        assert document._candidate.items(name) == document._accepted.items(name)
    assert read_state_vector(document.state_vector()) == document._known


@quick
@given(st.binary(max_size=300))
def test_random_bytes_are_refused_in_words(update: bytes) -> None:
    survives(update)


@quick
@given(st.integers(0, len(VALID) - 1))
def test_truncated_updates_are_refused_in_words(length: int) -> None:
    survives(VALID[:length])


@quick
@given(st.lists(st.tuples(st.integers(0, len(VALID) - 1), st.integers(1, 255)), min_size=1, max_size=4))
def test_flipped_bits_are_refused_or_do_no_harm(flips: list[tuple[int, int]]) -> None:
    changed = bytearray(VALID)
    for at, mask in flips:
        changed[at] ^= mask
    survives(bytes(changed))


@quick
@given(st.binary(max_size=60))
def test_random_state_vectors_are_answered_or_refused_in_words(state_vector: bytes) -> None:
    document = StageDocument()
    by_doctor(document, VALID)
    try:
        read_update(document.diff(state_vector))
    except ProtocolError:
        return


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@quick
@given(st.sampled_from(["annotations", "views", "key_images", "stage"]), st.text(max_size=40), json_values)
def test_arbitrary_json_under_arbitrary_keys_never_gets_in(map_name: str, key: str, value: Any) -> None:
    document = StageDocument()
    try:
        by_doctor(document, Copy().put(map_name, key, value))
    except NidaanError:
        assert document.snapshot() == StageDocument().snapshot()
    else:
        assert (map_name, key, value) == ("stage", "presenter", None)


steps = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 3), st.sampled_from(["put", "remove", "sync"])), max_size=25
)


@quick
@given(steps)
def test_copies_that_edit_apart_and_meet_again_are_equal_and_so_is_the_replayed_log(
    taken: list[tuple[int, int, str]],
) -> None:
    document, log = StageDocument(), list[tuple[bytes, str]]()
    copies, who = (Copy(client_id=1), Copy(client_id=2)), (DOCTOR, SPECIALIST)

    def meet(index: int) -> None:
        update = copies[index].doc.get_update(document.state_vector())
        news = document.apply(update, who[index], ("treating_doctor", "specialist")[index])
        if news is not None:
            log.append((news, who[index]))
        copies[index].take_in(document.diff(copies[index].doc.get_state()))

    for index, number, step in taken:
        key = f"{index}{number:031x}"
        if step == "put":
            copies[index].put("annotations", key, annotation(author=who[index], text=str(number)))
        elif step == "remove" and key in copies[index].maps["annotations"]:
            copies[index].remove("annotations", key)
        elif step == "sync":
            meet(index)
    for index in (0, 1, 0):
        meet(index)
    replayed = StageDocument()
    for news, participant in log:
        replayed.load(news, participant)
    assert copies[0].content() == copies[1].content()
    assert replayed.annotations() == document.annotations()
    assert read_state_vector(replayed.state_vector()) == read_state_vector(document.state_vector())
