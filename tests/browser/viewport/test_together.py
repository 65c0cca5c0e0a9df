"""Two people at one stage: what one does, the other sees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.viewport.pictures import identity

Open = Callable[..., Page]
DOCTOR, SPECIALIST = "a" * 32, "b" * 32


def state(page: Page, index: int = 0) -> dict[str, Any]:
    """What one person's stage shows."""
    found: dict[str, Any] = page.evaluate(
        "(index) => { const { toPage, pixelHash, pixelGrid, ...rest } = people[index].handle.debug(); return rest; }",
        index,
    )
    return found


def show(page: Page, name: str, frame: int = 1, index: int = 0) -> None:
    page.evaluate("([index, id, frame]) => people[index].handle.show(id, frame)", [index, identity(name), frame])
    page.wait_for_function("([index, frame]) => people[index].handle.debug().frame === frame", arg=[index, frame])


def spot(page: Page, index: int, x: float, y: float) -> tuple[float, float]:
    """Where an image point lies on the page."""
    at = page.evaluate("([index, x, y]) => people[index].handle.debug().toPage(x, y)", [index, x, y])
    return at[0], at[1]


def drag(page: Page, points: list[tuple[float, float]], button: Any = "left") -> None:
    page.mouse.move(*points[0])
    page.mouse.down(button=button)
    for point in points[1:]:
        page.mouse.move(*point, steps=4)
    page.mouse.up(button=button)


def tool(page: Page, key: str, index: int = 0) -> None:
    page.locator(".viewport").nth(index).focus()
    page.keyboard.press(key)


def test_the_other_follows_picture_place_window_and_turn(stage: Open) -> None:
    page = stage("0,1", width=1400)
    show(page, "chest")
    page.wait_for_function("people[1].handle.debug().instance === people[0].handle.debug().instance")
    x, y = spot(page, 0, 900, 900)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -600)
    drag(page, [(x, y), (x + 40, y + 25)], button="right")
    tool(page, "r")
    page.wait_for_function(
        """() => {
          const [a, b] = people.map((one) => one.handle.debug());
          return a.rotation === 90 && b.rotation === 90 && a.window.width === b.window.width
            && Math.abs(a.center[0] - b.center[0]) < 3 && Math.abs(a.center[1] - b.center[1]) < 3;
        }"""
    )
    assert state(page, 1)["standing"] == "following"
    assert "Dr Asha Rao is showing" in page.locator(".stage-banner").nth(1).inner_text()


def test_paused_clips_stand_on_the_same_frame_forty_times_of_forty(stage: Open) -> None:
    page = stage("0,1", width=1200)
    show(page, "fan")
    same = page.evaluate(
        """async (frames) => {
          const [a, b] = people.map((one) => one.handle);
          let same = 0;
          for (const frame of frames) {
            await a.show(a.debug().instance, frame);
            const until = performance.now() + 5000;
            while (performance.now() < until && b.debug().frame !== frame) {
              await new Promise((done) => setTimeout(done, 5));
            }
            const [p, q] = [await a.debug().pixelHash(), await b.debug().pixelHash()];
            same += p === q && a.debug().frame === frame && b.debug().frame === frame ? 1 : 0;
          }
          return same;
        }""",
        [(one * 47) % 120 + 1 for one in range(40)],
    )
    assert same == 40


def test_a_running_clip_is_at_most_one_frame_apart_and_stops_on_the_same_one(stage: Open) -> None:
    page = stage("0,1", width=1200)
    show(page, "fan")
    page.wait_for_function("people[1].handle.debug().frame === 1")
    tool(page, " ")
    page.wait_for_function("people.every((one) => one.handle.debug().playing && one.handle.debug().wantedFrame > 8)")
    apart = page.evaluate(
        """async () => {
          let most = 0;
          for (let i = 0; i < 30; i++) {
            await new Promise((done) => setTimeout(done, 33));
            const [a, b] = people.map((one) => one.handle.debug().wantedFrame);
            most = Math.max(most, Math.min(Math.abs(a - b), 120 - Math.abs(a - b)));
          }
          return most;
        }"""
    )
    assert apart <= 1
    tool(page, " ")
    page.wait_for_function(
        "() => { const [a, b] = people.map((one) => one.handle.debug());"
        " return !a.playing && !b.playing && a.frame === b.frame && a.frame === a.wantedFrame; }"
    )


