"""From the tap on the tablet to pixels at the specialist, over a thin link: `python -m tests.bench.first_picture`.

Two network namespaces with a shaped link between them: the tablet's Chromium in one, the server and the specialist's
Chromium in the other. Beside it, with `--plain`, the whole file sent to Orthanc over the same link and rendered there.
What that needs is said in `tests.browser.thin_link`; without it this skips with a sentence.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import data_store
from playwright.sync_api import Page

from app.demo import WAITING
from tests.browser.people import Person
from tests.browser.service import free_port
from tests.browser.thin_link import CITY_ADDRESS, CityService, ThinLink, browser_in, inside, thin_link, why_not
from tests.imaging.files import relabelled

SAMPLES = Path(data_store.__file__).parent / "data"
FILES = {"X-ray": SAMPLES / "RG1_UNCR.dcm", "clip": SAMPLES / "color3d_jpeg_baseline.dcm"}
NOBODY = dict.fromkeys(("PatientName", "PatientBirthDate", "PatientSex", "PatientAge", "PatientID"), "")


@dataclass(frozen=True)
class Shape:
    """A link: kbit/s up and down, one-way ms, loss in per cent; and what is to be reached over it."""

    name: str
    up: int
    down: int
    delay: int
    loss: float
    seconds: float
    bytes: int = 64_000

    def settings(self, rate: int) -> str:
        return f"rate={rate},delay={self.delay},loss={self.loss}"


SHAPES = (
    Shape("200 kbit/s up, 600 ms round trip, 2 % loss", 200, 400, 300, 2, 6.0),
    Shape("1 Mbit/s, 100 ms round trip", 1000, 1000, 50, 0, 1.5),
)

# On the tablet: when workers answer and when the request that carries the preview begins and ends.
NOTE = """() => {
    window.notes = {};
    const note = (what) => { if (window.tappedAt) window.notes[what] ??= Date.now(); };
    const Plain = window.Worker;
    window.Worker = class extends Plain {
        constructor(url, options) {
            super(url, options);
            const name = /hash/.test(url) ? 'hashed' : /preview/.test(url) ? 'preview made' : 'worker';
            this.addEventListener('message', ({ data }) => data.kind !== 'progress' && note(name));
        }
        postMessage(message, ...rest) {
            if (!(message instanceof File) && message.kind === 'still') note('file read on');
            return super.postMessage(message, ...rest);
        }
    };
    const plain = window.fetch;
    window.fetch = async (url, options) => {
        const carries = options?.method === 'POST' && /imaging.uploads/.test(url) && options.body instanceof FormData;
        if (carries) note('sending');
        const answer = await plain(url, options);
        if (carries) note('answered');
        return answer;
    };
}"""
# At the specialist: whatever comes into the strip is tapped at once; the moment its pixels are on the stage is kept.
WATCH = """() => {
    const thumbs = () => [...document.querySelectorAll('.room-thumb[data-instance]')];
    const known = new Set(thumbs().map((one) => one.dataset.instance));
    window.shownAt = window.listedAt = null;
    const drawn = (id) => {
        const stage = window.nidaan.stage.debug();
        if (stage.instance === id && stage.frame > 0 && stage.quality !== 'none' && stage.quality !== 'thumbnail') {
            window.shownAt = { at: Date.now(), quality: stage.quality };
        } else {
            requestAnimationFrame(() => drawn(id));
        }
    };
    const look = () => {
        for (const thumb of thumbs()) {
            if (!known.has(thumb.dataset.instance)) {
                known.add(thumb.dataset.instance);
                window.listedAt ??= Date.now();
                thumb.click();
                drawn(thumb.dataset.instance);
            }
        }
    };
    new MutationObserver(look).observe(document.querySelector('#strip'), { childList: true, subtree: true });
}"""
# When the bytes of the picture that was listed at a moment were all at the specialist.
FETCHED = """(since) => Math.max(0, ...performance.getEntriesByType('resource')
    .filter(({ name, startTime }) => /renditions/.test(name) && performance.timeOrigin + startTime >= since)
    .map(({ responseEnd }) => performance.timeOrigin + responseEnd).slice(0, 1))"""
# The shares of the time, in the order in which they happen (hashing and preview side by side).
MOMENTS = ("file read on", "hashed", "preview made", "sending", "answered", "noticed", "fetched", "drawn")
CANCEL = "() => document.querySelector('.add-sheet button[aria-label^=Cancel]')?.click()"
TAP = "() => document.addEventListener('change', () => { window.tappedAt ??= Date.now(); }, true)"


def link(shape: Shape, folder: Path) -> AbstractContextManager[ThinLink]:
    """The namespaces of the tablet and of the server, with the link between them."""
    return thin_link(folder, shape.settings(shape.up), shape.settings(shape.down))


def measure(shape: Shape, rounds: int, folder: Path) -> list[dict[str, Any]]:
    """Every file so many times over one link, each time as another picture of a case of its own."""
    results: list[dict[str, Any]] = []
    with link(shape, folder) as road:
        service = CityService(data_dir=folder, port=free_port())
        service.namespace = road.city
        service.prepare()
        service.start()
        try:
            with browser_in(road.city, service.address, folder) as browser:
                specialist = Person.arrive(browser, "specialist", service.address, (1280, 800))
                results = _in_the_village(service, specialist, road, rounds, folder)
        finally:
            service.stop()
    return results


def _in_the_village(
    service: CityService, specialist: Person, road: ThinLink, rounds: int, folder: Path
) -> list[dict[str, Any]]:
    program = [
        sys.executable,
        "-m",
        "tests.bench.first_picture",
        "--tablet",
        road.village,
        service.address,
        str(folder),
    ]
    results: list[dict[str, Any]] = []
    # A browser in another namespace: one Playwright drives one browser of each, so the tablet has a process of its own.
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as tablet:
        assert tablet.stdin is not None
        assert tablet.stdout is not None
        consult = _take(specialist)
        print(consult, file=tablet.stdin, flush=True)
        for _round in range(rounds):
            for kind in FILES:
                results.append({"kind": kind, **_one(specialist.page, tablet, kind, road)})
        tablet.stdout.readline()  # it is ready for another
        print("end", file=tablet.stdin, flush=True)
    return results


def _take(specialist: Person) -> str:
    specialist.sign_in("radiologist@demo.example")
    row = specialist.page.locator(".work-row", has_text=WAITING.request["question"])
    row.get_by_role("button", name="Take").click()
    specialist.page.wait_for_url(re.compile(r"/consults/[0-9a-f]{32}"))
    consult = specialist.page.url.rsplit("/", 1)[-1]
    specialist.enter_room()
    return consult


def _one(specialist: Page, tablet: subprocess.Popen[str], kind: str, road: ThinLink) -> dict[str, Any]:
    assert tablet.stdin is not None
    assert tablet.stdout is not None
    assert tablet.stdout.readline().strip() == "ready"
    specialist.wait_for_selector(".room-thumb[data-instance]")
    specialist.evaluate(WATCH)
    before = road.sent_bytes()
    print(kind, file=tablet.stdin, flush=True)
    specialist.wait_for_function("() => window.shownAt !== null", timeout=600_000, polling=50)
    after = road.sent_bytes()
    shown = specialist.evaluate("() => window.shownAt")
    noticed = specialist.evaluate("() => window.listedAt")
    fetched = specialist.evaluate(FETCHED, noticed)
    print("shown", file=tablet.stdin, flush=True)
    told = json.loads(tablet.stdout.readline())
    moments = {**told["notes"], "noticed": noticed, "fetched": fetched, "drawn": shown["at"]}
    return {
        "seconds": (shown["at"] - told["tapped"]) / 1000,
        "bytes": after - before,
        "quality": shown["quality"],
        "moments": {name: round(moments[name] - told["tapped"]) for name in MOMENTS if moments.get(name)},
    }


def be_tablet(village: str, address: str, folder: Path) -> None:
    """The rural doctor's side, told what to do line by line."""
    consult = sys.stdin.readline().strip()
    with browser_in(village, address, folder) as browser:
        doctor = Person.arrive(browser, "doctor", address, (800, 1280), touch=True)
        doctor.context.add_init_script(f"({NOTE})()")
        doctor.sign_in("doctor.a@demo.example")
        doctor.page.goto(f"/consults/{consult}/room")
        doctor.wait_for_room()
        doctor.page.wait_for_selector(".room-thumb[data-instance]")
        doctor.page.evaluate(TAP)
        number = 0
        while True:
            number += 1
            doctor.page.wait_for_timeout(4000)  # what the room still fetches is no part of a picture
            print("ready", flush=True)
            kind = sys.stdin.readline().strip()
            if kind == "end" or not kind:
                return
            _tap(doctor.page, kind, number, folder)


