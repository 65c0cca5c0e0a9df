"""A picture shows at the specialist before its file is sent, says so, and its original replaces it where it lies."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import data_store
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Request, Route, expect

from app.demo import WAITING
from tests.browser.people import PATIENCE_MS, Person
from tests.browser.service import Service
from tests.imaging.files import relabelled

SHOTS = Path("build/preview")
SAMPLES = Path(data_store.__file__).parent / "data"
CHEST = SAMPLES / "RG1_UNCR.dcm"
CLIP = SAMPLES / "color3d_jpeg_baseline.dcm"
FILE = re.compile(r"/imaging/uploads/[0-9a-f]{32}$")
MARK = "Preview from the tablet"
NOBODY = dict.fromkeys(("PatientName", "PatientBirthDate", "PatientSex", "PatientAge", "PatientID"), "")

# Where two points of the picture lie on the page, and everything else that says how it is seen.
SIGHT = """() => {
    const { toPage, instance, frame, zoom, center, rotation, flip, size } = window.nidaan.stage.debug();
    return { instance, frame, zoom, center, rotation, flip, size, corner: toPage(0, 0), inside: toPage(700, 900) };
}"""


@dataclass
class Link:
    """The tablet's way to the server, which can keep every piece of every file back."""

    held: list[Route] = field(default_factory=list)
    open: bool = False

    def carry(self, route: Route, request: Request) -> None:
        if request.method == "PATCH" and not self.open:
            self.held.append(route)
        else:
            route.continue_()

    def let_go(self) -> None:
        self.open = True
        for route in self.held:
            route.continue_()


@pytest.fixture
def link() -> Link:
    return Link()


@pytest.fixture
def doctor(chromium: Browser, service: Service, link: Link) -> Iterator[Person]:
    person = Person.arrive(chromium, "doctor", service.address, (800, 1280), touch=True)
    person.context.route(FILE, link.carry)
    yield person
    person.leave()


@pytest.fixture
def specialist(chromium: Browser, service: Service) -> Iterator[Person]:
    person = Person.arrive(chromium, "specialist", service.address, (1280, 800))
    yield person
    person.leave()


def come_together(doctor: Person, specialist: Person) -> None:
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


def add(doctor: Person, file: Path) -> str:
    """Send a file from the room; the id under which its preview shows there."""
    doctor.page.wait_for_selector(".room-thumb[data-instance]")  # the case's list is here
    before = set(shown(doctor))
    doctor.page.locator("#add-pictures").click()
    doctor.page.locator(".add-sheet input[multiple]").set_input_files(file)
    doctor.page.locator(".add-sheet header button").click()
    doctor.page.wait_for_function(
        "(before) => [...document.querySelectorAll('.room-thumb[data-instance]')].some("
        "(one) => !before.includes(one.dataset.instance))",
        arg=sorted(before),
    )
    [new] = set(shown(doctor)) - before
    return new


def shown(person: Person) -> list[str]:
    found: list[str] = person.page.locator(".room-thumb[data-instance]").evaluate_all(
        "(all) => all.map((one) => one.dataset.instance)"
    )
    return found


def put_on_stage(person: Person, instance: str) -> None:
    person.page.locator(f".room-thumb[data-instance='{instance}']").click()
    person.wait_for_stage("stage.instance === wanted && stage.frame === 1", instance)


def badge(person: Person) -> str:
    return person.page.locator(".mark-badge[data-level]").inner_text()


def sight(person: Person) -> dict[str, Any]:
    found: dict[str, Any] = person.page.evaluate(SIGHT)
    return found


def look_closer(person: Person) -> None:
    """Zoom in with the wheel over one spot, then drag the picture."""
    person.page.get_by_role("button", name="Move", exact=True).first.click()
    box = person.page.locator("#stage .viewport").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    person.page.mouse.move(x + 40, y - 30)
    person.page.mouse.wheel(0, -400)
    person.page.mouse.down()
    person.page.mouse.move(x, y + 20, steps=3)
    person.page.mouse.up()


@pytest.mark.timeout(600)
def test_a_preview_shows_first_and_the_original_replaces_it_where_it_lies(
    doctor: Person, specialist: Person, link: Link, tmp_path: Path
) -> None:
    come_together(doctor, specialist)
    an_x_ray_is_seen_drawn_on_and_replaced(doctor, specialist, link, tmp_path)
    link.held, link.open = [], False
    a_clip_stays_on_its_frame(doctor, specialist, link, tmp_path)
    link.held, link.open = [], False
    an_original_that_never_comes_is_said(doctor, specialist, tmp_path)
    for person in (doctor, specialist):
        assert person.problems == [], f"{person.name}: {person.problems}"


