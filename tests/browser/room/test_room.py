"""What the room offers beside the stage, in two real browsers."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, expect

from tests.browser.people import PATIENCE_MS, SIZES, Person
from tests.browser.room.conftest import Together

SHOTS = Path("build/room")
LOOK = bool(os.environ.get("LOOK"))  # photographs at the three sizes, for people to look at
DEVANAGARI = ("नमस्ते, मरीज़ को तीन हफ़्ते से खाँसी है। " * 60)[:2000].strip()

pytestmark = pytest.mark.timeout(300)


def photograph(person: Person, name: str) -> None:
    if LOOK:
        person.photograph(SHOTS, f"{name}-{person.name}")


def chat_of(person: Person) -> Locator:
    return person.page.get_by_role("region", name="Chat")


def open_chat(person: Person) -> Locator:
    if person.page.locator(".room").get_attribute("data-chat") != "open":
        person.page.locator(".chat-toggle").click()
    expect(chat_of(person).get_by_label("Message", exact=True)).to_be_focused(timeout=PATIENCE_MS)
    return chat_of(person)


def write(person: Person, words: str) -> None:
    field = open_chat(person).get_by_label("Message", exact=True)
    field.fill(words)
    field.press("Enter")


def close_chat(person: Person) -> None:
    chat_of(person).get_by_label("Message", exact=True).press("Escape")
    expect(chat_of(person)).to_be_hidden()


def test_what_is_written_in_the_chat_is_read_at_the_other_side_with_its_picture(
    together: Together, tmp_path: Path
) -> None:
    doctor, specialist = together.both
    write(doctor, "The left side is duller.")
    expect(specialist.page.locator(".chat-badge")).to_have_text("1", timeout=PATIENCE_MS)
    specialist.sees(": The left side is duller.")
    log = open_chat(specialist).get_by_role("log")
    expect(log.get_by_text("The left side is duller.")).to_be_visible()
    expect(specialist.page.locator(".chat-badge")).to_be_hidden()
    field = open_chat(specialist).get_by_label("Message", exact=True)
    field.fill("First line")
    field.press("Shift+Enter")
    field.press_sequentially("and one more")
    field.press("Enter")
    expect(chat_of(doctor).locator(".chat-words").last).to_have_text("First line\nand one more", timeout=PATIENCE_MS)
    write(doctor, DEVANAGARI)
    expect(log.get_by_text(DEVANAGARI[:40]).first).to_be_visible(timeout=PATIENCE_MS)
    photo = tmp_path / "wound.jpg"
    Image.effect_noise((640, 480), 60).save(photo)
    chat_of(doctor).locator("input[type=file]").set_input_files(photo)
    write(doctor, "See this")
    shown = log.get_by_role("button", name="Show").last
    expect(shown.locator("img")).to_be_visible(timeout=PATIENCE_MS)
    expect(chat_of(doctor).locator(".unsent")).to_have_count(0, timeout=PATIENCE_MS)
    for person in together.both:
        photograph(person, "chat")
    shown.click()
    specialist.wait_for_stage("stage.instance !== null && stage.draws > 0")
    for person in together.both:
        close_chat(person)


def test_what_is_written_while_the_link_is_gone_is_kept_over_a_reload_and_sent_once(together: Together) -> None:
    doctor, specialist = together.both
    open_chat(doctor)
    doctor.context.set_offline(True)
    doctor.page.evaluate("() => window.nidaan.connection.close()")
    write(doctor, "Written without a link")
    unsent = chat_of(doctor).locator(".unsent")
    expect(unsent).to_contain_text("Not sent yet")
    photograph(doctor, "chat-unsent")
    doctor.context.set_offline(False)
    doctor.page.reload()
    doctor.wait_for_room()
    log = open_chat(specialist).get_by_role("log")
    expect(log.get_by_text("Written without a link")).to_have_count(1, timeout=PATIENCE_MS)
    open_chat(doctor)
    expect(unsent).to_have_count(0, timeout=PATIENCE_MS)
    expect(chat_of(doctor).get_by_text("Written without a link")).to_have_count(1)
    doctor.page.goto(f"/consults/{together.consult}")
    expect(doctor.page.locator(".chat-log").get_by_text("Written without a link")).to_be_visible()
    doctor.enter_room()
    close_chat(specialist)


# Has everything that this page sends of its picture be small and poor.
STARVE = """async () => {
    for (const connection of window.connections) {
        for (const sender of connection.getSenders().filter((one) => one.track?.kind === 'video')) {
            const wanted = sender.getParameters();
            wanted.encodings.forEach((one) => Object.assign(one, { scaleResolutionDownBy: 8, maxBitrate: 30_000 }));
            await sender.setParameters(wanted);
        }
    }
}"""
RECEIVED_WIDTH = """() => document.querySelector('#people .call-tile:not([data-participant=own]) video').videoWidth"""
OWN_CAMERA = """() => {
    const track = window.nidaan.call.own.videoTrack;
    const { width, height } = track.getCapabilities();
    return { most: [width.max, height.max], now: track.getSettings().width };
}"""


def pictures_of(person: Person) -> list[dict[str, Any]]:
    """Every picture of the case, as the server describes it."""
    found: list[dict[str, Any]] = person.page.evaluate(
        """async () => {
            const { case_id: id } = JSON.parse(document.getElementById('room-data').textContent);
            const listing = await (await fetch(`/imaging/cases/${id}`)).json();
            return listing.studies.flatMap((study) => study.instances);
        }"""
    )
    return found


def bar_of(person: Person) -> Locator:
    return person.page.locator(".still-bar")


def enlarge(person: Person, name: str) -> Locator:
    """Somebody's tile over the stage."""
    if not person.page.locator(".call-large").is_visible():
        person.page.locator("#people .call-tile", has_text=name).click()
    return person.page.locator(".call-large")


