"""Somebody in the room, through their browser: what they do, and what reaches them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Page

PATIENCE_MS = 30_000
SEEN = "(window.seenFrames ??= {})"


class Person:
    """A page of the room; `name` is the participant id."""

    def __init__(self, name: str, page: Page, url: str, **asked: str) -> None:
        self.name = name
        self.page = page
        page.goto(f"{url}/?{urlencode({'me': name, 'consult': 'c' * 32, **asked})}")
        self.wait("page.connection.state.status === 'up'")

    def do(self, script: str, value: Any = None) -> Any:
        """Evaluate in the page; `value` is `arg` in the script."""
        return self.page.evaluate(f"(arg) => ({script})", value)

    def start(self, script: str) -> None:
        """Start something without waiting for it to be done."""
        self.page.evaluate(f"() => {{ {script}; }}")

    def wait(self, condition: str, value: Any = None) -> None:
        """Until the condition holds; `value` is `arg` in it."""
        self.page.wait_for_function(f"(arg) => ({condition})", arg=value, timeout=PATIENCE_MS)

    def join(self, *, video: bool = True) -> None:
        self.start(f"page.call.join({{ audio: true, video: {str(video).lower()} }})")

    def wait_in(self, *others: Person) -> None:
        """Until the connections to these, and to nobody else, are there."""
        names = sorted(one.name for one in others)
        members = "page.call.memberViews.map((one) => one.participantId).sort().join() === arg"
        self.wait(members, ",".join(names))
        self.wait("page.call.memberViews.every((one) => one.connection === 'connected')")

    def member(self, other: Person) -> Any:
        """What this person's page knows of another."""
        found = "page.call.memberViews.find((one) => one.participantId === arg)"
        return self.do(f"(({{ stream, ...rest }}) => rest)({found})", other.name)

    def wait_member(self, other: Person, condition: str) -> None:
        """Until `it` (the view of the other) is so."""
        found = "page.call.memberViews.find((one) => one.participantId === arg)"
        self.wait(f"((it) => it !== undefined && ({condition}))({found})", other.name)

    def sees(self, other: Person, frames: int = 10) -> None:
        """Until so many more pictures of the other were shown; a player that is given another stream counts anew."""
        self.do(f"{SEEN}[arg] = null", other.name)
        shown = "document.querySelector(`[data-participant='${arg[0]}'] video`)?.getVideoPlaybackQuality()"
        more = f"""(() => {{
          const now = {shown}?.totalVideoFrames ?? 0;
          {SEEN}[arg[0]] = Math.min(now, {SEEN}[arg[0]] ?? now);
          return now >= {SEEN}[arg[0]] + arg[1];
        }})()"""
        self.wait(more, [other.name, frames])

    def hears(self, other: Person) -> None:
        """Until the other's voice stands above silence."""
        self.wait_member(other, "it.level > 0.01 || (it.sample?.level ?? 0) > 0.01")