def test_a_stroke_appears_at_the_same_image_coordinates_on_the_other_side(stage: Open) -> None:
    page = stage("0,1", width=1400)
    show(page, "hand")
    page.wait_for_function("people[1].handle.debug().frame === 1")
    tool(page, "d", 1)
    drag(page, [spot(page, 1, 400, 400), spot(page, 1, 600, 700), spot(page, 1, 900, 500)])
    page.wait_for_function("people[0].handle.debug().annotations.length === 1")
    mine, theirs = state(page, 1)["annotations"][0], state(page, 0)["annotations"][0]
    assert mine["points"] == theirs["points"]
    assert mine["author"] == SPECIALIST
    assert mine["points"][0] == pytest.approx(400, abs=4)
    page.wait_for_function("people[1].handle.debug().annotations[0].sent")
    assert page.locator(".drawn[aria-label*='Dr Imran Qureshi']").count() == 2


def test_an_arrow_asks_for_its_text_where_it_stands(stage: Open) -> None:
    page = stage()
    show(page, "chest")
    tool(page, "a")
    drag(page, [spot(page, 0, 500, 600), spot(page, 0, 900, 1000)])
    page.keyboard.type("effusion?")
    page.keyboard.press("Enter")
    assert [one["text"] for one in state(page)["annotations"]] == ["effusion?"]
    assert page.locator(".drawn-text", has_text="effusion?").count() == 1


def test_a_length_is_in_pixels_where_nothing_is_calibrated_and_in_its_own_unit_where_it_is(stage: Open) -> None:
    page = stage()
    for name, words in (("chest", "(uncalibrated)"), ("hand", "at detector")):
        show(page, name)
        tool(page, "l")
        drag(page, [spot(page, 0, 300, 300), spot(page, 0, 900, 300)])
        assert words in (page.locator(".drawn-text").first.text_content() or "")


def test_what_is_drawn_while_the_link_is_gone_is_dashed_and_arrives_after(stage: Open) -> None:
    page = stage("0,1", width=1200)
    show(page, "chest")
    page.wait_for_function("people[1].handle.debug().frame === 1")
    page.evaluate("people[0].link.cut()")
    tool(page, "e")
    drag(page, [spot(page, 0, 500, 500), spot(page, 0, 900, 800)])
    assert page.locator("section").nth(0).locator(".drawn-unsent").count() == 1
    assert state(page, 1)["annotations"] == []
    page.evaluate("people[0].link.mend()")
    page.wait_for_function("people[1].handle.debug().annotations.length === 1")
    page.wait_for_function("people[0].handle.debug().annotations[0].sent")
    assert page.locator(".drawn-unsent").count() == 0


def test_touching_the_view_offers_to_look_alone_and_a_button_brings_back(stage: Open) -> None:
    page = stage("0,1", width=1400)
    show(page, "chest")
    page.wait_for_function("people[1].handle.debug().frame === 1")
    before = state(page, 1)["center"]
    drag(page, [spot(page, 1, 900, 900), spot(page, 1, 600, 700)])
    assert state(page, 1)["center"] == before
    page.get_by_role("button", name="Look on my own").click()
    drag(page, [spot(page, 1, 900, 900), spot(page, 1, 600, 700)])
    assert state(page, 1)["center"] != before
    assert state(page, 1)["standing"] == "own"
    page.get_by_role("button", name="Back to Dr Asha Rao").click()
    page.wait_for_function("([x]) => Math.abs(people[1].handle.debug().center[0] - x) < 3", arg=before)


