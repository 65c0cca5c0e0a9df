"""The whole job in three browsers: from the tablet's request to the signed outcome and the manager's log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import data_store
import pytest
from playwright.sync_api import Browser, Page, expect
from pydicom.uid import generate_uid
from pypdf import PdfReader

from tests.browser.people import PATIENCE_MS, Person
from tests.browser.service import Service
from tests.imaging.files import relabelled

SHOTS = Path("build/journey")
SAMPLES = Path(data_store.__file__).parent / "data"
CHEST = SAMPLES / "RG1_UNCR.dcm"
CLIP = SAMPLES / "color3d_jpeg_baseline.dcm"
PATIENT = "Journey Patient"
AGE = 54
QUESTION = "Is this effusion or collapse?"


@pytest.fixture
def doctor(chromium: Browser, service: Service) -> Iterator[Person]:
    person = Person.arrive(chromium, "doctor", service.address, (800, 1280), touch=True)
    yield person
    person.leave()


@pytest.fixture
def specialist(chromium: Browser, service: Service) -> Iterator[Person]:
    person = Person.arrive(chromium, "specialist", service.address, (1440, 900))
    yield person
    person.leave()


@pytest.fixture
def patient(chromium: Browser, service: Service) -> Iterator[Person]:
    person = Person.arrive(chromium, "patient", service.address, (390, 844), touch=True)
    yield person
    person.leave()


@pytest.mark.timeout(1200)
def test_one_consult_from_request_to_signed_outcome(
    chromium: Browser, service: Service, doctor: Person, specialist: Person, patient: Person, tmp_path: Path
) -> None:
    specialist.sign_in("radiologist@demo.example")
    specialist.page.wait_for_url("**/worklist")
    consult = request_a_consult(doctor, [named_for_the_patient(sample, tmp_path) for sample in (CHEST, CLIP)])
    take_it_without_reload(specialist)
    link = invite_the_patient(doctor, consult)

    doctor.enter_room()
    specialist.page.goto(f"/consults/{consult}")
    specialist.enter_room()
    come_by_link(patient, link)
    talk(doctor, specialist, patient)
    look_and_draw_together(doctor, specialist, patient)
    survive_a_killed_server(service, doctor, specialist)
    sign_the_opinion(specialist)
    sign_the_outcome(doctor, consult)
    read_the_pdf(doctor, consult)
    read_the_log(chromium, service, consult)
    look_at_the_other_pages(chromium, service, doctor)
    for person in (doctor, specialist, patient):
        assert person.problems == [], f"{person.name}: {person.problems}"


def named_for_the_patient(sample: Path, folder: Path) -> Path:
    """A public sample as the patient's own machine would have written it: in the name of this patient."""
    name = "^".join(reversed(PATIENT.split()))
    # A picture of its own: the demo has the sample as it is, and two files of one identity are a conflict.
    own = {"SOPInstanceUID": generate_uid(), "StudyInstanceUID": generate_uid()}
    return relabelled(sample, folder / sample.name, PatientName=name, PatientBirthDate="", **own)


def request_a_consult(doctor: Person, files: list[Path]) -> str:
    """Register, write, send real files, record consent, ask. Returns the consult's id."""
    page = doctor.page
    doctor.sign_in("doctor.a@demo.example")
    doctor.photograph(SHOTS, "01-today")
    page.get_by_role("link", name="New consult").first.click()
    page.get_by_label("Name", exact=True).fill(PATIENT)
    page.get_by_label("Age in years").fill(str(AGE))
    page.get_by_role("textbox", name="Phone").fill("+91 90000 12345")
    choose(page, "sex", "female")
    doctor.photograph(SHOTS, "02-new-consult")
    page.get_by_role("button", name="Register and go on").click()
    page.wait_for_url("**/prepare")
    consult = page.url.split("/")[-2]

    page.get_by_label("What is wrong, since when?").fill("Cough for three weeks, short of breath since yesterday")
    page.locator("#pictures input[multiple]").first.set_input_files(files)
    choose(page, "given_by", "patient")
    page.get_by_role("button", name="They agree: record it").click()
    doctor.sees("The patient agreed")
    page.get_by_label("Specialty").select_option("radiology")
    choose(page, "urgency", "urgent")
    page.get_by_label("What do you want to know?").fill(QUESTION)
    doctor.photograph(SHOTS, "03-prepare")
    page.get_by_role("button", name="Request a specialist").click()
    page.wait_for_url(f"**/consults/{consult}")
    return consult


