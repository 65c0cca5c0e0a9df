"""`python -m video.relay`: carries the media of calls that need more than two browsers talking to each other."""

from __future__ import annotations

import asyncio
import logging
import signal

from video.relay import seams
from video.relay.control import Control
from video.relay.settings import Settings


async def _serve(settings: Settings) -> None:
    control = Control(settings)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, control.stop)
    await control.run()


def main() -> None:
    """Read the environment, then serve until told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    for chatty in ("aioice", "aiortc", "socketio", "engineio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    settings = Settings.from_environment()
    seams.install(settings.addresses)
    asyncio.run(_serve(settings))


if __name__ == "__main__":
    main()
