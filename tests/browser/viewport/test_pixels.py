"""Every pixel as it was stored, every frame the one that was asked for."""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from imaging import windows
from tests.browser.viewport.gallery_server import GalleryServer
from tests.browser.viewport.pictures import (
    CLIP_FRAMES,
    PAUSED_ON,
    Gallery,
    adlers,
    checked_plane,
    coded_frames,
    identity,
)

Open = Callable[..., Page]

READ_BACK = """async ([name, lossless]) => {
  const stage = window.people[0].handle;
  await stage.show(name);
  const until = performance.now() + 20000;
  if (lossless) {
    await new Promise((done) => setTimeout(done, 50));
    document.querySelector(".mark-badge").click();
  }
  while (performance.now() < until && (stage.debug().frame < 1 || (lossless && stage.debug().lossless < 1))) {
    await new Promise((done) => setTimeout(done, 30));
  }
  return { hash: await stage.debug().pixelHash(), ...stage.debug(), toPage: null, pixelHash: null, pixelGrid: null };
}"""


def fnv(rgb: np.ndarray[Any, Any]) -> str:
    """The hash of `stage/hash.ts`, of (rows, columns, 3) uint8."""
    value = 0x811C9DC5 ^ (rgb.shape[1] * 65537 + rgb.shape[0])
    for byte in rgb.tobytes():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return f"{value:08x}"


@pytest.mark.parametrize("name", ["chest", "hand", "wide", "few", "colour"])
def test_every_stored_value_comes_out_of_the_tiles_as_it_went_in(stage: Open, gallery: Gallery, name: str) -> None:
    page = stage()
    found = page.evaluate("(name) => window.storedValues(name)", name)
    assert found == adlers(gallery.stored[name])


@pytest.mark.parametrize("renderer", ["canvas", "webgl"])
@pytest.mark.parametrize("name", ["few", "colour"])
def test_what_is_drawn_is_the_stored_pixels_through_the_standard_s_window(
    stage: Open, gallery: Gallery, name: str, renderer: str
) -> None:
    page = stage(query=f"&renderer={renderer}")
    found = page.evaluate(READ_BACK, [identity(name), True])
    assert found["renderer"] == renderer
    stored, manifest = gallery.stored[name], gallery.manifests[name]
    if stored.ndim == 3:
        expected = stored.astype(np.uint8)
    else:
        low, high = int(stored.min()), int(stored.max())
        table = windows.table_of_window(low, high, manifest["window"], slope=1, intercept=0)
        grey = 255 - table[stored - low]
        expected = np.repeat(grey[:, :, None], 3, axis=2)
    assert found["quality"] == "lossless"
    assert found["hash"] == fnv(expected)


def test_an_image_wider_than_one_texture_is_cut_without_a_seam(stage: Open, gallery: Gallery) -> None:
    page = stage(query="&renderer=canvas")
    found = page.evaluate(READ_BACK, [identity("wide"), True])
    assert found["quality"] == "lossless"


def test_the_preview_shows_first_and_says_that_it_is_one(stage: Open, pictures: GalleryServer) -> None:
    page = stage()
    found = page.evaluate(READ_BACK, [identity("chest"), False])
    assert found["quality"] == "preview"
    assert "Preview" in page.locator(".mark-badge[data-level]").inner_text()
    assert not any("tiles" in path or "full" in path for path in pictures.requests)


def test_a_changed_window_fetches_the_lossless_pixels_of_what_is_visible(stage: Open, pictures: GalleryServer) -> None:
    page = stage()
    page.evaluate(READ_BACK, [identity("chest"), False])
    box = page.locator(".viewport").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 300, box["y"] + 300)
    page.mouse.down(button="right")
    page.mouse.move(box["x"] + 360, box["y"] + 340, steps=5)
    page.mouse.up(button="right")
    assert page.evaluate("people[0].handle.debug().window") != page.evaluate(
        "(id) => window.manifest(id).then((one) => one.window)", identity("chest")
    )
    page.wait_for_function("people[0].handle.debug().quality === 'lossless'")
    assert "Lossless" in page.locator(".mark-badge[data-level]").inner_text()


AT = "(places) => places.map(([x, y]) => window.people[0].handle.debug().toPage(x, y))"


def seen(page: Page, places: list[tuple[int, int]]) -> list[int]:
    """How red the screen is at these image px."""
    screen = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
    return [int(screen[round(y), round(x), 0]) for x, y in page.evaluate(AT, places)]


def test_what_the_file_draws_lies_over_its_pixels_and_can_be_hidden(stage: Open) -> None:
    page = stage()
    page.evaluate("(id) => window.people[0].handle.show(id)", identity("marked"))
    page.wait_for_selector(".file-overlays canvas")
    places = [(110, 90), (130, 90), (130, 110), (290, 190), (50, 50), (310, 90)]
    bits = [bool(checked_plane(400, 600)[y, x]) for x, y in places]
    for key in ["", "r", "f", "+"]:
        if key:
            page.locator(".viewport").press(key)
            page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert [value > 200 for value in seen(page, places)] == bits
    page.get_by_role("button", name="The file's drawings are shown").click()
    page.wait_for_selector(".file-overlays", state="hidden")
    assert max(seen(page, places)) < 200
    page.locator(".viewport").press("o")
    page.wait_for_function("!document.querySelector('.file-overlays').hidden")
    page.evaluate("(id) => window.people[0].handle.show(id)", identity("colour"))
    page.wait_for_function("document.querySelector('.file-overlays').childElementCount === 0")


