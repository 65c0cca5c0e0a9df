"""What the guards look like to the people they guard: two doctors, two browsers, one case."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import data_store
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, expect

from app.demo import WAITING
from tests.browser.people import PATIENCE_MS, Person
from tests.browser.service import Service
from tests.imaging.files import relabelled

SHOTS = Path("build/guards")
CHEST = Path(data_store.__file__).parent / "data" / "RG1_UNCR.dcm"
LATERAL = {"SOPInstanceUID": "1.2.826.0.1.999.2", "ViewPosition": "LL", "SeriesDescription": "Lateral"}
HELD = "Held: the file names another patient"


@pytest.fixture
def doctor(chromium: Browser, service: Service) -> Iterator[Person]:
    person = Person.arrive(chromium, "doctor", service.address, (800, 1280), touch=True)
    yield person
    person.leave()


@pytest.fixture
def specialist(chromium: Browser, service: Service) -> Iterator[Person]:
    person = Person.arrive(chromium, "specialist", service.address, (1280, 800))
    yield person
    person.leave()


@pytest.mark.timeout(600)
def test_two_doctors_and_the_guards_between_them(
    service: Service, doctor: Person, specialist: Person, tmp_path: Path
) -> None:
    consult = come_together(doctor, specialist)
    wrong = relabelled(CHEST, tmp_path / "wrong.dcm", PatientName="SHARMA^KAMLA", SOPInstanceUID="1.2.826.0.1.999.1")
    a_file_that_names_another_patient_is_held_at_both_sides(doctor, specialist, wrong)
    it_shows_once_the_doctor_has_said_why(doctor, specialist)
    lateral = relabelled(CHEST, tmp_path / "lateral.dcm", PatientName="ASHA^DEMO", PatientBirthDate="", **LATERAL)
    a_view_that_is_asked_for_is_answered_and_linked(doctor, specialist, lateral)
    assert consult
    for person in (doctor, specialist):
        assert person.problems == [], f"{person.name}: {person.problems}"


@pytest.mark.timeout(300)
def test_a_photo_of_a_film_is_straightened_and_the_untouched_photo_goes_too(
    service: Service, doctor: Person, tmp_path: Path
) -> None:
    doctor.sign_in("doctor.a@demo.example")
    doctor.page.goto("/today")
    doctor.page.locator(".today-line", has_text=WAITING.patient.full_name).click()
    camera = doctor.page.locator('#pictures input[capture][accept="image/*"]')
    camera.set_input_files(film_on_a_light_box(tmp_path / "film.png"))
    dialog = doctor.page.get_by_role("dialog", name="The photo")
    dialog.get_by_role("button", name="It is a film: straighten it").click()
    corner = dialog.get_by_role("button", name="Top left corner")
    expect(corner).to_be_focused()
    place = corner.bounding_box()
    doctor.page.keyboard.press("ArrowRight")
    moved = corner.bounding_box()
    assert place is not None
    assert moved is not None
    assert moved["x"] > place["x"]
    doctor.photograph(SHOTS, "film")
    dialog.get_by_role("button", name="Straighten it").click()
    send = dialog.get_by_role("button", name="Send both")
    expect(send).to_be_disabled(timeout=PATIENCE_MS)
    dialog.get_by_label("R at the left edge").check()
    doctor.photograph(SHOTS, "film-side")
    send.click()
    for name in ("film-straight.jpg", "film.png"):
        row = doctor.page.locator(".picture", has_text=name).first
        expect(row).to_contain_text("R at the left edge, as told by Demo Doctor, Site A", timeout=PATIENCE_MS)
    assert doctor.problems == []


def film_on_a_light_box(path: Path) -> Path:
    """A dark film, slightly turned, on a bright ground, with a lamp's reflection in it."""
    picture = Image.new("L", (900, 1200), 235)
    drawing = ImageDraw.Draw(picture)
    drawing.polygon([(150, 120), (780, 180), (740, 1080), (110, 1020)], fill=60)
    drawing.ellipse((400, 500, 560, 660), fill=255)
    picture.save(path)
    return path


def come_together(doctor: Person, specialist: Person) -> str:
    """The demo's waiting consult, taken; both in its room."""
    specialist.sign_in("radiologist@demo.example")
    row = specialist.page.locator(".work-row", has_text=WAITING.request["question"])
    row.get_by_role("button", name="Take").click()
    specialist.page.wait_for_url(re.compile(r"/consults/[0-9a-f]{32}"))
    consult = specialist.page.url.rsplit("/", 1)[-1]
    specialist.enter_room()
    doctor.sign_in("doctor.a@demo.example")
    doctor.page.goto(f"/consults/{consult}/room")
    doctor.wait_for_room()
    return consult


