"""Background work: mixing what was recorded into what is listened to, and removing what was deleted."""

from __future__ import annotations

import base64
import json
import logging
import subprocess
import sys
from datetime import timedelta
from typing import Any, Final

from huey import crontab

from app import clock, config, db
from app.actor import SYSTEM
from app.jobs import huey
from video.recordings import files, operations, queries
from video.recordings.models import Recording, RecordingSegment

WAIT_FOR_SEGMENTS: Final = timedelta(minutes=10)
MIX_SECONDS: Final = 30 * 60

log = logging.getLogger(__name__)


@huey.task()
def mix_recording(recording_id: str) -> None:
    """Make what is listened to; what is there stays until the new one is."""
    try:
        mix(recording_id)
    except Exception:
        log.exception("recording %s could not be mixed", recording_id)
        with db.write_transaction() as session:
            found = session.get(Recording, recording_id)
            if found is not None and found.mix_state == "wanted":
                found.mix_state = "failed"
                operations.announce(session, found)


@huey.periodic_task(crontab())
def mix_what_waited_long_enough() -> None:
    """Each minute: recordings whose last files came, or are waited for no longer."""
    take_up()


@huey.periodic_task(crontab(minute="47", hour="2"))
def forget() -> None:
    """Each night: delete what is older than the installation keeps it, and the files of everything deleted."""
    keep = config.current().recording_days
    with db.write_transaction() as session:
        old = queries.older_than(session, clock.now() - timedelta(days=keep)) if keep else []
        for found in old:
            operations.delete(session, SYSTEM, found, f"older than {keep} days", clock.now())
        gone = queries.deleted(session)
    for recording_id in gone:
        files.remove(recording_id)


def take_up() -> None:
    """Queue what an earlier worker did not get mixed."""
    with db.read_session() as session:
        waiting = queries.to_mix(session, clock.now() - WAIT_FOR_SEGMENTS)
    for recording_id in waiting:
        mix_recording(recording_id)


def mix(recording_id: str) -> None:
    """Mix in a limited child process: only it decodes. Raises RuntimeError when it fails."""
    with db.read_session() as session:
        found = session.get(Recording, recording_id)
        if found is None or found.mix_state != "wanted" or found.wrapped_key is None:
            return
        given = _given(found, queries.segments(session, recording_id), queries.takes(session, recording_id))
    made = _run(given)
    with db.write_transaction() as session:
        found = session.get_one(Recording, recording_id)
        for name in made["broken"]:
            session.get_one(RecordingSegment, name).state = "broken"
        if found.wrapped_key is None:
            files.remove(recording_id)
            return
        found.mix_state = "made" if made["bytes"] else "empty"
        found.mix_bytes, found.mix_seconds, found.mix_index = made["bytes"], made["seconds"], made["index"]
        found.mixed_at = clock.now()
        operations.announce(session, found)


def _given(found: Recording, segments: list[RecordingSegment], takes: list[Any]) -> dict[str, Any]:
    ends = {one.id: one.ended_at for one in takes}
    return {
        "key": base64.b64encode(operations.key_of(found)).decode(),
        "target": str(files.mix(found.id)),
        "label": {"version": 1, "recording": found.id, "segment": "mix"},
        "segments": [
            {
                "id": one.id,
                "take": one.take_id,
                "path": str(files.segment(found.id, one.id)),
                "until": int(end.timestamp() * 1000) if (end := ends.get(one.take_id)) else None,
            }
            for one in segments
            if one.track == "voice" and one.state == "safe" and one.take_id in ends
        ],
    }


def _run(given: dict[str, Any]) -> dict[str, Any]:
    command = [sys.executable, "-m", "video.recordings.mixing"]
    done = subprocess.run(
        command, input=json.dumps(given).encode(), stdout=subprocess.PIPE, timeout=MIX_SECONDS, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"the child ended with {done.returncode}")
    made: dict[str, Any] = json.loads(done.stdout)
    return made
