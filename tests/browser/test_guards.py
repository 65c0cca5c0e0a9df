"""What the guards look like to the people they guard: two doctors, two browsers, one case."""

from __future__ import annotations

import json
import re
import sys
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
from tests.imaging.site_models import mean_grey
from tests.imaging.test_documents import findings, pdf, wrapped

SHOTS = Path("build/guards")
CHEST = Path(data_store.__file__).parent / "data" / "RG1_UNCR.dcm"
LATERAL = {"SOPInstanceUID": "1.2.826.0.1.999.2", "ViewPosition": "LL", "SeriesDescription": "Lateral"}
HELD = "Held: the file names another patient"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The whole product, at a site that has a model of its own."""
    folder = tmp_path_factory.mktemp("service")
    model = {
        "name": "Mean grey",
        "version": "1.0",
        "approval": "Ethics committee, decision 12/2026",
        "intended_use": "Checking exposures",
        "command": [sys.executable, str(Path(mean_grey.__file__))],
        "modalities": ["CR", "DX"],
    }
    (folder / "models.json").write_text(json.dumps({"models": [model]}))
    made = Service(data_dir=folder, settings={"SITE_MODELS": str(folder / "models.json")})
    made.prepare()
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def doctor(chromium: Browser, service: Service) -> Iterator[Person]:
    person = Person.arrive(chromium, "doctor", service.address, (800, 1280), touch=True)
    yield person
    person.leave()


@pytest.fixture(scope="module")
def specialist(chromium: Browser, service: Service) -> Iterator[Person]:
    person = Person.arrive(chromium, "specialist", service.address, (1280, 800))
    yield person
    person.leave()


@pytest.fixture(scope="module")
def consult(doctor: Person, specialist: Person) -> str:
    """The demo's waiting consult, with both doctors in its room."""
    return come_together(doctor, specialist)


@pytest.mark.timeout(600)
def test_two_doctors_and_the_guards_between_them(
    consult: str, doctor: Person, specialist: Person, tmp_path: Path
) -> None:
    wrong = relabelled(CHEST, tmp_path / "wrong.dcm", PatientName="SHARMA^KAMLA", SOPInstanceUID="1.2.826.0.1.999.1")
    a_file_that_names_another_patient_is_held_at_both_sides(doctor, specialist, wrong)
    it_shows_once_the_doctor_has_said_why(doctor, specialist)
    a_picture_of_somebody_else_leaves_the_case(doctor, specialist, tmp_path)
    lateral = relabelled(CHEST, tmp_path / "lateral.dcm", PatientName="ASHA^DEMO", PatientBirthDate="", **LATERAL)
    a_view_that_is_asked_for_is_answered_and_linked(doctor, specialist, lateral)
    what_the_sites_model_says_is_accepted_and_rejected(specialist)
    for person in (doctor, specialist):
        assert person.problems == [], f"{person.name}: {person.problems}"


@pytest.mark.timeout(300)
def test_a_photo_of_a_film_is_straightened_and_the_untouched_photo_goes_too(
    consult: str, doctor: Person, specialist: Person, tmp_path: Path
) -> None:
    doctor.page.goto(f"/consults/{consult}")
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
    it_is_measured_by_a_ruler_in_it(specialist, id_of(doctor, "film-straight.jpg"))
    a_burst_is_taken_and_its_sharpest_shot_offered(doctor)
    a_camera_that_is_refused_says_what_to_do(doctor)
    for person in (doctor, specialist):
        assert person.problems == [], f"{person.name}: {person.problems}"


def a_burst_is_taken_and_its_sharpest_shot_offered(doctor: Person) -> None:
    page = doctor.page
    page.locator("#pictures").get_by_role("button", name="Photograph a film").dblclick()
    camera = page.get_by_role("dialog", name="Photograph a film")
    expect(camera).to_have_count(1)
    camera.get_by_role("button", name="Take it", exact=True).click()
    expect(camera.get_by_role("button", name=re.compile("^Shot"))).to_have_count(5, timeout=PATIENCE_MS)
    expect(camera.get_by_role("button", name=re.compile("Sharpest"))).to_have_attribute("aria-pressed", "true")
    doctor.photograph(SHOTS, "burst")
    camera.get_by_role("button", name="Use this one").click()
    photo = page.get_by_role("dialog", name="The photo")
    expect(photo.get_by_role("button", name="Top left corner")).to_be_visible(timeout=PATIENCE_MS)
    photo.get_by_role("button", name="Send it as it is").click()
    expect(page.locator(".picture", has_text=re.compile(r"film-\d{8}-\d{6}\.jpg"))).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("dialog[open]")).to_have_count(0)


def a_camera_that_is_refused_says_what_to_do(doctor: Person) -> None:
    doctor.page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError')); }"
    )
    doctor.page.locator("#pictures").get_by_role("button", name="Photograph a film").click()
    camera = doctor.page.get_by_role("dialog", name="Photograph a film")
    expect(camera).to_contain_text("This page may not use the camera. Allow it", timeout=PATIENCE_MS)
    expect(camera.get_by_role("button", name="Use the camera app")).to_be_visible()
    camera.get_by_role("button", name="Cancel").click()
    expect(camera).to_have_count(0)