def choose(page: Page, name: str, value: str) -> None:
    """One of a few answers, by its label as a finger would."""
    page.locator("label", has=page.locator(f"input[name={name}][value={value}]")).click()


def take_it_without_reload(specialist: Person) -> None:
    """The request appears on the open worklist by itself."""
    row = specialist.page.locator(".work-row", has_text=QUESTION)
    expect(row).to_be_visible(timeout=PATIENCE_MS)
    specialist.photograph(SHOTS, "04-worklist")
    row.get_by_role("button", name="Take").click()
    specialist.page.wait_for_url(re.compile(r"/consults/[0-9a-f]{32}"))
    specialist.photograph(SHOTS, "05-consult")


def invite_the_patient(doctor: Person, consult: str) -> str:
    """A link for the patient, made on the consult's page."""
    page = doctor.page
    page.goto(f"/consults/{consult}")
    expect(page.get_by_text("Ready").first).to_be_visible(timeout=120_000)
    page.get_by_role("button", name=re.compile("Make a link|Invite")).first.click()
    link = page.locator("input.copyable").first.input_value()
    doctor.photograph(SHOTS, "06-invitation")
    return link


def come_by_link(patient: Person, link: str) -> None:
    """Wrong year first, then the right one."""
    page = patient.page
    page.goto(link)
    page.get_by_label(re.compile("year", re.I)).fill("1990")
    page.get_by_role("button", name="Join the doctors").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    patient.photograph(SHOTS, "07-join")
    page.get_by_label(re.compile("year", re.I)).fill(str(datetime.now(UTC).year - AGE))
    page.get_by_role("button", name="Join the doctors").click()
    patient.wait_for_room()


def talk(doctor: Person, specialist: Person, patient: Person) -> None:
    """All three hear and see each other."""
    everyone = (doctor, specialist, patient)
    for person in everyone:
        person.join_call()
    for person in everyone:
        person.wait_for_video_of(2)
        person.wait_for_voices_of(2)
    doctor.photograph(SHOTS, "08-call")


def look_and_draw_together(doctor: Person, specialist: Person, patient: Person) -> None:
    """The X-ray, then the clip: same frame, same window, strokes both ways."""
    show(doctor, "CR")
    shown = doctor.stage()["instance"]
    for person in (specialist, patient):
        person.wait_for_stage("stage.instance === wanted", shown)
    for person in (doctor, specialist):
        make_lossless(person)
    assert doctor.pixel_hash() == specialist.pixel_hash()

    picture = doctor.page.locator("#stage .viewport")
    picture.press("i")
    specialist.wait_for_stage("stage.invert === true")
    picture.press("i")
    specialist.wait_for_stage("stage.invert === false")
    change_window(doctor)
    window = doctor.stage()["window"]
    specialist.wait_for_stage(
        "Math.abs(stage.window.center - wanted.center) < 1 && Math.abs(stage.window.width - wanted.width) < 1", window
    )

    doctor.draw("Arrow", (600, 700), (900, 900))
    doctor.page.keyboard.type("effusion?")
    doctor.page.keyboard.press("Enter")
    specialist.wait_for_stage("stage.annotations.some((one) => one.kind === 'arrow' && one.text === 'effusion?')")
    specialist.draw("Measure", (700, 1000), (1200, 1000))
    doctor.wait_for_stage("stage.annotations.some((one) => one.kind === 'length')")
    same_strokes(doctor, specialist)
    specialist.page.get_by_role("button", name="Use in report").first.click()
    doctor.wait_for_stage("stage.keyImages.length === 1")
    for person in (doctor, specialist, patient):
        person.photograph(SHOTS, f"09-room-xray-{person.name}")

    show(doctor, "US")
    clip = doctor.stage()["instance"]
    specialist.wait_for_stage("stage.instance === wanted", clip)
    scrub_forty_times(doctor, specialist)
    doctor.draw("Draw", (200, 200), (300, 260))
    specialist.wait_for_stage("stage.annotations.some((one) => one.kind === 'line')")
    for person in (doctor, specialist):
        person.photograph(SHOTS, f"10-room-clip-{person.name}")


