"""A talk of three is recorded in real browsers: everybody agrees, the relay is killed, somebody takes it back."""

from __future__ import annotations

import io
import os
import re
import signal
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.people import PATIENCE_MS, SIZES, Person
from tests.browser.room.conftest import Together
from tests.browser.service import Service
from tests.video.recordings.sound import samples
from video import sealed
from video.recordings.operations import KEY_PURPOSE
from video.sealed import Sealed

SHOTS = Path("build/room")
LOOK = bool(os.environ.get("LOOK"))  # photographs at the three sizes, for people to look at
CLEAR = (b"\x1a\x45\xdf\xa3", b"OpusHead", b"A_OPUS", b"OpusTags")

pytestmark = pytest.mark.timeout(600)


def photograph(person: Person, name: str) -> None:
    if LOOK:
        person.photograph(SHOTS, f"{name}-{person.name}")


def rows(service: Service, question: str, *values: Any) -> list[tuple[Any, ...]]:
    """What the installation's database answers."""
    with sqlite3.connect(f"file:{service.data_dir / 'nidaan.sqlite3'}?mode=ro", uri=True, timeout=10) as database:
        return database.execute(question, values).fetchall()


def wait_until(person: Person, holds: Any) -> Any:
    """Until something holds outside the browsers; the page's clock ticks meanwhile."""
    for _ in range(PATIENCE_MS // 100):
        if found := holds():
            return found
        person.page.wait_for_timeout(100)
    raise AssertionError("it never came to be")


@pytest.fixture
def patient(chromium: Browser, service: Service, together: Together) -> Iterator[Person]:
    """The patient, come by link on a phone."""
    page = together.doctor.context.new_page()
    page.goto(f"/consults/{together.consult}")
    page.get_by_role("button", name=re.compile("Make a link|Invite")).first.click()
    link = page.locator("input.copyable").first.input_value()
    page.close()
    question = (
        "select p.birth_year from patient p join case_record c on c.patient_id = p.id join consult k on k.case_id"
    )
    [(year,)] = rows(service, f"{question} = c.id where k.id = ?", together.consult)
    person = Person.arrive(chromium, "patient", service.address, SIZES["phone"], touch=True)
    person.page.goto(link)
    person.page.get_by_label(re.compile("year", re.I)).fill(str(year))
    person.page.get_by_role("button", name="Join the doctors").click()
    person.wait_for_room()
    yield person
    person.leave()


def sign(person: Person, words: str | None) -> None:
    """Until the sign says so; None: there is none."""
    found = person.page.locator(".recording-sign")
    if words is None:
        expect(found).to_be_hidden(timeout=PATIENCE_MS)
    else:
        expect(found).to_have_text(words, timeout=PATIENCE_MS)


def written(service: Service) -> int:
    """How many bytes of recordings there are, on the relay's side and on ours."""
    folders = (service.data_dir / "relay-recordings", service.data_dir / "recordings")
    return sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())


def kill_relay(service: Service) -> None:
    """SIGKILL; the supervisor starts another."""
    [pid] = [
        pid
        for pid in service._descendants()
        if b"video.relay" in Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
    ]
    os.kill(pid, signal.SIGKILL)


def agree_all(together: Together, patient: Person) -> None:
    """The doctor asks, for the patient's relative beside them too; everybody says yes on their own screen."""
    doctor, specialist = together.both
    doctor.page.get_by_role("button", name="Record the talk").click()
    dialog = doctor.page.get_by_role("dialog", name="May this talk be recorded?")
    dialog.get_by_role("button", name="Ask everybody").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Say who is beside you")
    photograph(doctor, "recording-ask")
    dialog.get_by_label("A relative: they say yes").check()
    dialog.get_by_role("button", name="Ask everybody").click()
    sign(doctor, "Not recording yet")
    for person in (specialist, patient):
        asked = person.page.get_by_role("dialog", name="May this talk be recorded?")
        expect(asked).to_be_visible(timeout=PATIENCE_MS)
        photograph(person, "recording-asked")
        sign(doctor, "Not recording yet")
        asked.get_by_role("button", name="Yes, I agree").click()
    for person in (doctor, specialist, patient):
        sign(person, "Recording")
        expect(person.page.get_by_text("This talk is being recorded.").first).to_be_attached()


