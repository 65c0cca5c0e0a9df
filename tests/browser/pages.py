"""Every page of the product, one after another, with a consult of the demo program in session: for tests that look at
all of them. Finds its way by addresses and ids, never by words, so that it walks in every language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page

from app.demo import WAITING
from app.demo_accounts import PASSWORD
from tests.browser.people import SIZES, Person

AXE = Path(__file__).resolve().parents[2] / "static" / "node_modules" / "axe-core" / "axe.min.js"
SETTLED = """() => document.readyState === 'complete'
    && ![...document.querySelectorAll('#pictures')].some((list) => list.childElementCount === 0)"""
IDS = re.compile(r"/[0-9a-f]{32}")


@dataclass
class Tour:
    """Walks every page; `stops` yields a name and the page that shows it, ready to be looked at."""

    browser: Browser
    address: str
    people: dict[str, Person] = field(default_factory=dict)
    consult: str = ""

    def stops(self) -> Iterator[tuple[str, Page]]:
        """Each page in turn. The order matters: what is done at one stop is seen at the next."""
        yield from self._plain("nobody", "/sign-in", "/left", "/join/cut-short")
        yield from self._refused_sign_in()
        yield from self._plain("manager@demo.example", "/log")
        yield from self._administration()
        doctor = "doctor.a@demo.example"
        yield from self._plain(doctor, "/today", "/patients", "/patients/new", "/consults/new", "/nowhere")
        yield from self._plain(doctor, "/inbox", "/inbox/discarded")
        yield from self._before_the_talk()
        yield from self._in_session()

    def close(self) -> None:
        for person in self.people.values():
            person.context.close()

    def problems(self) -> list[str]:
        """What the browsers' consoles complained of."""
        return [f"{name}: {words}" for name, person in self.people.items() for words in person.problems]

    def person(self, email: str) -> Person:
        """Somebody in a browser of their own, signed in unless they are nobody."""
        if email not in self.people:
            self.people[email] = made = Person.arrive(self.browser, email, self.address, SIZES["tablet"])
            if "@" in email:
                made.page.goto("/sign-in")
                made.page.locator("#email").fill(email)
                made.page.locator("#password").fill(PASSWORD)
                made.page.locator("[data-submits]").click()
                made.page.wait_for_url(lambda url: "/sign-in" not in url)
        return self.people[email]

    def _at(self, email: str, path: str, name: str = "") -> tuple[str, Page]:
        page = self.person(email).page
        page.goto(path)
        page.wait_for_function(SETTLED)
        return f"{name or IDS.sub('/…', path)} ({email.split('@')[0]})", page

    def _plain(self, email: str, *paths: str) -> Iterator[tuple[str, Page]]:
        for path in paths:
            yield self._at(email, path)

    def _first(self, page: Page, pattern: str, text: str = "") -> str:
        """The first address on the page that fits, of the link or row that says `text`."""
        return str(
            page.evaluate(
                """([pattern, text]) => [...document.querySelectorAll('a[href]')]
                    .filter((link) => (link.closest('li, tr, article, .card') ?? link).textContent.includes(text))
                    .map((link) => new URL(link.href).pathname).find((path) => new RegExp(pattern).test(path))""",
                [pattern, text],
            )
        )

    def _send(self, email: str, path: str, form: dict[str, str]) -> str:
        """Send a form as the page's own button would; gives back where that leads."""
        person = self.person(email)
        token = person.page.locator("meta[name=csrf-token]").get_attribute("content") or ""
        answer = person.context.request.post(
            path, form={"csrf_token": token, **form}, headers={"Referer": self.address, "Origin": self.address}
        )
        assert answer.ok, f"{path}: {answer.status}"
        return answer.url

    def _refused_sign_in(self) -> Iterator[tuple[str, Page]]:
        _, page = self._at("nobody", "/sign-in")
        page.locator("#email").fill("nobody@demo.example")
        page.locator("#password").fill("mistyped")
        page.locator("[data-submits]").click()
        page.locator("[role=alert]").first.wait_for()
        yield "sign-in refused", page

    def _administration(self) -> Iterator[tuple[str, Page]]:
        admin = "admin@demo.example"
        yield self._at(admin, "/people")
        person = self._first(self.person(admin).page, "^/people/[0-9a-f]{32}$", "Demo Radiologist")
        yield self._at(admin, "/sites")
        site = self._first(self.person(admin).page, "^/sites/[0-9a-f]{32}$")
        yield from self._plain(admin, "/people/new", person, "/sites/new", site, "/devices", "/devices/new", "/audit")

    def _before_the_talk(self) -> Iterator[tuple[str, Page]]:
        doctor, specialist = "doctor.a@demo.example", "radiologist@demo.example"
        _, page = self._at(doctor, "/patients")
        asha = self._first(page, "^/patients/[0-9a-f]{32}$", "Demo Patient Asha")
        ravi = self._first(page, "^/patients/[0-9a-f]{32}$", "Demo Patient Ravi")
        yield self._at(doctor, asha)
        case = self._first(page, "^/cases/[0-9a-f]{32}$")
        yield self._at(doctor, case)
        self.consult = self._first(page, "^/consults/[0-9a-f]{32}$")
        yield self._at(doctor, self.consult, "consult, waiting")
        self._at(doctor, self._first(self._at(doctor, ravi)[1], "^/cases/[0-9a-f]{32}$"))
        ended = self._first(page, "^/consults/[0-9a-f]{32}$")
        yield self._at(doctor, ended, "consult, concluded")
        yield self._at(doctor, f"{ended}/record")
        yield self._at(specialist, "/worklist", "worklist, one waiting")
        yield self._at(specialist, self.consult, "consult, to be taken")
        draft = self._send(doctor, "/consults/new", {"patient_id": ravi.rsplit("/", 1)[1]})
        yield self._at(doctor, draft.removeprefix(self.address))
        self._send(specialist, f"{self.consult}/accept", {})
        yield self._at(specialist, "/worklist", "worklist, taken")
        self._send(doctor, f"{self.consult}/invitations", {"role": "patient", "display_name": "Demo Patient Asha"})

    def _in_session(self) -> Iterator[tuple[str, Page]]:
        doctor, specialist = self.person("doctor.a@demo.example"), self.person("radiologist@demo.example")
        guest = self.person("guest")
        _, page = self._at(doctor.name, self.consult, "consult, accepted")
        link = page.locator("input.copyable").first.input_value()
        yield self._at("guest", link, "join")
        guest.page.locator("#birth_year").fill("1900")
        guest.page.locator("main form button").first.click()
        guest.page.locator("[role=alert]").first.wait_for()
        yield "join, wrong year", guest.page
        yield self._at(doctor.name, f"{self.consult}/room", "room, alone")
        self._at(specialist.name, f"{self.consult}/room")
        guest.page.locator("#birth_year").fill(str(WAITING.patient.birth_year))
        guest.page.locator("main form button").first.click()
        inside = (doctor, specialist, guest)
        for person in inside:
            person.wait_for_room()
            yield f"room, stage empty ({person.name})", person.page
        for person in inside:
            person.page.locator(".call-join").click()
            person.page.wait_for_function("() => window.nidaan.call.state.kind === 'in'")
        self._show(doctor, "CR")
        for person in inside:
            person.wait_for_stage("stage.instance !== null && stage.draws > 0 && stage.notice === ''")
            person.page.wait_for_function("() => document.querySelectorAll('#people video').length > 0")
            yield f"room, X-ray ({person.name})", person.page
        for person in inside:
            person.page.locator(".call-leave").click()
        yield from self._tools(doctor)
        self._show(doctor, "US")
        yield "room, clip (doctor.a)", doctor.page
        yield self._at(doctor.name, "/today", "today, in session")
        yield self._at(doctor.name, self.consult, "consult, in session")
        yield self._at(specialist.name, self.consult, "consult, in session")
        yield self._at(specialist.name, "/worklist", "worklist, in session")
        yield self._at("manager@demo.example", "/log", "log, in session")
        yield self._at("admin@demo.example", "/audit?check=1", "audit, checked")

    def _show(self, person: Person, modality: str) -> None:
        thumb = person.page.locator("#strip .room-thumb[data-instance]", has_text=modality).first
        thumb.click()
        chosen = thumb.get_attribute("data-instance")
        person.wait_for_stage("stage.instance === wanted && stage.draws > 0 && stage.notice === ''", chosen)

    def _tools(self, person: Person) -> Iterator[tuple[str, Page]]:
        """Each group of the stage's tools, opened."""
        groups = person.page.locator("#stage .stage-group > button")
        groups.first.wait_for()
        for number in range(groups.count()):
            button = groups.nth(number)
            if button.get_attribute("aria-pressed") != "true":
                button.click()
            if button.get_attribute("aria-expanded") != "true":
                button.click()
            yield f"room, tools {number + 1} open", person.page