def show(person: Person, modality: str) -> None:
    """Put the strip's picture of a modality on the stage and wait until it is drawn."""
    thumb = person.page.locator("#strip .room-thumb[data-instance]", has_text=modality).first
    thumb.click()
    chosen = thumb.get_attribute("data-instance")
    person.wait_for_stage("stage.instance === wanted && stage.draws > 0 && stage.notice === ''", chosen)


def make_lossless(person: Person) -> None:
    """Ask for every pixel by the quality badge, and wait for it."""
    if person.stage()["quality"] != "lossless":
        person.page.locator(".mark-badge").first.click()
    person.wait_for_stage("stage.quality === 'lossless' && stage.lossless >= 1")


def change_window(person: Person) -> None:
    """Drag with the window tool over the picture."""
    person.choose_tool("Window")
    x, y = person.point_of(900, 900)
    person.page.mouse.move(x, y)
    person.page.mouse.down()
    person.page.mouse.move(x + 60, y - 40, steps=6)
    person.page.mouse.up()


def same_strokes(one: Person, other: Person) -> None:
    """Both sides hold the same drawings at the same image coordinates."""

    def strokes(person: Person) -> dict[str, list[float]]:
        return {drawn["id"]: drawn["points"] for drawn in person.stage()["annotations"]}

    assert strokes(one) == strokes(other)


def scrub_forty_times(doctor: Person, specialist: Person) -> None:
    """40 jumps through a shared clip end on the same frame, with the same pixels, on both sides."""
    slider = doctor.page.get_by_role("slider", name="Frame")
    frames = [1 + (37 * step) % 120 for step in range(40)]
    for number, frame in enumerate(frames):
        slider.fill(str(frame))
        for person in (doctor, specialist):
            person.wait_for_stage("stage.frame === wanted", frame)
        if number % 10 == 0:
            assert doctor.pixel_hash() == specialist.pixel_hash(), f"frame {frame}"


def survive_a_killed_server(service: Service, doctor: Person, specialist: Person) -> None:
    """SIGKILL the web process: both come back by themselves with every stroke and the draft."""
    open_record(specialist)
    specialist.page.get_by_label("Findings").fill("Blunted left costophrenic angle.")
    specialist.sees("Saved")
    before = {drawn["id"] for drawn in doctor.stage()["annotations"]}
    assert service.kill("web")
    for person in (doctor, specialist):
        person.wait_for_stage("stage.synced === false")
    doctor.draw("Draw", (320, 200), (380, 260))  # while the server is gone
    for person in (doctor, specialist):
        person.wait_for_stage(
            "stage.synced && stage.unsent === 0 && stage.annotations.length === wanted", len(before) + 1
        )
    assert before <= {drawn["id"] for drawn in specialist.stage()["annotations"]}
    same_strokes(doctor, specialist)
    specialist.page.reload()
    specialist.wait_for_room()
    open_record(specialist)
    expect(specialist.page.get_by_label("Findings")).to_have_value("Blunted left costophrenic angle.")
    specialist.join_call()
    specialist.wait_for_video_of(1)


def open_record(person: Person) -> None:
    """The record's band is a sheet on narrow screens."""
    toggle = person.page.get_by_role("button", name="Record", exact=True)
    if toggle.is_visible():
        toggle.click()


