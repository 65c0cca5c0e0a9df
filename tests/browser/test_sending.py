"""Files on their way from a tablet: nothing is lost by a reload, a closed browser, a dead link or a killed server."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, StorageState, expect
from playwright.sync_api import Error as PlaywrightError

from app.demo_accounts import PASSWORD
from tests.browser.conftest import CHROMIUM_ARGUMENTS, chromium_path
from tests.browser.people import PATIENCE_MS, SIZES
from tests.browser.service import Service
from tests.imaging import files

DOCTOR = "doctor.a@demo.example"
UPLOAD = re.compile(r"/imaging/uploads(/[0-9a-f]{32})?$")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files on the tablet."""
    return tmp_path_factory.mktemp("tablet")


def radiograph(folder: Path, name: str, seed: int, side: int = 900) -> Path:
    """Noise of 12 bits: nothing that a compressor could make small."""
    pixels = np.random.default_rng(seed).integers(0, 4096, (side, side), dtype=np.uint16)
    uid = f"1.2.3.4.{seed}"
    data = files.dicom(pixels, BitsStored=12, HighBit=11, SOPInstanceUID=uid, WindowCenter=2048, WindowWidth=4096)
    return files.save(data, folder / name)


@dataclass
class Tablet:
    """A browser whose link to the server can be cut after so many pieces of files."""

    context: BrowserContext
    page: Page
    opened: list[str] = field(default_factory=list)
    pieces: int = 0
    allowed: int = 10_000

    @classmethod
    def with_page(cls, context: BrowserContext) -> Tablet:
        context.set_default_timeout(PATIENCE_MS)
        tablet = cls(context, context.new_page())
        context.route(UPLOAD, tablet._carry)
        return tablet

    def _carry(self, route: Route, request: Request) -> None:
        if request.method == "POST":
            self.opened.append(request.url)
        if request.method == "PATCH":
            if self.pieces >= self.allowed:
                route.abort("connectionfailed")
                return
            self.pieces += 1
        route.continue_()

    def sign_in(self, address: str, email: str = DOCTOR) -> None:
        self.page.goto(f"{address}/sign-in")
        self.page.locator("#email").fill(email)
        self.page.locator("#password").fill(PASSWORD)
        self.page.locator("[data-submits]").click()
        self.page.wait_for_url(lambda url: "/sign-in" not in url)

    def open_case(self, address: str) -> str:
        """The page of a case with a new consult; its address."""
        self.page.goto(f"{address}/patients")
        href = self.page.locator("a[href^='/patients/']", has_text="Demo Patient Ravi").first.get_attribute("href")
        token = self.page.locator("meta[name=csrf-token]").get_attribute("content") or ""
        form: dict[str, str | float | bool] = {"csrf_token": token, "patient_id": str(href).rsplit("/", 1)[1]}
        answer = self.context.request.post(f"{address}/consults/new", form=form, headers={"Referer": address})
        assert answer.ok
        self.page.goto(answer.url)
        case = self.page.locator("#prepare").get_attribute("data-case")
        self.page.goto(f"{address}/cases/{case}")
        return self.page.url

    def choose(self, *paths: Path) -> None:
        self.page.locator("#pictures input[multiple]").first.set_input_files(list(paths))

    def row(self, name: str) -> str:
        return self.page.locator(".picture", has_text=name).first.locator(".picture-words").inner_text()

    def sees(self, words: str) -> None:
        expect(self.page.get_by_text(words).first).to_be_visible(timeout=PATIENCE_MS)

    def stored(self, address: str) -> list[str]:
        """The SHA-256 of every file that the case on the page holds."""
        case = self.page.locator("#pictures").get_attribute("data-case")
        try:
            listing = self.context.request.get(f"{address}/imaging/cases/{case}").json()
        except PlaywrightError:
            return []  # the server is being started again
        return [one["sha256"] for study in listing["studies"] for one in study["instances"]]

    def wait_until_stored(self, address: str, path: Path) -> None:
        wanted = hashlib.sha256(path.read_bytes()).hexdigest()
        self.wait_for(lambda: wanted in self.stored(address))

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Until it holds; fails with what the list of pictures says by then."""
        for _look in range(200):
            if condition():
                return
            self.page.wait_for_timeout(300)
        raise AssertionError(self.page.locator("#pictures").inner_text())


@pytest.fixture(scope="module")
def session(chromium: Browser, service: Service) -> StorageState:
    """What the treating doctor's browser holds once they have signed in: every test's own browser begins with it."""
    context = chromium.new_context()
    Tablet.with_page(context).sign_in(service.address)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def tablet(chromium: Browser, service: Service, session: StorageState) -> Iterator[Tablet]:
    """The treating doctor's tablet, signed in, on a new case's page."""
    width, height = SIZES["tablet"]
    context = chromium.new_context(viewport={"width": width, "height": height}, storage_state=session)
    made = Tablet.with_page(context)
    made.open_case(service.address)
    yield made
    made.context.close()


def test_a_reload_in_mid_upload_goes_on_with_the_same_upload(tablet: Tablet, service: Service, folder: Path) -> None:
    chest = radiograph(folder, "chest.dcm", 1)
    tablet.allowed = 2
    tablet.choose(chest)
    tablet.sees("No link just now")
    assert (len(tablet.opened), tablet.pieces) == (1, 2)
    tablet.allowed = 10_000
    tablet.page.reload()
    tablet.wait_until_stored(service.address, chest)
    assert len(tablet.opened) == 1
    expect(tablet.page.locator(".queue-bar")).to_be_hidden(timeout=PATIENCE_MS)


def test_the_same_file_chosen_again_is_not_sent_again(tablet: Tablet, service: Service, folder: Path) -> None:
    chest = radiograph(folder, "again.dcm", 2, side=200)
    tablet.choose(chest)
    tablet.wait_until_stored(service.address, chest)
    expect(tablet.page.locator(".queue-bar")).to_be_hidden(timeout=PATIENCE_MS)
    pieces = tablet.pieces
    with tablet.page.expect_response(UPLOAD):
        tablet.choose(chest)
    expect(tablet.page.locator(".picture", has_text="again.dcm")).to_have_count(1, timeout=PATIENCE_MS)
    assert (len(tablet.opened), tablet.pieces) == (2, pieces)


def test_other_pages_go_on_sending_and_lead_back(tablet: Tablet, service: Service, folder: Path) -> None:
    chest, case = radiograph(folder, "elsewhere.dcm", 3), tablet.page.url
    tablet.allowed = 1
    tablet.choose(chest)
    tablet.sees("No link just now")
    tablet.page.goto(f"{service.address}/patients")
    badge = tablet.page.locator(".sending-badge")
    expect(badge).to_contain_text("1 file still being sent", timeout=PATIENCE_MS)
    assert f"{service.address}{badge.get_attribute('href')}" == f"{case}#pictures"
    tablet.allowed = 10_000
    expect(badge).to_be_hidden(timeout=PATIENCE_MS)
    tablet.page.goto(case)
    tablet.wait_until_stored(service.address, chest)
    assert len(tablet.opened) == 1


def test_two_tabs_send_a_file_once_and_both_show_it(tablet: Tablet, service: Service, folder: Path) -> None:
    chest = radiograph(folder, "tabs.dcm", 4)
    second = tablet.context.new_page()
    second.goto(tablet.page.url)
    tablet.allowed = 1
    second.locator("#pictures input[multiple]").first.set_input_files([chest])  # the tab that does not send
    for page in (tablet.page, second):
        expect(page.locator(".picture", has_text="tabs.dcm")).to_contain_text("No link just now", timeout=PATIENCE_MS)
    tablet.page.close()  # the tab that sent
    tablet.allowed = 10_000
    tablet.page = second
    tablet.wait_until_stored(service.address, chest)
    assert len(tablet.opened) == 1


def test_a_device_without_a_network_says_so_and_goes_on_when_it_is_back(
    tablet: Tablet, service: Service, folder: Path
) -> None:
    chest = radiograph(folder, "offline.dcm", 5, side=300)
    tablet.context.set_offline(True)
    tablet.choose(chest)
    tablet.sees("No network. It goes on by itself")
    tablet.context.set_offline(False)
    tablet.wait_until_stored(service.address, chest)


def test_another_account_on_the_same_tablet_neither_sees_nor_sends_a_file(
    tablet: Tablet, service: Service, folder: Path
) -> None:
    chest, case = radiograph(folder, "mine.dcm", 6), tablet.page.url
    tablet.allowed = 1
    tablet.choose(chest)
    tablet.sees("No link just now")
    tablet.context.clear_cookies()  # the session ended by itself
    tablet.allowed = 10_000
    tablet.sign_in(service.address, "doctor.b@demo.example")
    tablet.page.goto(f"{service.address}/patients")
    tablet.page.wait_for_load_state("networkidle")
    assert tablet.page.locator(".sending-badge").count() == 0
    assert tablet.pieces == 1
    tablet.page.locator("details.menu summary").first.click()
    tablet.page.get_by_role("button", name="Sign out").click()
    tablet.page.wait_for_url(re.compile("/sign-in"))
    tablet.sign_in(service.address)
    tablet.page.goto(case)
    tablet.wait_until_stored(service.address, chest)
    assert len(tablet.opened) == 1


def test_signing_out_asks_before_unsent_files_are_deleted(tablet: Tablet, service: Service, folder: Path) -> None:
    case = tablet.page.url
    tablet.context.clear_cookies()
    tablet.sign_in(service.address)  # a session of its own to end
    tablet.page.goto(case)
    tablet.allowed = 1
    tablet.choose(radiograph(folder, "unsent.dcm", 7))
    tablet.sees("No link just now")
    for answer in ("Stay signed in", "Sign out and delete them"):
        tablet.page.locator("details.menu summary").first.click()
        tablet.page.get_by_role("button", name="Sign out", exact=True).click()
        tablet.sees("1 file is not sent yet")
        tablet.page.get_by_role("button", name=answer).click()
    tablet.page.wait_for_url(re.compile("/sign-in"))
    names = tablet.page.evaluate("async () => (await indexedDB.databases()).map((one) => one.name)")
    assert [name for name in names if "sending" in name] == []


@pytest.fixture
def lasting(chromium: Browser, tmp_path: Path) -> Iterator[Callable[[], Tablet]]:
    """A browser whose profile stays when it is closed: each call closes the one before and opens it again."""
    opened: list[BrowserContext] = []

    def open_again() -> Tablet:
        while opened:
            opened.pop().close()
        context = chromium.browser_type.launch_persistent_context(
            str(tmp_path / "profile"), executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS
        )
        opened.append(context)
        return Tablet.with_page(context)

    yield open_again
    while opened:
        opened.pop().close()


def test_a_closed_browser_goes_on_when_it_is_opened_again(
    lasting: Callable[[], Tablet], service: Service, folder: Path
) -> None:
    chest = radiograph(folder, "tomorrow.dcm", 8)
    first = lasting()
    first.sign_in(service.address)
    case = first.open_case(service.address)
    first.allowed = 1
    first.choose(chest)
    first.sees("No link just now")
    second = lasting()
    second.page.goto(case)  # the session is still open, as it is on a tablet
    second.wait_until_stored(service.address, chest)
    assert (len(first.opened), second.opened) == (1, [])


def test_a_killed_server_loses_nothing_that_it_had(tablet: Tablet, service: Service, folder: Path) -> None:
    chest = radiograph(folder, "killed.dcm", 9)
    tablet.allowed = 2
    tablet.choose(chest)
    tablet.sees("No link just now")
    service.kill("web")
    tablet.allowed = 10_000
    tablet.wait_until_stored(service.address, chest)
    assert len(tablet.opened) == 1


def disc_of(folder: Path) -> Path:
    """A CD as a scanner writes it: an index, two patients, and a viewer beside them."""
    from pydicom import dcmread
    from pydicom.fileset import FileSet

    disc, made = folder / "disc", FileSet()
    for number, (patient, series) in enumerate((("Devi^Sunita", 1), ("Devi^Sunita", 1), ("Kumar^Ravi", 2))):
        data = dcmread(radiograph(folder, f"of-disc-{number}", 20 + number, side=64))
        data.PatientName, data.PatientID, data.StudyDate, data.StudyTime = patient, patient[:4], "20260102", "101500"
        data.StudyInstanceUID, data.SeriesInstanceUID = f"1.2.9.{series}", f"1.2.9.{series}.1"
        data.StudyID, data.SeriesNumber, data.InstanceNumber, data.SeriesDescription = "1", series, number, "THORAX PA"
        made.add(data)
    made.write(disc)
    (disc / "VIEWER.EXE").write_bytes(b"MZ" + bytes(100))
    (disc / "AUTORUN.INF").write_text("[autorun]\nopen=viewer.exe")
    return disc


def test_a_disc_is_opened_by_its_index_and_only_what_is_chosen_is_sent(
    tablet: Tablet, service: Service, folder: Path
) -> None:
    disc, before = disc_of(folder), len(tablet.stored(service.address))
    tablet.page.locator("#pictures input[webkitdirectory]").set_input_files(disc)
    dialog = tablet.page.locator("dialog.disc")
    expect(dialog).to_contain_text("2 patients", timeout=PATIENCE_MS)
    for words in ("Sunita Devi", "Ravi Kumar", "CR", "2 pictures", "2, 2026"):
        expect(dialog).to_contain_text(words)
    expect(dialog.get_by_role("button", name="Choose what to add")).to_be_disabled()
    dialog.locator("label", has_text="2 pictures").locator("input").check()
    dialog.get_by_role("button", name="Add 2 pictures").click()
    tablet.sees("3 files left out: 2 parts of a viewer program, a picture not chosen.")
    tablet.wait_for(lambda: len(tablet.stored(service.address)) == before + 2)


def test_a_zip_is_opened_on_the_tablet(tablet: Tablet, service: Service, folder: Path) -> None:
    from zipfile import ZIP_DEFLATED, ZipFile

    inside = [radiograph(folder, f"zipped-{number}.dcm", 30 + number, side=64) for number in range(2)]
    with ZipFile(folder / "export.zip", "w", ZIP_DEFLATED) as archive:
        for path in inside:
            archive.write(path, f"../../{path.name}")
        archive.writestr("viewer/run.exe", b"MZ" + bytes(100))
    tablet.choose(folder / "export.zip")
    tablet.sees("1 file left out: a viewer program.")
    for path in inside:
        tablet.wait_until_stored(service.address, path)
