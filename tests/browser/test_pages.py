"""Every page: nothing serious for axe-core, nothing too wide or too low to tap, no word beside the catalogue."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from app.demo import CONCLUDED, OPINION, WAITING, Story
from app.demo_accounts import ACCOUNTS, DEVICE, DEVICE_AE_TITLE, FACILITIES, PASSWORD, PROGRAM
from app.languages import OWN_NAMES
from consult.patients import consent_texts
from tests.browser.pages import AXE, Tour
from tests.browser.people import SIZES
from tests.browser.service import Service

AXE_RUN = """async () => {
    const found = await axe.run(document, { resultTypes: ['violations'] });
    return found.violations.filter((one) => one.impact === 'serious' || one.impact === 'critical')
        .flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target.join(' ')} | ${
            [...node.any, ...node.all, ...node.none].map((check) => check.message).join('; ')}`));
}"""

# Targets lower than 44 CSS px. Excepted: a link in running text, what is out of sight, what a tall enough label holds.
SMALL_TARGETS = """() => {
    const targets = 'button, a[href], input:not([type=hidden]), select, textarea, summary, [role=button]';
    const tall = (element) => element !== null && element.getBoundingClientRect().height >= 43.5;
    const inText = (link) => link.matches('a') && getComputedStyle(link).display === 'inline'
        && [...link.parentElement.childNodes].some((one) => one.nodeType === Node.TEXT_NODE && one.data.trim() !== '');
    return [...document.querySelectorAll(targets)]
        .filter((one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
        .filter((one) => !one.closest('.visually-hidden, .skip-link, [aria-hidden=true]'))
        .filter((one) => !tall(one) && !tall(one.closest('label')) && !inText(one))
        .map((one) => `${Math.round(one.getBoundingClientRect().height)} px: ${one.outerHTML.slice(0, 110)}`);
}"""

TOO_WIDE = "() => document.documentElement.scrollWidth - innerWidth"

# Every word the page can say, dialogs and closed menus as well: text, attributes that are read out, CSS content.
WORDS = """() => {
    const found = [['title', document.title]];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const inside = walker.currentNode.parentElement;
        if (!inside.closest('script, style, noscript')) {
            found.push([inside.tagName.toLowerCase() + '.' + inside.className, walker.currentNode.textContent]);
        }
    }
    for (const element of document.body.querySelectorAll('*')) {
        for (const name of ['title', 'aria-label', 'placeholder', 'alt', 'aria-description', 'aria-valuetext']) {
            found.push([`${element.tagName.toLowerCase()}[${name}]`, element.getAttribute(name) ?? '']);
        }
        for (const side of ['::before', '::after']) {
            found.push([element.tagName.toLowerCase() + side, getComputedStyle(element, side).content]);
        }
    }
    return found;
}"""


def told(story: Story) -> set[str]:
    """What is written in a demo story."""
    patient = story.patient
    return {
        *(text for text in story.fields.values() if not re.fullmatch(r"[\d.]+", text)),
        story.request["question"],
        *(name for _, name in story.files),
        *(text for text in (patient.full_name, patient.village, patient.phone) if text),
        *(text for text in (patient.guardian_name, patient.guardian_relation) if text),
    }


def consent_words() -> set[str]:
    """What is read to patients: versioned and kept word for word in each language, beside the catalogue."""
    return {words for one in consent_texts.TEXTS.values() for words in (one.title, *one.paragraphs, one.question)}


# Shown as it is in every language: names, what people typed, and marks that are the same everywhere.
DATA = {
    *(words for one in ACCOUNTS for words in (one.email, one.full_name, one.registration_number) if words),
    *(words for facility in FACILITIES for words in facility),
    *told(WAITING),
    *told(CONCLUDED),
    *(str(words) for words in astuple(OPINION)),
    "Suspected buckle fracture, distal left radius",  # the demo outcome
    "Back slab put on today. Mother shown how to check the fingers. Paracetamol for three days.",
    "THORAX",  # what the demo X-ray calls itself
    *consent_words(),
    *OWN_NAMES.values(),
    "Nidaan",
    PROGRAM,
    PASSWORD,
    "nobody@demo.example",
    DEVICE,
    DEVICE_AE_TITLE,
    "NIDAAN",  # our own AE title
}
PATTERNS = (
    r"https?://\S+",
    r"\d{1,2} [A-Z][a-z]{2,3} \d{4}(,? \d\d:\d\d)?( UTC)?",  # a date, as written before the browser says it
    r"[0-9a-f]{8,}",  # references and fingerprints
    r"^[A-Z]{1,2}$",  # a side of the body, initials
    r"\b(CR|DX|US|PDF|CSV)\b",  # what DICOM and files call themselves
    r"(?<![^\W\d_])(mm|cm|kg|°C|/min|mmHg|mg/dL)(?!\w)",  # units
)


@pytest.fixture
def tour(chromium: Browser, service: Service) -> Iterator[Tour]:
    made = Tour(chromium, service.address)
    yield made
    made.close()


@pytest.fixture
def bracketed_tour(chromium: Browser, tmp_path_factory: pytest.TempPathFactory, prepared_data: Path) -> Iterator[Tour]:
    """The same pages of a service that shows every catalogued sentence in brackets."""
    own = Service(data_dir=tmp_path_factory.mktemp("bracketed"), settings={"PSEUDO_LOCALE": "1"})
    shutil.copytree(prepared_data, own.data_dir, dirs_exist_ok=True)
    own.start()
    made = Tour(chromium, own.address)
    yield made
    made.close()
    own.stop()


@pytest.mark.timeout(900)
def test_every_page_can_be_read_and_tapped_by_everybody(tour: Tour) -> None:
    found: dict[str, str] = {}
    for name, page in tour.stops():
        for problem in [*seen_by_axe(page), *measured(page)]:
            found.setdefault(problem, name)  # once, at the first page that shows it
    tell(found)
    assert tour.problems() == []


@pytest.mark.timeout(900)
def test_every_word_comes_from_the_catalogue(bracketed_tour: Tour) -> None:
    found: dict[str, str] = {}
    for name, page in bracketed_tour.stops():
        for where, words in page.evaluate(WORDS):
            if left := uncatalogued(words):
                found.setdefault(f"{where}: {left!r} of {' '.join(words.split())!r}", name)
    tell(found)


def tell(found: dict[str, str]) -> None:
    """Fail with all that was found, each with the first page that shows it."""
    if found:
        pytest.fail("\n".join(f"{name}: {problem}" for problem, name in found.items()), pytrace=False)


def seen_by_axe(page: Page) -> list[str]:
    """What axe-core calls serious or critical, in both schemes."""
    problems = []
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
        problems += [f"{scheme}: {one}" for one in page.evaluate(AXE_RUN)]
    page.emulate_media(color_scheme="light")
    return problems


def measured(page: Page) -> list[str]:
    """What is too wide or too low to tap, at three sizes."""
    problems = []
    own = page.viewport_size
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        if (wide := page.evaluate(TOO_WIDE)) > 0:
            problems.append(f"{size}: {wide} px too wide")
        problems += [f"{size}: {one}" for one in page.evaluate(SMALL_TARGETS)]
    if own:
        page.set_viewport_size(own)
    return problems


def uncatalogued(words: str) -> str:
    """The letters that stand neither in brackets nor in the data; empty when there are none."""
    left = words
    while (inner := re.sub(r"⟦[^⟦⟧]*⟧", " ", left)) != left:
        left = inner
    for known in sorted(DATA, key=len, reverse=True):
        left = left.replace(known, " ")
    for pattern in PATTERNS:
        left = re.sub(pattern, " ", left)
    left = " ".join(left.split())
    return left if re.search(r"[^\W\d_]", left.removeprefix("none").removeprefix("normal")) else ""