def sign_the_opinion(specialist: Person) -> None:
    page = specialist.page
    page.get_by_label("Impression").fill("Small left pleural effusion. No collapse.")
    page.get_by_label("Recommendations").fill("Repeat the X-ray in two weeks; tap if it grows.")
    page.locator("#record").get_by_text("Urgent", exact=True).first.click()
    specialist.sees("Saved")
    specialist.photograph(SHOTS, "11-opinion")
    page.get_by_role("button", name="Sign the opinion").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Sign the opinion").click()
    specialist.sees("Signed by Demo Radiologist")


def sign_the_outcome(doctor: Person, consult: str) -> None:
    page = doctor.page
    open_record(doctor)
    page.get_by_text("I accept it", exact=True).click()
    page.get_by_label("Diagnosis").fill("Left pleural effusion")
    page.get_by_label("Plan").fill("Antibiotics, review in two weeks")
    doctor.sees("Saved")
    doctor.photograph(SHOTS, "12-outcome")
    page.get_by_role("button", name="Sign and close").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Sign and close").click()
    doctor.sees("This consult has ended")
    page.goto(f"/consults/{consult}/record")
    doctor.sees("Demo Radiologist")
    doctor.photograph(SHOTS, "13-record")


def read_the_pdf(doctor: Person, consult: str) -> None:
    """The PDF names both doctors and holds the key image."""
    doctor.page.goto(f"/consults/{consult}")
    expect(doctor.page.get_by_role("link", name="Open as PDF").first).to_be_visible(timeout=PATIENCE_MS)
    doctor.photograph(SHOTS, "14-concluded")
    answer = doctor.context.request.get(f"/consults/{consult}/record.pdf")
    reader = PdfReader(BytesIO(answer.body()))
    text = " ".join(page.extract_text() for page in reader.pages)
    for words in ("Demo Doctor, Site A", "DEMO-1001", "Demo Radiologist", "DEMO-2001", "Small left pleural effusion"):
        assert words in " ".join(text.split()), words
    pictures = [image for page in reader.pages for image in page.images]
    assert any(image.image is not None and min(image.image.size) > 300 for image in pictures)
    (SHOTS / "record.pdf").write_bytes(answer.body())


def read_the_log(chromium: Browser, service: Service, consult: str) -> None:
    manager = Person.arrive(chromium, "manager", service.address, (1280, 800))
    manager.sign_in("manager@demo.example")
    manager.page.goto("/log")
    manager.sees("Opinion and outcome")
    assert PATIENT not in manager.page.content()
    manager.photograph(SHOTS, "15-log")
    export = manager.context.request.get("/log.csv")
    assert export.ok
    assert "radiology" in export.text().lower()
    assert PATIENT not in export.text()
    manager.context.close()


def look_at_the_other_pages(chromium: Browser, service: Service, doctor: Person) -> None:
    """What the job itself does not pass through, photographed like the rest."""
    visitor = Person.arrive(chromium, "visitor", service.address, (390, 844))
    visitor.page.goto("/sign-in")
    visitor.photograph(SHOTS, "16-sign-in")
    visitor.page.goto("/join/not-a-link")
    visitor.photograph(SHOTS, "17-no-such-link")
    visitor.leave()
    doctor.page.goto("/patients?q=Journey")
    doctor.photograph(SHOTS, "18-patients")
    doctor.page.locator("#main a[href^='/patients/']", has_text=PATIENT).first.click()
    doctor.page.wait_for_url(re.compile(r"/patients/[0-9a-f]{32}"))
    doctor.photograph(SHOTS, "19-patient")
    doctor.page.locator("#main a[href^='/cases/']").first.click()
    doctor.page.wait_for_url(re.compile(r"/cases/[0-9a-f]{32}"))
    doctor.photograph(SHOTS, "20-case")
    doctor.page.goto("/account")
    doctor.photograph(SHOTS, "21-account")
    administrator = Person.arrive(chromium, "administrator", service.address, (1280, 800))
    administrator.sign_in("admin@demo.example")
    for number, name in enumerate(("people", "people/new", "sites", "sites/new", "audit"), start=22):
        administrator.page.goto(f"/{name}")
        administrator.photograph(SHOTS, f"{number}-{name.replace('/', '-')}")
    assert administrator.problems == []
    administrator.leave()