def scrubs(count: int = 40) -> list[int]:
    return [int(one) for one in np.random.default_rng(3).integers(1, CLIP_FRAMES + 1, count)]


SCRUB = """async ([id, wanted]) => {
  const stage = window.people[0].handle;
  const out = [];
  for (const frame of wanted) {
    await stage.show(id, frame);
    await stage.debug().pixelHash();
    while (stage.debug().frame !== frame) { await new Promise((done) => setTimeout(done, 10)); }
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const canvas = document.querySelector(".viewport canvas");
    const copy = document.createElement("canvas");
    [copy.width, copy.height] = [canvas.width, canvas.height];
    const context = copy.getContext("2d");
    context.drawImage(canvas, 0, 0);
    const ratio = canvas.width / canvas.clientWidth;
    const box = canvas.getBoundingClientRect();
    let code = 0;
    for (let bit = 0; bit < 10; bit++) {
      const [x, y] = stage.debug().toPage(36 + bit * 40, 20);
      const pixel = context.getImageData((x - box.left) * ratio, (y - box.top) * ratio, 1, 1).data;
      code |= (pixel[0] > 128 ? 1 : 0) << bit;
    }
    out.push(code);
  }
  return out;
}"""


@pytest.mark.parametrize("query", ["&renderer=canvas", "&renderer=canvas&video=1"])
def test_forty_random_scrubs_show_exactly_the_frames_asked_for(stage: Open, query: str) -> None:
    page = stage(query=query)
    wanted = scrubs()
    assert page.evaluate(SCRUB, [identity("fan"), wanted]) == wanted


PAUSED = """async ([id, frame]) => {
  const stage = window.people[0].handle;
  await stage.show(id, frame);
  const until = performance.now() + 20000;
  while (performance.now() < until && stage.debug().frame !== frame) {
    await new Promise((done) => setTimeout(done, 30));
  }
  while (performance.now() < until && document.querySelector(".mark-badge").disabled) {
    await new Promise((done) => setTimeout(done, 30));
  }
  document.querySelector(".mark-badge").click();
  while (performance.now() < until && stage.debug().lossless < 1) {
    await new Promise((done) => setTimeout(done, 30));
  }
  return { quality: stage.debug().quality, hash: await stage.debug().pixelHash() };
}"""


@pytest.mark.parametrize("renderer", ["canvas", "webgl"])
def test_a_clip_that_was_paused_shows_the_frame_s_own_pixels(stage: Open, renderer: str) -> None:
    page = stage(query=f"&renderer={renderer}")
    [frame] = PAUSED_ON
    found = page.evaluate(PAUSED, [identity("fan"), frame])
    stored = next(islice(coded_frames(), frame - 1, None))
    assert found == {"quality": "lossless", "hash": fnv(stored)}
    page.evaluate("(id) => window.people[0].handle.show(id, 40)", identity("fan"))
    page.wait_for_function("people[0].handle.debug().frame === 40")
    assert page.evaluate("people[0].handle.debug().quality") == "clip"


def test_first_frames_show_before_the_whole_clip_is_there(stage: Open, pictures: GalleryServer) -> None:
    pictures.held.add("fan-clip.bin")
    page = stage(query="&renderer=canvas")
    page.evaluate("(id) => window.people[0].handle.show(id)", identity("fan"))
    page.wait_for_function("people[0].handle.debug().frame === 1")
    pictures.release.set()
    page.evaluate("(id) => window.people[0].handle.show(id, 77)", identity("fan"))
    page.wait_for_function("people[0].handle.debug().frame === 77")


def test_a_file_that_cannot_be_shown_says_why_and_one_being_prepared_says_how_far(stage: Open) -> None:
    page = stage()
    page.evaluate("(id) => window.people[0].handle.show(id)", identity("broken"))
    page.wait_for_function("people[0].handle.debug().notice.includes('ends too early')")
    page.evaluate("(id) => window.people[0].handle.show(id)", identity("coming"))
    page.wait_for_function("people[0].handle.debug().notice.includes('40 %')")


def test_when_the_graphics_are_taken_away_the_picture_stays(stage: Open) -> None:
    page = stage(query="&renderer=webgl")
    page.evaluate("(id) => window.people[0].handle.show(id)", identity("colour"))
    page.wait_for_function("people[0].handle.debug().frame === 1")
    assert page.evaluate("people[0].handle.debug().renderer") == "webgl"
    page.evaluate(
        """() => {
          const gl = document.querySelector(".viewport canvas").getContext("webgl2");
          gl.getExtension("WEBGL_lose_context").loseContext();
        }"""
    )
    page.wait_for_function("people[0].handle.debug().renderer === 'canvas'")