def id_of(person: Person, file_name: str) -> str:
    """The instance that was made of a file of the case on the person's page."""
    case = person.page.locator("#pictures").get_attribute("data-case")
    studies = person.context.request.get(f"/imaging/cases/{case}").json()["studies"]
    return str(next(one["id"] for of in studies for one in of["instances"] if one["file_name"] == file_name))


def it_is_measured_by_a_ruler_in_it(specialist: Person, film: str) -> None:
    specialist.page.locator(f".room-thumb[data-instance='{film}']").click()
    specialist.wait_for_stage("stage.instance === wanted && stage.frame === 1", film)
    expect(specialist.page.locator(".mark-left")).to_have_text("R")
    expect(specialist.page.locator(".mark-told")).to_have_text("as told by Demo Doctor, Site A")
    expect(specialist.page.locator(".mark-length")).to_contain_text("Uncalibrated")
    specialist.draw("Measure", (100, 300), (400, 300))
    specialist.page.get_by_role("button", name="A ruler").click()
    dialog = specialist.page.get_by_role("dialog", name="How long is this line?")
    dialog.get_by_role("button", name="Measure by it").click()
    expect(dialog.get_by_role("alert")).to_contain_text("how many millimetres")
    dialog.get_by_role("button", name="100 mm").click()
    specialist.photograph(SHOTS, "ruler")
    dialog.get_by_role("button", name="Measure by it").click()
    expect(dialog).to_be_hidden(timeout=PATIENCE_MS)
    expect(specialist.page.locator(".mark-length")).to_contain_text("estimated")
    specialist.photograph(SHOTS, "ruled-stage")


def test_documents_are_read_on_a_phone_and_on_a_tablet(
    service: Service, consult: str, doctor: Person, tmp_path: Path
) -> None:
    (tmp_path / "letter.dcm").write_bytes(wrapped(pdf(2), SOPInstanceUID="1.2.826.0.1.999.4"))
    (tmp_path / "findings.dcm").write_bytes(findings())
    doctor.page.goto(f"/consults/{consult}")
    doctor.page.locator("#pictures input[multiple]").set_input_files(
        [tmp_path / "letter.dcm", tmp_path / "findings.dcm"]
    )
    read = doctor.page.get_by_role("button", name=re.compile("^Read"))
    expect(read).to_have_count(2, timeout=PATIENCE_MS)
    for index in range(2):
        with doctor.context.expect_page() as opened:
            read.nth(index).click()
        page = Person("reader", doctor.context, opened.value, [])
        expect(page.page.locator("img.document-sheet, ol.document-lines")).to_be_visible(timeout=PATIENCE_MS)
        page.photograph(SHOTS, f"document-{index}")
        page.page.close()


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


def a_picture_of_somebody_else_leaves_the_case(doctor: Person, specialist: Person, folder: Path) -> None:
    other = relabelled(CHEST, folder / "other.dcm", PatientName="RAO^VIJAY", SOPInstanceUID="1.2.826.0.1.999.3")
    before = {person.name: person.page.locator(".room-thumb[data-instance]").count() for person in (doctor, specialist)}
    doctor.page.locator("#add-pictures").click()
    doctor.page.locator(".add-sheet input[multiple]").set_input_files(other)
    doctor.page.locator(".add-sheet header button").click()
    doctor.page.get_by_role("button", name="Held, decide whose it is: other.dcm").click()
    dialog = doctor.page.get_by_role("dialog", name="Whose picture is this?")
    dialog.get_by_text("It is another patient's picture").click()
    take_out = dialog.get_by_role("button", name="Take it out of this case")
    if dialog.get_by_label("How do you know?").is_visible():
        dialog.get_by_label("How do you know?").fill("The name of the patient before")
    take_out.click()
    expect(dialog).to_be_hidden(timeout=PATIENCE_MS)
    for person in (doctor, specialist):
        shown = person.page.locator(".room-thumb[data-instance]")
        expect(shown).to_have_count(before[person.name], timeout=PATIENCE_MS)


def what_the_sites_model_says_is_accepted_and_rejected(specialist: Person) -> None:
    chip = specialist.page.locator(".mark-model > button")
    expect(chip).to_contain_text("Mean grey 1.0", timeout=PATIENCE_MS)
    chip.click()
    panel = specialist.page.locator(".model-notes")
    panel.get_by_role("button", name="Accept").click()
    expect(panel).to_contain_text("Accepted by", timeout=PATIENCE_MS)
    panel.get_by_role("button", name="Decide again").click()
    panel.get_by_role("button", name="Reject").click()
    expect(panel).to_contain_text("Rejected by", timeout=PATIENCE_MS)
    specialist.photograph(SHOTS, "model")


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
