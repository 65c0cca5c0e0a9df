"""The people band and the call's bar, as people see and touch them at the three sizes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.call.person import Person

Enter = Callable[..., Person]
SIZES = {"tablet": (800, 1280), "laptop": (1440, 900), "phone": (390, 844)}
PICTURES = os.environ.get("PICTURES_DIR")

OUTSIDE = """
  Array.from(document.querySelectorAll('.call-tile, .room-controls button'))
    .filter((one) => !one.hidden)
    .map((one) => ({ name: one.textContent, box: one.getBoundingClientRect() }))
    .filter(({ box }) => box.width < 44 || box.height < 44 || box.left < 0 || box.right > innerWidth
      || box.top < 0 || box.bottom > innerHeight)
    .map(({ name, box }) => `${name} ${JSON.stringify(box)}`)
"""


def keep_picture(person: Person, name: str) -> None:
    if PICTURES:
        person.page.screenshot(path=Path(PICTURES) / f"call-{name}.png")


@pytest.mark.parametrize("size", SIZES)
def test_every_control_is_inside_the_page_and_big_enough_for_a_finger(enter: Enter, size: str) -> None:
    width, height = SIZES[size]
    asha, bela = enter("asha", viewport={"width": width, "height": height}), enter("bela")
    keep_picture(asha, f"{size}-before")
    assert asha.do(OUTSIDE) == []
    bela.join()
    asha.page.get_by_role("button", name="Join call", exact=True).click()
    asha.wait_in(bela)
    asha.sees(bela)
    asha.hears(bela)
    keep_picture(asha, size)
    assert asha.do(OUTSIDE) == []


def test_a_tapped_tile_fills_the_stage_and_a_drag_puts_it_into_a_corner(enter: Enter) -> None:
    asha, bela = enter("asha", viewport={"width": 800, "height": 1280}), enter("bela")
    for one in (asha, bela):
        one.join()
    asha.wait_in(bela)
    asha.sees(bela)
    asha.page.locator("[data-participant=bela]").click()
    large = asha.page.get_by_label("Dr Bela Rao", exact=True)
    expect(large).to_be_visible()
    stage = asha.page.locator("#stage").bounding_box()
    filled = large.bounding_box()
    assert stage is not None
    assert filled is not None
    assert filled["height"] == stage["height"]
    keep_picture(asha, "large")
    asha.page.mouse.move(400, 500)
    asha.page.mouse.down()
    asha.page.mouse.move(300, 700, steps=4)
    asha.page.mouse.move(100, stage["y"] + stage["height"] - 40, steps=4)
    asha.page.mouse.up()
    expect(large).to_have_attribute("data-corner", "bottom-left")
    cornered = large.bounding_box()
    assert cornered is not None
    assert cornered["width"] < stage["width"] / 2
    keep_picture(asha, "corner")
    asha.page.get_by_role("button", name="Close").click()
    expect(large).to_have_count(0)


def test_the_front_camera_is_mirrored_for_oneself_only(enter: Enter) -> None:
    asha, bela = enter("asha"), enter("bela")
    for one in (asha, bela):
        one.join()
    bela.wait_in(asha)
    bela.sees(asha)
    mirrored = "document.querySelector(`[data-participant=${arg}] video`).classList.contains('mirrored')"
    assert asha.do(mirrored, "own") is True
    assert bela.do(mirrored, "asha") is False
    asha.start("page.call.flip()")
    asha.wait("page.call.own.camera === 'rear' && page.call.own.video")
    assert asha.do(mirrored, "own") is False


def test_the_link_is_told_in_words(enter: Enter) -> None:
    asha, bela = enter("asha"), enter("bela")
    for one in (asha, bela):
        one.join()
    asha.wait_in(bela)
    expect(asha.page.locator("#link")).to_have_text("Good")
    bela.start("page.connections.forEach((one) => one.close())")
    expect(asha.page.locator("#link")).to_contain_text("Gone for", timeout=30_000)
    expect(asha.page.locator("[data-participant=bela]")).to_have_attribute("data-mood", "reconnecting")


def test_everything_works_from_the_keyboard(enter: Enter) -> None:
    asha, bela = enter("asha"), enter("bela")
    bela.join()
    asha.page.get_by_role("button", name="Join call", exact=True).press("Enter")
    asha.wait_in(bela)
    asha.page.locator("[data-participant=bela]").press("Enter")
    large = asha.page.get_by_label("Dr Bela Rao", exact=True)
    expect(large).to_be_visible()
    asha.page.keyboard.press("Space")
    expect(large).to_have_attribute("data-corner", "top-right")
    asha.page.keyboard.press("ArrowRight")
    expect(large).to_have_attribute("data-corner", "bottom-right")
    asha.page.keyboard.press("Escape")
    expect(large).to_have_count(0)
