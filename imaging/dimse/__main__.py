"""`python -m imaging.dimse`: the C-STORE and C-ECHO listener, in a process of its own; SIGTERM lets it finish first."""

from __future__ import annotations

import errno
import importlib
import logging
import signal
import threading

from app import config, db
from app.config import Config
from app.health import DICOM_HEARTBEAT
from imaging.dimse.listener import Listener

log = logging.getLogger("dicom")

BEAT_SECONDS = 5.0
RETRY_SECONDS = 15.0


def main() -> None:
    """Listen until told to stop; where that is not possible, say so once and keep trying."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    for noisy in ("pynetdicom", "pydicom"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)  # they quote what came over the wire
    settings = config.current()
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    if settings.dimse_port == 0:
        say(settings, "off")
        stopped.wait()
        return
    db.connect(settings.database_url)
    importlib.import_module("app.models")  # rows that are written here refer to tables of other subjects
    listener = open_door(settings, stopped)
    if listener is not None:
        serve(listener, settings, stopped)
    (settings.data_dir / DICOM_HEARTBEAT).unlink(missing_ok=True)


def open_door(settings: Config, stopped: threading.Event) -> Listener | None:
    """A listener that listens; None when stopped before the port was free."""
    told = False
    while not stopped.is_set():
        listener = Listener(settings)
        try:
            listener.start()
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            why = "is taken by another program" if taken else f"cannot be opened ({error.strerror})"
            sentence = (
                f"port {settings.dimse_port} {why}: no unit can send until it is free, or DIMSE_PORT names another"
            )
            if not told:
                log.warning("%s", sentence)
                told = True
            say(settings, sentence)
            stopped.wait(RETRY_SECONDS)
        else:
            log.info("%s listens on %s port %d", settings.dimse_ae_title, settings.dimse_host, listener.port)
            return listener
    return None


def serve(listener: Listener, settings: Config, stopped: threading.Event) -> None:
    """Say that it is alive until stopped, then let what is being received come to its end."""
    while not stopped.is_set():
        say(settings, "ok")
        listener.tidy()
        stopped.wait(BEAT_SECONDS)
    listener.drain()


def say(settings: Config, word: str) -> None:
    """What /healthz is to say of this process."""
    (settings.data_dir / DICOM_HEARTBEAT).write_text(word, encoding="utf-8")


if __name__ == "__main__":
    main()