def _tap(page: Page, kind: str, number: int, folder: Path) -> None:
    uid = f"1.2.826.0.1.{os.getpid()}.{number}"
    file = relabelled(FILES[kind], folder / f"{number}.dcm", SOPInstanceUID=uid, **NOBODY)
    page.evaluate("() => { window.tappedAt = undefined; window.notes = {}; }")
    page.locator("#add-pictures").click()
    page.locator(".add-sheet input[multiple]").set_input_files(file)
    sys.stdin.readline()
    print(json.dumps(page.evaluate("() => ({ tapped: window.tappedAt, notes: window.notes })")), flush=True)
    page.evaluate(CANCEL)  # the line is free for the next
    page.locator(".add-sheet header button").click()


def plain(shape: Shape, file: Path, folder: Path) -> float:
    """Seconds until Orthanc, sent the whole file over the same link, has given its rendered frame at the other side."""
    with link(shape, folder) as road:
        settings = {
            "StorageDirectory": str(folder / "orthanc"),
            "IndexDirectory": str(folder / "orthanc"),
            "HttpPort": 8042,
            "RemoteAccessAllowed": True,
            "AuthenticationEnabled": False,
            "DicomServerEnabled": False,
        }
        (folder / "orthanc.json").write_text(json.dumps(settings))
        log = (folder / "orthanc.log").open("wb")
        orthanc = subprocess.Popen(inside(road.city, "Orthanc", str(folder / "orthanc.json")), stdout=log, stderr=log)
        try:
            base = f"http://{CITY_ADDRESS}:8042"
            ready = inside(road.city, "curl", "-s", "--retry", "60", "--retry-connrefused", f"{base}/system")
            subprocess.run(ready, check=True, capture_output=True)
            began = time.monotonic()
            post = inside(road.village, "curl", "-s", "--data-binary", f"@{file}", f"{base}/instances")
            answer = json.loads(subprocess.run(post, check=True, capture_output=True).stdout)
            picture = f"{base}/instances/{answer['ID']}/rendered"
            frame = subprocess.run(inside(road.city, "curl", "-s", picture), check=True, capture_output=True).stdout
            assert frame.startswith(b"\x89PNG"), frame[:100]
            return time.monotonic() - began
        finally:
            orthanc.terminate()
            orthanc.wait(timeout=20)


