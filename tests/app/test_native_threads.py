"""Waiting for a disk in one native thread must not stop the others' consults."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app import native_threads
from imaging import store

ROOT = Path(__file__).resolve().parents[2]

# The disk is done only once a greenlet has gone on meanwhile; where none can, the alarm ends the program.
PROGRAM = """
import os, pathlib, signal, sys
read, write = os.read, os.write
{patch}
from imaging import store
signal.alarm(30)
told, teller = os.pipe()
file = pathlib.Path(sys.argv[1])
heard = []
os.fsync = lambda handle: heard.append(read(told, 1))
spawn(write, teller, b"x")
store.sync(file)
assert heard == [b"x"]

def full(handle):
    raise OSError(28, "full")

from app import config
from app.config import Config
config.use(Config(data_dir=file.parent, database_url="", secret_key=""))
many = [str(number) for number in range(20)]
for one in many:
    store.upload_path(one).write_bytes(b"bytes")
told, teller = os.pipe()
heard.clear()
os.fsync = lambda handle: heard.append(read(told, 1))
for _ in range(21):
    spawn(write, teller, b"x")
store.sync_uploads(many)  # several at once, and never in the one thread that everybody shares
assert len(heard) == 21

os.fsync = full
try:
    store.sync(file)
except OSError as error:
    print("went on", error.errno)
"""
PATCHES = {
    "eventlet": "import eventlet; eventlet.monkey_patch(); spawn = eventlet.spawn",
    "gevent": "from gevent import monkey; monkey.patch_all(); import gevent; spawn = gevent.spawn",
}


@pytest.mark.parametrize("mode", sorted(PATCHES))
def test_greenlets_go_on_while_a_file_is_written_to_the_disk(mode: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"bytes")
    program = PROGRAM.replace("{patch}", PATCHES[mode])
    done = subprocess.run([sys.executable, "-c", program, str(file)], cwd=ROOT, capture_output=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, b"went on 28\n"), done.stderr.decode()


def test_where_threads_are_native_the_work_is_done_in_the_same_one() -> None:
    assert native_threads.run(threading.get_ident) == threading.get_ident()


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        store.sync(tmp_path / "nowhere")
