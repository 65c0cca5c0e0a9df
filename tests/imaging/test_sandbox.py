"""Nothing that a file does to its decoder reaches the process that asked."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from imaging import limits, sandbox
from imaging.probe import main, probe
from imaging.reasons import SENTENCES, sentence
from imaging.refusals import Refusal, refusing
from tests.imaging import files


def run_child(body: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[str, object]]:
    """The sandbox, with a program of ours where the child would be."""
    program = tmp_path / "child.py"
    program.write_text(
        "import sys\nfrom pathlib import Path\nfrom imaging import sandbox, workbench\n"
        f"def inspect(path, workspace, say):\n{body}\n"
        "workbench.inspect = inspect\nsandbox._child(sys.argv[3:])\n"
    )
    starter = tmp_path / "python"
    starter.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{program}" "$@"\n')
    starter.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(starter))
    return sandbox.run("inspect", tmp_path / "file", tmp_path)


def code_of(events: Iterator[dict[str, object]]) -> str:
    with pytest.raises(Refusal) as refused:
        list(events)
    return refused.value.code


def test_a_sound_file_gives_facts_and_an_end(tmp_path: Path) -> None:
    path = files.save(files.dicom(np.zeros((8, 8), np.uint8)), tmp_path / "file.dcm")
    assert [event["event"] for event in sandbox.run("inspect", path, tmp_path)] == ["facts", "done"]


def test_memory_is_limited(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    body = f"    kept = bytearray({limits.SANDBOX_MEMORY_BYTES})"
    assert code_of(run_child(body, monkeypatch, tmp_path)) == "out_of_memory"


def test_a_crash_is_one_refusal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    body = "    import ctypes; ctypes.string_at(0)"
    assert code_of(run_child(body, monkeypatch, tmp_path)) == "crashed"


def test_any_exception_is_one_refusal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert code_of(run_child("    raise StopIteration", monkeypatch, tmp_path)) == "crashed"


def test_time_is_limited(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sandbox._SECONDS, "inspect", 1)
    assert code_of(run_child("    import signal; signal.pause()", monkeypatch, tmp_path)) == "out_of_time"


def test_what_a_library_prints_is_not_taken_for_an_event(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    body = '    print(\'{"event": "refused", "code": "x", "values": {}}\', flush=True); say({"event": "facts"})'
    assert [event["event"] for event in run_child(body, monkeypatch, tmp_path)] == ["facts", "done"]


def test_the_child_sees_no_secret_of_the_parent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SECRET_KEY", "very secret")
    body = '    import os; say({"event": "facts", "names": sorted(os.environ)})'
    first = next(run_child(body, monkeypatch, tmp_path))
    assert "SECRET_KEY" not in str(first["names"])


def test_giving_up_early_ends_the_child(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    body = '    import os, signal; say({"event": "facts", "pid": os.getpid()}); signal.pause()'
    events = run_child(body, monkeypatch, tmp_path)
    pid = next(events)["pid"]
    assert isinstance(pid, int)
    events.close()  # type: ignore[attr-defined]  # a generator
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


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
    said = sentence(code, {**values, "frames": 3, "frame": 2, "most": 500})
    assert said is not None
    assert "%(" not in said
    assert said.endswith(".")


def test_every_code_that_the_folder_uses_has_its_sentence() -> None:
    import re

    used: set[str] = set()
    for path in Path(sandbox.__file__).parent.glob("*.py"):
        used |= set(re.findall(r'(?:Refusal|refusing)\(\s*"([a-z_]+)"', path.read_text(encoding="utf-8")))
    assert used <= set(SENTENCES)