def an_x_ray_is_seen_drawn_on_and_replaced(doctor: Person, specialist: Person, link: Link, folder: Path) -> None:
    file = relabelled(CHEST, folder / "chest.dcm", SOPInstanceUID="1.2.826.0.1.999.7", **NOBODY)
    instance = add(doctor, file)
    specialist.page.wait_for_selector(f".room-thumb[data-instance='{instance}']")
    assert not link.open
    put_on_stage(specialist, instance)
    specialist.wait_for_stage("stage.quality === 'tablet'")
    assert MARK in badge(specialist)
    look_closer(specialist)
    specialist.draw("Arrow", (900, 1000), (1000, 1100))
    specialist.page.keyboard.press("Escape")
    doctor.wait_for_stage("stage.instance === wanted && stage.annotations.length === 1", instance)
    specialist.photograph(SHOTS, "1-preview-specialist")
    doctor.photograph(SHOTS, "1-preview-doctor")
    before, grey, drawn = sight(specialist), grid(specialist), specialist.stage()["annotations"]

    link.let_go()
    specialist.page.wait_for_function(
        "() => ['preview', 'full', 'lossless'].includes(window.nidaan.stage.debug().quality)"
    )
    specialist.page.wait_for_selector(f".room-thumb[data-instance='{instance}'] progress", state="detached")
    assert sight(specialist) == before
    assert specialist.stage()["annotations"] == drawn
    assert MARK not in badge(specialist)
    assert np.abs(np.array(grid(specialist)) - np.array(grey)).max() < 6
    specialist.photograph(SHOTS, "2-original-specialist")


def grid(person: Person) -> list[float]:
    found: list[float] = person.page.evaluate("() => window.nidaan.stage.debug().pixelGrid()")
    return found


def a_clip_stays_on_its_frame(doctor: Person, specialist: Person, link: Link, folder: Path) -> None:
    file = relabelled(CLIP, folder / "clip.dcm", SOPInstanceUID="1.2.826.0.1.999.8", **NOBODY)
    instance = add(doctor, file)
    specialist.page.wait_for_selector(f".room-thumb[data-instance='{instance}']")
    specialist.page.evaluate("(id) => window.nidaan.stage.show(id)", instance)
    specialist.wait_for_stage("stage.instance === wanted && stage.quality === 'tablet'", instance)
    specialist.page.evaluate("(id) => window.nidaan.stage.show(id, 31)", instance)
    specialist.wait_for_stage("stage.frame === 31 && stage.quality === 'tablet'")
    assert MARK in badge(specialist)
    before, grey = sight(specialist), grid(specialist)
    specialist.photograph(SHOTS, "3-clip-preview-specialist")
    link.let_go()
    specialist.wait_for_stage("stage.quality === 'clip'")
    assert sight(specialist) == before
    assert np.abs(np.array(grid(specialist)) - np.array(grey)).max() < 12


def an_original_that_never_comes_is_said(doctor: Person, specialist: Person, folder: Path) -> None:
    photo = folder / "wound.jpg"
    pixels = np.random.default_rng(5).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    target = io.BytesIO()
    Image.fromarray(pixels).resize((3000, 2000)).save(target, "JPEG", quality=95)
    photo.write_bytes(target.getvalue())
    instance = add(doctor, photo)
    put_on_stage(specialist, instance)
    doctor.page.locator("#add-pictures").click()
    doctor.page.get_by_role("button", name=re.compile("Cancel.*wound.jpg")).first.click()
    expect(specialist.page.locator(f".room-thumb.refused[data-instance='{instance}']")).to_be_visible(
        timeout=PATIENCE_MS
    )
    specialist.page.wait_for_function(
        "() => document.querySelector('.mark-badge[data-level]').textContent.endsWith('its file never came')"
    )
    assert MARK in badge(specialist)
    specialist.page.get_by_role("button", name="1 note on this picture").click()
    specialist.sees("Only the tablet's preview is here: sending its file was stopped.")
    specialist.photograph(SHOTS, "4-never-came-specialist")
