"""The people of the browser tests, each in a browser context of their own, doing what a person does."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect

from app.demo_accounts import PASSWORD

PATIENCE_MS = 60_000  # two slow shared cores run three browsers, a server and a decoder at once
SIZES = {"phone": (390, 844), "tablet": (800, 1280), "laptop": (1280, 800)}


# Counts the connections whose incoming audio carried energy (WebRTC statistics, totalAudioEnergy) since they began.
LISTEN = """(() => {
    const connections = [];
    const Own = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Own {
        constructor(...all) { super(...all); connections.push(this); }
    };
    setInterval(async () => {
        let heard = 0;
        for (const one of connections.filter((each) => each.connectionState === 'connected')) {
            const reports = [...(await one.getStats()).values()];
            const inbound = reports.filter((report) => report.type === 'inbound-rtp' && report.kind === 'audio');
            heard += inbound.some((report) => report.totalAudioEnergy > 1e-5) ? 1 : 0;
        }
        window.heardFrom = heard;
    }, 500);
})()"""


@dataclass
class Person:
    """One person's browser: `page` is where they are, `problems` what their console complained of."""

    name: str
    context: BrowserContext
    page: Page
    problems: list[str]

    @classmethod
    def arrive(cls, browser: Browser, name: str, address: str, size: tuple[int, int], touch: bool = False) -> Person:
        context = browser.new_context(
            base_url=address,
            viewport={"width": size[0], "height": size[1]},
            has_touch=touch,
            permissions=["camera", "microphone"],
            locale="en-GB",
        )
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(LISTEN)
        page = context.new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda line: problems.append(line.text) if _is_violation(line.text) else None)
        return cls(name, context, page, problems)

    def sign_in(self, email: str) -> None:
        self.page.goto("/sign-in")
        self.page.get_by_label("E-mail address").fill(email)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        self.page.wait_for_url(lambda url: "/sign-in" not in url)

    def enter_room(self) -> None:
        """From the consult's page into its room, until the stage stands."""
        self.page.get_by_role("link", name="Enter the room").first.click()
        self.wait_for_room()

    def wait_for_room(self) -> None:
        self.page.wait_for_url(re.compile(r"/room$"))
        self.page.wait_for_function("() => window.nidaan?.stage.debug().synced")

    def join_call(self) -> None:
        self.page.get_by_role("button", name="Join call").click()
        self.page.wait_for_function("() => window.nidaan.call.state.kind === 'in'")

    def wait_for_video_of(self, others: int) -> None:
        """Until the video of `others` other people advances on this person's page, frame by frame."""
        self.page.wait_for_function(
            """(others) => {
                const moving = [...document.querySelectorAll('#people video')].filter((video) => {
                    const before = video.dataset.seen === undefined ? 0 : Number(video.dataset.seen);
                    const now = video.getVideoPlaybackQuality().totalVideoFrames;
                    video.dataset.seen = String(now);
                    return before > 0 && now > before;
                });
                return moving.length >= others;
            }""",
            arg=others,
            polling=500,
        )

    def wait_for_voices_of(self, others: int) -> None:
        """Until the sound that arrives from `others` other people has been above silence."""
        self.page.wait_for_function("(others) => (window.heardFrom ?? 0) >= others", arg=others)

    def stage(self) -> dict[str, Any]:
        """What the stage says that it shows."""
        state: dict[str, Any] = self.page.evaluate(
            "() => { const { toPage, pixelHash, pixelGrid, ...rest } = window.nidaan.stage.debug(); return rest; }"
        )
        return state

    def wait_for_stage(self, condition: str, argument: object = None) -> None:
        """Until `condition`, JavaScript over `stage` and `wanted`, holds."""
        self.page.wait_for_function(
            f"(wanted) => {{ const stage = window.nidaan.stage.debug(); return {condition}; }}", arg=argument
        )

    def pixel_hash(self) -> str:
        """The displayed frame's own pixels, hashed at image resolution."""
        return str(self.page.evaluate("() => window.nidaan.stage.debug().pixelHash()"))

    def point_of(self, x: float, y: float) -> tuple[float, float]:
        """Where on the page an image point is."""
        left, top = self.page.evaluate("([x, y]) => window.nidaan.stage.debug().toPage(x, y)", [x, y])
        return float(left), float(top)

    def draw(self, tool: str, start: tuple[float, float], end: tuple[float, float]) -> None:
        """With a tool, from one image point to another."""
        self.choose_tool(tool)
        (x0, y0), (x1, y1) = self.point_of(*start), self.point_of(*end)
        self.page.mouse.move(x0, y0)
        self.page.mouse.down()
        self.page.mouse.move((x0 + x1) / 2, (y0 + y1) / 2, steps=4)
        self.page.mouse.move(x1, y1, steps=4)
        self.page.mouse.up()

    def choose_tool(self, tool: str) -> None:
        """Take a tool in hand: from the bar, or from its group, which opens at the second tap."""
        groups = self.page.get_by_role("toolbar", name="Tools").locator(".stage-group")
        group = groups.filter(has=self.page.locator("button", has_text=tool))
        outer = group.locator("> button")
        if outer.get_attribute("aria-pressed") != "true":
            outer.click()
        if outer.inner_text().strip() != tool:
            outer.click()
            group.locator(".stage-flyout").get_by_role("button", name=tool, exact=True).click()

    def leave(self) -> None:
        """Close the browser's context, and with it call, sockets and cameras."""
        self.context.close()

    def photograph(self, folder: Path, name: str, before: Callable[[], None] | None = None) -> None:
        """The page at the three sizes, for people to look at."""
        folder.mkdir(parents=True, exist_ok=True)
        own = self.page.viewport_size
        for size, (width, height) in SIZES.items():
            self.page.set_viewport_size({"width": width, "height": height})
            if before:
                before()
            self.page.screenshot(path=folder / f"{name}-{size}.png")
            wide = self.page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{name} is {wide} px too wide at {size}"
        if own:
            self.page.set_viewport_size(own)

    def sees(self, words: str) -> None:
        """Fails unless the words are on the page soon."""
        expect(self.page.get_by_text(words).first).to_be_visible(timeout=PATIENCE_MS)


def _is_violation(text: str) -> bool:
    return "Content Security Policy" in text or "Content-Security-Policy" in text
