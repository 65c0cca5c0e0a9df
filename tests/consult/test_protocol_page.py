"""PROTOCOL.md tells of every command and fact, and of none that does not exist."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest

import consult.chat.protocol
import consult.protocol
import consult.sockets
import consult.stage.protocol
import consult.stills.protocol
import video.protocol
import video.recordings.protocol

PAGE = (Path(consult.protocol.__file__).parent / "PROTOCOL.md").read_text(encoding="utf-8")
MODULES = (
    consult.protocol,
    consult.chat.protocol,
    consult.stage.protocol,
    consult.stills.protocol,
    video.protocol,
    video.recordings.protocol,
)
RATED = (
    consult.sockets,
    consult.chat.protocol,
    consult.stage.protocol,
    consult.stills.protocol,
    video.protocol,
    video.recordings.protocol,
)
HEADING = re.compile(r"^### `(\w+)` \((command|fact)\)\n(.+?)(?=^#|\Z)", re.MULTILINE | re.DOTALL)
TOLD = {(name, kind): text for name, kind, text in HEADING.findall(PAGE)}


def names(table: str) -> list[str]:
    return [name for module in MODULES for name in getattr(module, table)]


@pytest.mark.parametrize(("table", "kind"), [("COMMANDS", "command"), ("FACTS", "fact")])
def test_the_page_names_what_the_tables_name_and_no_others(table: str, kind: str) -> None:
    assert sorted(name for name, what in TOLD if what == kind) == sorted(names(table))
    assert len(re.findall(rf"^### .*\({kind}\)$", PAGE, re.MULTILINE)) == len(names(table))


def test_no_name_is_used_twice() -> None:
    everything = names("COMMANDS") + names("FACTS")
    assert len(everything) == len(set(everything))


def rates(module: ModuleType) -> dict[str, float]:
    found: dict[str, float] = module.PER_SECOND
    return found


@pytest.mark.parametrize("module", RATED)
def test_the_page_says_each_commands_rate_as_it_is_enforced(module: ModuleType) -> None:
    for name, rate in rates(module).items():
        if name != "point_stage":  # dropped without a word by a limit of its own
            assert f"At most {rate:g} a second." in TOLD[name, "command"], name


def test_every_command_has_a_rate() -> None:
    limited = [name for module in RATED for name in rates(module)]
    assert sorted(limited) == sorted(names("COMMANDS"))