def test_showing_is_taken_and_handed_over(stage: Open) -> None:
    page = stage("0,1", width=1400)
    show(page, "chest")
    page.wait_for_function("people[1].handle.debug().presenter !== null")
    page.locator("section").nth(1).get_by_role("button", name="Show instead").click()
    page.wait_for_function("(id) => people[0].handle.debug().presenter === id", arg=SPECIALIST)
    assert state(page, 0)["standing"] == "following"
    page.get_by_role("button", name="Hand over to Dr Asha Rao").click()
    page.wait_for_function("(id) => people[1].handle.debug().presenter === id", arg=DOCTOR)


def test_a_patient_follows_and_has_no_tools(stage: Open) -> None:
    page = stage("0,2", width=1200)
    show(page, "chest")
    page.wait_for_function("people[1].handle.debug().frame === 1")
    patient = page.locator("section").nth(1)
    assert not patient.locator(".stage-tools").is_visible()
    assert patient.get_by_role("button").count() <= 1
    before = state(page, 1)["center"]
    drag(page, [spot(page, 1, 900, 900), spot(page, 1, 600, 700)])
    assert state(page, 1)["center"] == before


def test_a_pointer_is_named_and_fades(stage: Open) -> None:
    page = stage("0,1", width=1400)
    show(page, "chest")
    page.wait_for_function("people[1].handle.debug().frame === 1")
    page.mouse.move(*spot(page, 0, 700, 700))
    page.mouse.move(*spot(page, 0, 720, 720))
    page.wait_for_function("people[1].handle.debug().pointers.length === 1")
    assert page.locator("section").nth(1).locator(".stage-pointer").inner_text() == "Dr Asha Rao"
    page.wait_for_function("people[1].handle.debug().pointers.length === 0", timeout=6000)


def test_use_in_report_marks_the_frame_for_both(stage: Open) -> None:
    page = stage("0,1", width=1200)
    show(page, "fan", frame=33)
    tool(page, "k")
    page.wait_for_function("people[1].handle.keyImages().size === 1")
    assert state(page, 1)["keyImages"] == [f"{identity('fan')}/33"]


TOUCHES: list[dict[str, float]] = [{"x": 300, "y": 400}, {"x": 500, "y": 400}]


def test_two_fingers_pinch_whatever_the_tool_and_leave_no_stroke(stage: Open) -> None:
    page = stage(has_touch=True)
    show(page, "chest")
    tool(page, "d")
    zoom = state(page)["zoom"]
    session = page.context.new_cdp_session(page)

    def send(kind: str, points: list[dict[str, float]]) -> None:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    send("touchStart", TOUCHES[:1])
    send("touchMove", [{"x": 305, "y": 402}])
    send("touchStart", [{"x": 305, "y": 402, "id": 0}, {**TOUCHES[1], "id": 1}])
    for step in range(1, 9):
        send("touchMove", [{"x": 305 - step * 10, "y": 402, "id": 0}, {"x": 500 + step * 10, "y": 400, "id": 1}])
    send("touchEnd", [])
    found = state(page)
    assert found["zoom"] == pytest.approx(zoom * (195 + 160) / 195, rel=0.06)
    assert found["annotations"] == []


def test_undo_takes_back_only_one_s_own(stage: Open) -> None:
    page = stage("0,1", width=1400)
    show(page, "chest")
    page.wait_for_function("people[1].handle.debug().frame === 1")
    for index in (0, 1):
        tool(page, "e", index)
        drag(page, [spot(page, index, 300 + 500 * index, 500), spot(page, index, 600 + 500 * index, 900)])
    page.wait_for_function("people.every((one) => one.handle.debug().annotations.length === 2)")
    tool(page, "u", 0)
    page.wait_for_function("people.every((one) => one.handle.debug().annotations.length === 1)")
    assert state(page)["annotations"][0]["author"] == SPECIALIST