def test_a_still_has_the_cameras_full_size_however_small_the_video_is(together: Together) -> None:
    doctor, specialist = together.both
    together.call()
    doctor.page.evaluate(STARVE)
    specialist.page.wait_for_function(f"() => ({RECEIVED_WIDTH})() <= 160")
    camera = doctor.page.evaluate(OWN_CAMERA)
    before = {one["id"] for one in pictures_of(specialist)}
    large = enlarge(specialist, "Demo Doctor")
    photograph(specialist, "enlarged")
    large.get_by_role("button", name="Take a still").click()
    expect(bar_of(specialist)).to_contain_text("Asking")
    expect(bar_of(doctor)).to_contain_text("asks for a picture from your camera")
    photograph(doctor, "still-asked")
    # Nobody taps: a hand that holds a probe need do nothing.
    specialist.wait_for_stage("stage.instance !== null && !wanted.includes(stage.instance)", list(before))
    expect(bar_of(specialist)).to_contain_text("on the stage and in the case")
    photograph(specialist, "still-there")
    specialist.page.wait_for_function("() => window.nidaan.stage.debug().draws > 0")
    (new,) = [one for one in pictures_of(specialist) if one["id"] not in before]
    assert [new["columns"], new["rows"]] == camera["most"], new
    assert new["columns"] > 10 * specialist.page.evaluate(RECEIVED_WIDTH)
    expect(bar_of(doctor)).to_contain_text("in the case", timeout=PATIENCE_MS)
    assert doctor.page.evaluate(OWN_CAMERA)["now"] == camera["now"] == 640
    specialist.wait_for_video_of(1)


def test_the_owner_says_no_and_the_asker_is_told(together: Together) -> None:
    doctor, specialist = together.both
    together.call()
    specialist.page.locator(".still-ask").click()
    bar_of(doctor).get_by_role("button", name="Not now").click()
    expect(bar_of(specialist)).to_contain_text("does not want a picture taken now")
    expect(bar_of(doctor)).to_contain_text("No picture was taken")


