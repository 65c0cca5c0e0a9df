"""What the room offers beside the stage, in two real browsers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, expect

from tests.browser.people import PATIENCE_MS, Person
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