def a_file_that_names_another_patient_is_held_at_both_sides(doctor: Person, specialist: Person, file: Path) -> None:
    doctor.page.locator("#add-pictures").click()
    doctor.page.locator(".add-sheet input[multiple]").set_input_files(file)
    doctor.page.locator(".add-sheet header button").click()
    for person in (doctor, specialist):
        person.sees(HELD)
        expect(person.page.locator(".room-thumb.refused")).to_be_visible()
    specialist.photograph(SHOTS, "held-specialist")
    doctor.photograph(SHOTS, "held-doctor")
    specialist.page.get_by_role("button", name="Held: wrong.dcm").click()
    assert specialist.page.locator("dialog").count() == 0
    held = doctor.page.locator(".room-thumb.refused").get_attribute("data-instance")
    for person in (doctor, specialist):
        person.page.evaluate("(id) => window.nidaan.stage.show(id)", held)
        person.page.wait_for_function("(words) => window.nidaan.stage.debug().notice.startsWith(words)", arg=HELD)
        assert person.stage()["frame"] == 0
    specialist.photograph(SHOTS, "held-stage")


def it_shows_once_the_doctor_has_said_why(doctor: Person, specialist: Person) -> None:
    doctor.page.get_by_role("button", name="Held, decide whose it is: wrong.dcm").click()
    dialog = doctor.page.get_by_role("dialog", name="Whose picture is this?")
    expect(dialog.get_by_text("SHARMA KAMLA")).to_be_visible()
    expect(dialog.get_by_text(WAITING.patient.full_name)).to_be_visible()
    dialog.get_by_text("It is this patient's picture").click()
    dialog.get_by_role("button", name="Show it in this case").click()
    expect(dialog.get_by_text("Write how you know")).to_be_visible()
    dialog.get_by_role("button", name="The name was typed wrongly on the machine").click()
    doctor.photograph(SHOTS, "hold-dialog")
    dialog.get_by_role("button", name="Show it in this case").click()
    expect(dialog).to_be_hidden(timeout=PATIENCE_MS)
    for person in (doctor, specialist):
        expect(person.page.locator(".room-thumb.refused")).to_have_count(0, timeout=PATIENCE_MS)
        person.wait_for_stage("stage.frame === 1 && stage.notice === ''")


def a_view_that_is_asked_for_is_answered_and_linked(doctor: Person, specialist: Person, file: Path) -> None:
    specialist.page.get_by_role("button", name="Views").click()
    sheet = specialist.page.get_by_role("dialog", name="Views")
    sheet.get_by_label("Which views does this exam need?").select_option("chest_xray")
    sheet.get_by_role("button", name="Show its checklist").click()
    expect(sheet.get_by_text("0 of 2 views")).to_be_visible(timeout=PATIENCE_MS)
    specialist.photograph(SHOTS, "views-specialist")
    sheet.get_by_role("button", name="Ask for it: Lateral").click()
    doctor.sees("asks for a view: Chest X-ray: Lateral")
    doctor.photograph(SHOTS, "asked-doctor")

    doctor.page.get_by_role("button", name="Views, 1 asked for").click()
    request = doctor.page.get_by_role("dialog", name="Views").locator(".retake")
    expect(request.get_by_text("Waits for the treating doctor")).to_be_visible(timeout=PATIENCE_MS)
    doctor.photograph(SHOTS, "views-doctor")
    request.locator("input[multiple]").set_input_files(file)
    expect(request.get_by_role("button", name="Show CR Lateral")).to_be_visible(timeout=PATIENCE_MS)
    doctor.photograph(SHOTS, "answered-doctor")

    answer = sheet.locator(".retake").get_by_role("button", name="Show CR Lateral")
    expect(answer).to_be_visible(timeout=PATIENCE_MS)
    sheet.get_by_role("button", name="Is it CR Lateral?").click()
    expect(sheet.get_by_text("1 of 2 views")).to_be_visible(timeout=PATIENCE_MS)
    answer.click()
    expect(sheet).to_be_hidden()
    specialist.wait_for_stage("stage.frame === 1 && stage.notice === ''")
    doctor.page.get_by_role("button", name="Back to the stage").last.click()