def test_a_camera_that_goes_in_the_middle_is_told_at_both_sides_and_the_next_one_works(together: Together) -> None:
    doctor, specialist = together.both
    together.call()
    expect(bar_of(specialist)).to_have_count(0, timeout=PATIENCE_MS)
    specialist.page.locator(".still-ask").click()
    expect(bar_of(doctor)).to_contain_text("It is taken in")
    doctor.page.get_by_role("button", name="Camera off").click()
    bar_of(doctor).get_by_role("button", name="Take it now").click()
    expect(bar_of(specialist)).to_contain_text("camera is off or gone")
    doctor.page.get_by_role("button", name="Camera on").click()
    together.call()


def test_a_clip_of_the_camera_comes_into_the_case(together: Together) -> None:
    doctor, specialist = together.both
    together.call()
    before = {one["id"] for one in pictures_of(specialist)}
    expect(bar_of(specialist)).to_have_count(0, timeout=PATIENCE_MS)
    enlarge(specialist, "Demo Doctor").get_by_role("button", name="Take a clip").click()
    bar_of(doctor).get_by_role("button", name="Take it now").click()
    expect(bar_of(doctor)).to_contain_text("Recording 5 s")
    specialist.wait_for_stage("stage.instance !== null && !wanted.includes(stage.instance)", list(before))
    specialist.page.wait_for_function(
        """async (before) => {
            const { case_id: id } = JSON.parse(document.getElementById('room-data').textContent);
            const listing = await (await fetch(`/imaging/cases/${id}`)).json();
            const found = listing.studies.flatMap((study) => study.instances).find((one) => !before.includes(one.id));
            return found?.state === 'ready' && found.kind === 'clip' && found.frames > 30;
        }""",
        arg=list(before),
        polling=1000,
    )


def test_the_check_before_a_call_says_in_words_what_will_work_and_is_kept(
    together: Together, chromium: Browser
) -> None:
    doctor, _ = together.both
    page = doctor.context.new_page()
    page.goto(f"/check?consult={together.consult}")
    expect(page.locator(".check-verdict")).to_contain_text("will work", timeout=PATIENCE_MS)
    expect(page.locator(".check-part", has_text="Microphone")).to_contain_text("You are heard")
    expect(page.locator(".check-part", has_text="Camera")).to_contain_text("what the others see")
    expect(page.locator(".check-part", has_text="Link").first).to_contain_text("Round trip")
    expect(page.locator(".check-part", has_text="Path")).to_contain_text("Not known")
    page.get_by_role("button", name="Play a tone").click()
    expect(page.locator(".check-part", has_text="Speaker")).to_contain_text("If you heard nothing")
    if LOOK:
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            page.screenshot(path=SHOTS / f"check-{size}.png", full_page=True)
    expect(page.get_by_role("link", name="Enter the room", exact=True)).to_have_attribute("href", re.compile("/room$"))
    page.close()
    manager = Person.arrive(chromium, "manager", doctor.page.url.split("/consults")[0], SIZES["laptop"])
    manager.sign_in("manager@demo.example")
    manager.page.goto("/checks")
    expect(manager.page.locator("tbody tr")).to_have_count(1)
    expect(manager.page.locator("tbody tr")).to_contain_text("Not known")
    manager.leave()


def test_another_source_is_chosen_in_mid_call_and_a_still_of_it_is_kept(together: Together) -> None:
    doctor, specialist = together.both
    together.call()
    doctor.page.locator("#people .call-tile[data-participant=own]").click()
    doctor.page.locator(".call-large").get_by_role("button", name="Sources").click()
    dialog = doctor.page.get_by_role("dialog", name="Cameras and microphones")
    dialog.get_by_label("Sharp and slow").check()
    photograph(doctor, "sources")
    dialog.get_by_role("button", name="fake_device_0").click()
    expect(dialog).to_be_hidden()
    doctor.page.wait_for_function("() => window.nidaan.call.own.videoTrack?.contentHint === 'detail'")
    specialist.wait_for_video_of(1)
    doctor.page.locator(".call-large").get_by_role("button", name="Keep a still").click()
    expect(bar_of(doctor)).to_contain_text("in the case", timeout=PATIENCE_MS)