def test_what_three_agreed_to_record_survives_a_killed_relay_and_ends_when_one_takes_it_back(
    chromium: Browser, service: Service, together: Together, patient: Person
) -> None:
    doctor, specialist = together.both
    for person in (doctor, specialist, patient):
        person.join_call()
    for person in (doctor, specialist, patient):
        person.wait_for_video_of(2)
    agree_all(together, patient)
    for person in (doctor, patient):
        photograph(person, "recording-sign")
    doctor.page.locator("#strip .room-thumb[data-instance]").first.click()
    doctor.wait_for_stage("stage.instance !== null && stage.draws > 0")
    shown = doctor.stage()["instance"]
    doctor.draw("Arrow", (300, 300), (500, 500))
    specialist.wait_for_stage("stage.annotations.length === 1")
    wait_until(doctor, lambda: written(service) > 40_000)

    kill_relay(service)
    sign(specialist, "Recording paused")
    sign(specialist, "Recording")
    before = written(service)
    wait_until(doctor, lambda: written(service) > before + 40_000)

    patient.page.locator(".recording-sign").click()
    managing = patient.page.get_by_role("dialog", name="This talk is being recorded")
    photograph(patient, "recording-running")
    managing.get_by_role("button", name="I take back my consent").click()
    for person in (doctor, specialist, patient):
        sign(person, None)
    photograph(doctor, "recording-ended")
    [(recording, wrapped, ended)] = rows(
        service, "select id, wrapped_key, ended_at from recording where state = 'ended'"
    )
    withdrawn_at = datetime.fromisoformat(ended).replace(tzinfo=UTC).timestamp() * 1000
    asked = "select mix_seconds from recording where mix_state = 'made' and id = ?"
    [(seconds,)] = wait_until(doctor, lambda: rows(service, asked, recording))

    whole, cut = heard_on_disk(service, recording, wrapped, withdrawn_at)
    assert whole >= 3
    assert cut >= 1, "what the killed relay had written was not delivered"
    assert seconds > 2
    listen(together, recording, shown)
    assert rows(service, "select actor_id from audit_row where action = 'hear_recording'")
    stranger = chromium.new_context(base_url=service.address)
    assert stranger.request.get(f"/recordings/{recording}/audio", max_redirects=0).status in (302, 401, 404)
    stranger.close()


def heard_on_disk(service: Service, recording: str, wrapped: bytes, withdrawn_at: float) -> tuple[int, int]:
    """How many segments are whole, and how many a kill cut off; every one of them plays, and none holds a packet that
    came after the withdrawal.
    """
    secret = (service.data_dir / "secret.key").read_text(encoding="utf-8").strip()
    key = sealed.unwrap(secret, KEY_PURPOSE, recording, wrapped)
    whole = cut = 0
    loudest = 0.0
    for (name,) in rows(service, "select id from recording_segment where recording_id = ?", recording):
        data = (service.data_dir / "recordings" / recording / f"{name}.sealed").read_bytes()
        assert not any(clear in data for clear in CLEAR)
        found = Sealed(io.BytesIO(data), key)
        found.verify()
        whole, cut = whole + found.ended, cut + (not found.ended)
        assert max(one.moment for one in found.chunks) <= withdrawn_at
        sound = samples(b"".join(found.content()))
        assert len(sound) > 24_000, "half a second at least"
        loudest = max(loudest, float(abs(sound).max()))
    assert loudest > 0.05, "the fake microphone's tone is not there"
    assert list((service.data_dir / "relay-recordings").glob("*")) == []
    return whole, cut


def listen(together: Together, recording: str, shown: str) -> None:
    """The doctor finds it on the consult's page, hears it, and jumps in it to what was drawn: that stands beside it."""
    page = together.doctor.context.new_page()
    page.goto(f"/consults/{together.consult}")
    page.get_by_role("link", name="Recording of the talk").click()
    page.wait_for_function("() => document.querySelector('#sound').duration > 2")
    page.evaluate("() => { const sound = document.querySelector('#sound'); sound.currentTime = sound.duration / 2; }")
    page.wait_for_function("() => ((it) => !it.seeking && it.currentTime > 1)(document.querySelector('#sound'))")
    page.evaluate("() => { document.querySelector('#sound').currentTime = 0; }")
    expect(page.get_by_text("Nothing was on the stage at this moment.")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("button", name=re.compile("draws on")).click()
    stands = "window.nidaan.replay.debug().instance === wanted && window.nidaan.replay.annotations().size === 1"
    page.wait_for_function(f"(wanted) => {stands}", arg=shown)
    if LOOK:
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            page.screenshot(path=SHOTS / f"listen-{size}.png", full_page=True)
    page.close()
