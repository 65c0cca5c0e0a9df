"""A room of real browsers through our relay for as long as one likes: `python -m tests.bench.relay_room --minutes 10`.

Three Chromium browsers, then four, each its own process, with fake cameras. Every ten seconds: the relay's memory and
CPU, and what each browser shows of each other. At the end: whether memory stayed flat, and whether anybody froze.
`--kill` kills the relay with `kill -9` instead, with another beside it, and measures until everybody is back.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from playwright.sync_api import Playwright, sync_playwright

from tests.browser.call.person import Person
from tests.browser.call.room_server import RoomServer
from tests.browser.conftest import CHROMIUM_ARGUMENTS, chromium_path
from tests.browser.service import ROOT

NAMES = ("asha", "bela", "chand", "devi")
LOOK_SECONDS = 10.0
RELAYED = "page.call.members.all.every((one) => one.path.way === 'relay' && one.path.status === 'connected')"
FRAMES = """JSON.stringify(Object.fromEntries([...document.querySelectorAll('[data-participant] video')].map((one) =>
  [one.closest('[data-participant]').dataset.participant, one.getVideoPlaybackQuality().totalVideoFrames])))"""
# When something of each other's voice came last, on whichever way; and when first after the relay was killed, after
# what was still under way.
WATCH_VOICES = """(() => {
  window.voiceAt = {};
  window.heardFrom = {};
  window.killedAt = Infinity;
  const counts = {};
  setInterval(async () => {
    for (const member of page.call.members.all) {
      const entries = await member.path.received();
      const voice = entries.find((one) => one.type === 'inbound-rtp' && one.kind === 'audio');
      const key = `${member.path.way}-${voice?.id}`;
      const count = voice?.packetsReceived ?? 0;
      if (count > (counts[key] ?? Infinity)) {
        window.voiceAt[member.participantId] = Date.now();
        if (Date.now() > window.killedAt + 200 && !(member.participantId in window.heardFrom)) {
          window.heardFrom[member.participantId] = Date.now() - window.killedAt;
        }
      }
      counts[key] = count;
    }
  }, 50);
})()"""


def client(folder: Path) -> Path:
    """The page of the call's tests, built."""
    vite = ROOT / "static/node_modules/vite/bin/vite.js"
    config = ROOT / "tests/browser/call/vite.config.mjs"
    command = ["node", str(vite), "build", "--config", str(config), "--outDir", str(folder), "--logLevel", "warn"]
    subprocess.run(command, cwd=ROOT, check=True, env={**os.environ, "NODE_NO_WARNINGS": "1"})
    return folder


@contextmanager
def room(playwright: Playwright, folder: Path, people: int, relays: int) -> Iterator[tuple[RoomServer, list[Person]]]:
    """A server with relays, and people in browsers of their own, all talking through a relay."""
    (folder / "data").mkdir()
    server = RoomServer(sys.executable, client(folder / "client"), folder / "data")
    with ExitStack() as stack:
        server.start()
        stack.callback(server.stop)
        for _ in range(relays):
            server.start_relay()
        found = []
        for name in NAMES[:people]:
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(CHROMIUM_ARGUMENTS))
            stack.callback(browser.close)
            page = browser.new_context(permissions=["camera", "microphone"]).new_page()
            found.append(Person(name, page, server.url))
        for one in found:
            one.join()
        for one in found:
            one.wait(f"page.call.members.all.length === {people - 1} && {RELAYED}")
        yield server, found


def memory(pid: int) -> int:
    """Resident KB of a process."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    raise RuntimeError("the relay is gone")


def cpu(pid: int) -> float:
    """Seconds of CPU a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def long_run(playwright: Playwright, people: int, minutes: float) -> None:
    """Memory, CPU and pictures over the minutes."""
    with tempfile.TemporaryDirectory() as folder, room(playwright, Path(folder), people, 1) as (server, found):
        pid = server.relay_pids()[0]
        sizes: list[int] = []
        still, looks = 0, 0
        before = [json.loads(one.do(FRAMES)) for one in found]
        began, used = time.monotonic(), cpu(pid)
        while time.monotonic() - began < 60 * minutes:
            time.sleep(LOOK_SECONDS)
            sizes.append(memory(pid))
            now = [json.loads(one.do(FRAMES)) for one in found]
            pairs = [
                (after.get(who, 0), earlier.get(who, 0))
                for after, earlier in zip(now, before, strict=True)
                for who in after
            ]
            looks += len(pairs)
            still += sum(after <= earlier for after, earlier in pairs)
            before = now
        share = (cpu(pid) - used) / (time.monotonic() - began)
        tenth = max(1, len(sizes) // 10)
        first, last = median(sizes[tenth : 2 * tenth] or sizes), median(sizes[-tenth:])
        print(
            f"{people} browsers, {minutes:g} minutes: memory after a tenth {first / 1024:.1f} MB, at the end "
            f"{last / 1024:.1f} MB (most {max(sizes) / 1024:.1f}), core {share:.1%}; {still} of {looks} looks at a "
            f"picture found it still for {LOOK_SECONDS:g} s",
            flush=True,
        )


def kill(playwright: Playwright, people: int) -> None:
    """`kill -9` of the relay that carries the call: how long until everybody's voice is back."""
    with tempfile.TemporaryDirectory() as folder, room(playwright, Path(folder), people, 1) as (server, found):
        first = server.relay_pids()[0]
        server.start_relay()
        for one in found:
            one.do(WATCH_VOICES)
        for one in found:
            one.wait(f"Object.keys(window.voiceAt).length === {people - 1}")
        route = found[0].do("page.call.members.relaying.route.id")
        at = found[0].do("Date.now()")
        for one in found:
            one.do("window.killedAt = arg", at)
        os.kill(first, 9)
        for one in found:
            one.wait("page.call.members.relaying.route.id !== arg", route)
            one.wait(f"Object.keys(window.heardFrom).length === {people - 1}")
        backs = [one.do("Math.max(...Object.values(window.heardFrom))") for one in found]
        for one in found:
            one.wait(RELAYED)
        relayed = found[0].do("Date.now()") - at
        print(
            f"{people} browsers, relay killed: every voice heard again after {max(backs) / 1000:.1f} s at most, "
            f"all on the other relay after {relayed / 1000:.1f} s",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--people", type=int, nargs="+", default=[3, 4])
    parser.add_argument("--kill", action="store_true")
    given = parser.parse_args()
    with sync_playwright() as playwright:
        for people in given.people:
            if given.kill:
                kill(playwright, people)
            else:
                long_run(playwright, people, given.minutes)


if __name__ == "__main__":
    main()
