"""One consult room for all tests of this folder's module: a doctor on a tablet, a specialist on a laptop."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser

from app.demo import WAITING
from tests.browser.people import SIZES, Person
from tests.browser.service import Service

# Keeps every connection of the page, for tests that starve one.
CONNECTIONS = """(() => {
    const Own = window.RTCPeerConnection;
    window.connections = [];
    window.RTCPeerConnection = class extends Own {
        constructor(...all) { super(...all); window.connections.push(this); }
    };
})()"""


@dataclass
class Together:
    """Both doctors in one room of the demo's waiting consult."""

    doctor: Person
    specialist: Person
    consult: str

    @property
    def both(self) -> tuple[Person, Person]:
        return self.doctor, self.specialist

    def call(self) -> None:
        """Both in the call; the specialist sees the doctor's picture move.

        The specialist's camera is off: both pages have one browser and one camera, and a camera that another page has
        open keeps that page's size.
        """
        for person in self.both:
            if person.page.evaluate("() => window.nidaan.call.state.kind") != "in":
                person.join_call()
        off = self.specialist.page.get_by_role("button", name="Camera off")
        if off.is_visible():
            off.click()
        self.specialist.wait_for_video_of(1)


@pytest.fixture(scope="module")
def together(chromium: Browser, service: Service) -> Iterator[Together]:
    doctor = Person.arrive(chromium, "doctor", service.address, SIZES["tablet"], touch=True)
    specialist = Person.arrive(chromium, "specialist", service.address, SIZES["laptop"])
    for person in (doctor, specialist):
        person.context.add_init_script(CONNECTIONS)
    specialist.sign_in("radiologist@demo.example")
    row = specialist.page.locator(".work-row", has_text=WAITING.request["question"])
    row.get_by_role("button", name="Take").click()
    specialist.page.wait_for_url(re.compile(r"/consults/[0-9a-f]{32}"))
    consult = specialist.page.url.rsplit("/", 1)[-1]
    specialist.enter_room()
    doctor.sign_in("doctor.a@demo.example")
    doctor.page.goto(f"/consults/{consult}/room")
    doctor.wait_for_room()
    yield Together(doctor, specialist, consult)
    problems = {person.name: person.problems for person in (doctor, specialist)}
    doctor.leave()
    specialist.leave()
    assert not any(problems.values()), problems
