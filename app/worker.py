"""`python -m app.worker`: runs jobs (decode, render, print) in a process of its own, and says that it is alive."""

from __future__ import annotations

import importlib
import logging
import threading
from pathlib import Path

from app import config, db, policies
from app.jobs import huey

HEARTBEAT_SECONDS = 5.0
IDLE_POLL_SECONDS = 0.1  # Huey's own idle poll backs off to 10 s
JOB_MODULES = (
    "app.housekeeping",
    "imaging.jobs",
    "imaging.inbox.jobs",
    "imaging.dicomweb.jobs",
    "imaging.deidentify.jobs",
    "imaging.site_models.jobs",
    "consult.reports.jobs",
    "video.recordings.jobs",
)


def beat(path: Path, stopped: threading.Event) -> None:
    """Touch `path` until stopped: /healthz calls the worker well while it is fresh."""
    while not stopped.is_set():
        path.touch()
        stopped.wait(HEARTBEAT_SECONDS)


def main() -> None:
    """Take up what an earlier worker left, then work until told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    settings = config.current()
    db.connect(settings.database_url)
    policies.install()
    for name in JOB_MODULES:
        importlib.import_module(name).take_up()
    stopped = threading.Event()
    pulse = settings.data_dir / "worker.heartbeat"
    pulse.unlink(missing_ok=True)
    heartbeat = threading.Thread(target=beat, args=(pulse, stopped), daemon=True)
    heartbeat.start()
    consumer = huey.create_consumer(
        workers=2, worker_type="thread", initial_delay=0.05, backoff=1.15, max_delay=IDLE_POLL_SECONDS
    )
    try:
        consumer.run()
    finally:
        stopped.set()
        heartbeat.join()
        pulse.unlink(missing_ok=True)  # /healthz must not call the next start well on this one's pulse


if __name__ == "__main__":
    main()
