"""Nothing that a file does to its decoder reaches the process that asked."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from imaging import forking, limits, sandbox
from imaging.probe import main, probe
from imaging.reasons import SENTENCES, sentence
from imaging.refusals import Refusal, refusing
from tests.imaging import files

RunChild = Callable[[str], Iterator[dict[str, object]]]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def fresh_zygote() -> Iterator[None]:
    """What forks the children is started by this test, and ends with it."""
    forking.cool_down()
    yield
    forking.cool_down()


@pytest.fixture
def run_child(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fresh_zygote: None) -> RunChild:
    """The sandbox, with a child that does what a test says where it would inspect a file."""

    def run(body: str) -> Iterator[dict[str, object]]:
        program = tmp_path / "child.py"
        program.write_text(
            "import sys\nfrom pathlib import Path\nfrom imaging import workbench, zygote\n"
            f"def inspect(path, workspace, say):\n{body}\n"
            "workbench.inspect = inspect\nzygote.main(int(sys.argv[3]))\n"
        )
        starter = tmp_path / "python"
        starter.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{program}" "$@"\n')
        starter.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(starter))
        return sandbox.run("inspect", tmp_path / "file", tmp_path)

    return run


def code_of(events: Iterator[dict[str, object]]) -> str:
    with pytest.raises(Refusal) as refused:
        list(events)
    return refused.value.code


def test_a_sound_file_gives_facts_and_an_end(tmp_path: Path) -> None:
    path = files.save(files.dicom(np.zeros((8, 8), np.uint8)), tmp_path / "file.dcm")
    assert [event["event"] for event in sandbox.run("inspect", path, tmp_path)] == ["facts", "header", "done"]


def test_a_phone_s_whole_photo_is_taken_in_beside_the_small_previews(tmp_path: Path, fresh_zygote: None) -> None:
    path = tmp_path / "photo"
    path.write_bytes(files.jpeg(np.zeros((3000, 4000, 3), np.uint8)))
    assert [event["event"] for event in sandbox.run("inspect", path, tmp_path)] == ["facts", "done"]


def test_memory_is_limited(run_child: RunChild) -> None:
    body = f"    kept = bytearray({limits.SANDBOX_MEMORY_BYTES})"
    assert code_of(run_child(body)) == "out_of_memory"


def test_a_crash_is_one_refusal(run_child: RunChild) -> None:
    body = "    import ctypes; ctypes.string_at(0)"
    assert code_of(run_child(body)) == "crashed"


def test_any_exception_is_one_refusal(run_child: RunChild) -> None:
    assert code_of(run_child("    raise StopIteration")) == "crashed"


def test_time_is_limited(run_child: RunChild, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sandbox._SECONDS, "inspect", 1)
    assert code_of(run_child("    import signal; signal.pause()")) == "out_of_time"


def test_what_a_library_prints_is_not_taken_for_an_event(run_child: RunChild) -> None:
    body = '    print(\'{"event": "refused", "code": "x", "values": {}}\', flush=True); say({"event": "facts"})'
    assert [event["event"] for event in run_child(body)] == ["facts", "done"]


def test_the_child_sees_no_secret_of_the_parent(run_child: RunChild, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "very secret")
    body = '    import os; say({"event": "facts", "names": sorted(os.environ)})'
    first = next(run_child(body))
    assert "SECRET_KEY" not in str(first["names"])


def test_giving_up_early_ends_the_child(run_child: RunChild) -> None:
    body = '    import os, signal; say({"event": "facts", "pid": os.getpid()}); signal.pause()'
    events = run_child(body)
    pid = next(events)["pid"]
    assert isinstance(pid, int)
    events.close()  # type: ignore[attr-defined]  # a generator
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_processor_time_is_limited_even_where_nobody_waits(run_child: RunChild) -> None:
    body = (
        "    import resource; say({'event': 'facts', 'cpu': resource.getrlimit(resource.RLIMIT_CPU)[0],"
        " 'files': resource.getrlimit(resource.RLIMIT_FSIZE)[0], 'memory': resource.getrlimit(resource.RLIMIT_AS)[0]})"
    )
    said = next(run_child(body))
    assert said["cpu"] == limits.SANDBOX_CHECK_SECONDS
    assert (said["files"], said["memory"]) == (limits.SANDBOX_FILE_BYTES, limits.SANDBOX_MEMORY_BYTES)


def test_a_child_has_a_session_of_its_own_and_no_descriptor_but_its_voice(run_child: RunChild) -> None:
    body = (
        "    import os; own = os.getsid(0) == os.getpid()\n"
        "    fds = [n for n in range(256) if os.path.exists(f'/proc/self/fd/{n}')]\n"
        "    say({'event': 'facts', 'own': own, 'fds': fds})"
    )
    said = next(run_child(body))
    assert said["own"]
    assert said["fds"] == [0, 1, 2, 3]


def test_files_do_not_see_what_an_earlier_file_did_to_its_process(run_child: RunChild, tmp_path: Path) -> None:
    body = "    said = getattr(sys, 'kept', 0); sys.kept = 1; say({'event': 'facts', 'kept': said})"
    assert next(run_child(body))["kept"] == 0
    assert next(sandbox.run("inspect", tmp_path / "file", tmp_path))["kept"] == 0


def test_when_what_forks_the_children_was_killed_the_next_file_starts_it_anew(
    fresh_zygote: None, tmp_path: Path
) -> None:
    path = files.save(files.dicom(np.zeros((8, 8), np.uint8)), tmp_path / "file.dcm")
    for _ in range(2):
        assert [event["event"] for event in sandbox.run("inspect", path, tmp_path)] == ["facts", "header", "done"]
        assert forking._current is not None
        os.kill(forking._current.process.pid, signal.SIGKILL)


def test_when_it_is_killed_in_the_middle_of_a_file_the_file_is_done_once_more(run_child: RunChild) -> None:
    body = (
        "    import os, signal\n    mark = workspace / 'mark'\n"
        "    if not mark.exists():\n        mark.touch(); os.kill(os.getppid(), signal.SIGKILL); signal.pause()\n"
        "    say({'event': 'facts'})"
    )
    assert [event["event"] for event in run_child(body)] == ["facts", "done"]


def test_a_file_that_kills_it_every_time_is_refused(run_child: RunChild) -> None:
    body = "    import os, signal; os.kill(os.getppid(), signal.SIGKILL); signal.pause()"
    assert code_of(run_child(body)) == "crashed"


def test_it_has_one_thread_however_much_it_has_loaded(tmp_path: Path, fresh_zygote: None) -> None:
    path = files.save(files.dicom(np.zeros((8, 8), np.uint8)), tmp_path / "file.dcm")
    list(sandbox.run("inspect", path, tmp_path))
    assert forking._current is not None
    assert len(list(Path(f"/proc/{forking._current.process.pid}/task").iterdir())) == 1


def test_children_end_with_whoever_asked_for_them(run_child: RunChild, tmp_path: Path) -> None:
    python = sys.executable
    run_child('    import os, signal; say({"event": "facts", "pid": os.getpid()}); signal.pause()')
    asker = (
        "import sys; from pathlib import Path; from imaging import sandbox\n"
        f"sys.executable = {str(tmp_path / 'python')!r}\n"
        f"for event in sandbox.run('inspect', Path('file'), Path({str(tmp_path)!r})): print(event['pid'], flush=True)"
    )
    with subprocess.Popen([python, "-c", asker], stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        end = os.pidfd_open(child)
        process.kill()
    assert select.select([end], [], [], 20)[0] == [end]
    os.close(end)


def test_a_refusal_passes_a_wider_net_unchanged() -> None:
    with pytest.raises(Refusal) as refused, refusing("crashed"), refusing("damaged_header"):
        raise Refusal("truncated")
    assert refused.value.code == "truncated"


def test_the_probe_says_what_ingest_would(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = files.save(files.dicom(np.zeros((8, 8), np.uint8)), tmp_path / "file.dcm")
    assert main([str(good)]) == 0
    (tmp_path / "empty").touch()
    assert main([str(tmp_path / "empty")]) == 1
    assert '"code": "empty_file"' in capsys.readouterr().out
    assert probe(tmp_path / "empty")["reason"] == "This file is empty. Check it on the device and send it again."


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_every_reason_is_one_plain_sentence_with_its_values_filled(code: str) -> None:
    values = dict.fromkeys(("kind", "what", "name", "encoding", "header", "inside", "size"), "VALUE")
    said = sentence(code, {**values, "frames": 3, "frame": 2, "most": 500, "used": 400, "left_out": 3, "taken": 2})
    assert said is not None
    assert "%(" not in said
    assert said.endswith(".")


def test_every_code_that_the_folder_uses_has_its_sentence() -> None:
    import re

    used: set[str] = set()
    for path in Path(sandbox.__file__).parent.glob("*.py"):
        used |= set(re.findall(r'(?:Refusal|refusing)\(\s*"([a-z_]+)"', path.read_text(encoding="utf-8")))
    assert used <= set(SENTENCES)