def main() -> int:
    """Print the table; 1 where something that is to be reached was not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tablet", nargs=3, metavar=("NAMESPACE", "ADDRESS", "FOLDER"), help=argparse.SUPPRESS)
    parser.add_argument("--plain", action="store_true", help="also send the whole X-ray to Orthanc (minutes)")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    if chosen.tablet:
        be_tablet(chosen.tablet[0], chosen.tablet[1], Path(chosen.tablet[2]))
        return 0
    missing = why_not()
    if missing:
        print(f"first_picture is skipped. {missing}")
        return 0
    worst = 0
    for shape in SHAPES:
        with tempfile.TemporaryDirectory() as name:
            results = measure(shape, chosen.rounds, Path(name))
        worst = max(worst, _report(shape, results))
        if chosen.plain and shutil.which("Orthanc"):
            with tempfile.TemporaryDirectory() as name:
                seconds = plain(shape, FILES["X-ray"], Path(name))
            print(f"  the whole X-ray to Orthanc, rendered: {seconds:.1f} s", flush=True)
    return worst


def _report(shape: Shape, results: list[dict[str, Any]]) -> int:
    print(f"{shape.name} (reach: < {shape.seconds} s, <= {shape.bytes // 1000} KB)")
    missed = 0
    for kind in FILES:
        of = sorted((one for one in results if one["kind"] == kind), key=lambda one: float(one["seconds"]))
        middle = of[len(of) // 2]
        times = ", ".join(f"{one['seconds']:.2f}" for one in of)
        size = max(int(one["bytes"]) for one in of)
        print(
            f"  {kind}: median {middle['seconds']:.2f} s ({times}), at most {size / 1000:.0f} KB, {middle['quality']}"
        )
        print("    ms after the tap: " + ", ".join(f"{name} {at}" for name, at in middle["moments"].items()))
        missed |= middle["seconds"] >= shape.seconds or size > shape.bytes
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
