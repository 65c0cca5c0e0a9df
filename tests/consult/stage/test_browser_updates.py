"""Bytes that Yjs 13.6 itself wrote (`browser_updates.json`): edits, undo and redo, removals, merged updates, a gap.

The file holds each update as it was sent, the whole document, all updates merged, three of them merged over gaps (the
first, third and fifth), and what the browser's copy then held.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.errors import Conflict
from consult.stage.document import StageDocument
from tests.consult.stage.drawing import DOCTOR

SENT: dict[str, Any] = json.loads(Path(__file__).with_name("browser_updates.json").read_text())


def holds_what_the_browser_holds(document: StageDocument) -> bool:
    content = SENT["content"]
    held = {"annotations": document.annotations(), "views": document.views(), "key_images": document.key_images()}
    return held == {name: content[name] for name in held} and document.presenter() == content["stage"]["presenter"]


def after(*updates: str) -> StageDocument:
    document = StageDocument()
    for update in updates:
        document.apply(bytes.fromhex(update), DOCTOR, "treating_doctor")
    return document


def test_each_update_as_it_was_sent() -> None:
    assert holds_what_the_browser_holds(after(*SENT["updates"]))


@pytest.mark.parametrize("form", ["whole", "merged"])
def test_everything_at_once_after_a_time_without_a_line(form: str) -> None:
    assert holds_what_the_browser_holds(after(SENT[form]))


def test_updates_merged_over_a_gap_wait_for_what_is_missing() -> None:
    with pytest.raises(Conflict) as error:
        after(SENT["updates"][0], SENT["gap"])
    assert error.value.code == "out_of_step"
    assert holds_what_the_browser_holds(after(*SENT["updates"], SENT["gap"]))
