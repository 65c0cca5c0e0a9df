"""The client's message types, made from the server's models."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Literal, cast

import pytest
from pydantic import BaseModel, ConfigDict, Field

from app.protocol_types import MODULES, commands, facts, ts_type, typescript

ROOT = Path(__file__).resolve().parents[2]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Nothing(Strict):
    """Nothing to say."""


class Window(Strict):
    """Values from black to white."""

    center: float
    width: float = 1.0


class Ask(Strict):
    update: bytes
    window: Window | None = None
    mode: Literal["move", "draw"] = "move"


class Told(Strict):
    sender: str = Field(alias="from")
    window: Window
    tags: list[Literal["a", "b"]] = []
    extra: dict[str, Any] = {}
    pair: tuple[int, str]


def module(**contents: object) -> ModuleType:
    given: dict[str, object] = {"COMMANDS": {}, "FACTS": {}, **contents}
    return cast(ModuleType, SimpleNamespace(**given))


SAMPLE = module(COMMANDS={"ask": (Ask, Nothing), "leave": (Nothing, Nothing)}, FACTS={"told": Told})


def test_bytes_are_uint8array_and_what_has_a_default_may_be_left_out_when_sent() -> None:
    made = typescript([SAMPLE])
    assert (
        'export interface Ask {\n  update: Uint8Array;\n  window?: WindowInput | null;\n  mode?: "move" | "draw";\n}\n'
    ) in made
    assert (
        "/** Values from black to white. */\nexport interface WindowInput {\n  center: number;\n  width?: number;\n}\n"
    ) in made


def test_what_is_received_has_every_field_under_the_name_on_the_wire() -> None:
    made = typescript([SAMPLE])
    assert (
        "export interface Told {\n"
        "  from: string;\n"
        "  window: Window;\n"
        '  tags: ("a" | "b")[];\n'
        "  extra: Record<string, unknown>;\n"
        "  pair: [number, string];\n"
        "}\n"
    ) in made
    assert "export interface Window {\n  center: number;\n  width: number;\n}\n" in made


def test_the_maps_join_names_to_messages() -> None:
    made = typescript([SAMPLE])
    assert (
        "export interface Commands {\n"
        "  ask: { message: Ask; reply: Empty };\n"
        "  leave: { message: Empty; reply: Empty };\n"
        "}\n"
    ) in made
    assert "export interface Facts {\n  told: Told;\n}\n" in made


def test_models_of_the_same_name_in_two_modules_stay_apart() -> None:
    first = type("Told", (Strict,), {"__annotations__": {"a": int}, "__module__": "video.protocol"})
    made = typescript([SAMPLE, module(FACTS={"other": first})])
    assert "export interface VideoTold {\n  a: number;\n}\n" in made
    assert "  other: VideoTold;\n" in made


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "integer"}, "number"),
        ({"const": 'say "ah"'}, '"say \\"ah\\""'),
        ({"const": True}, "true"),
        ({"enum": [0, 90, None]}, "0 | 90 | null"),
        ({"anyOf": [{"type": "integer"}, {"type": "number"}, {"type": "null"}]}, "number | null"),
        ({"type": "array"}, "unknown[]"),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, "Record<string, boolean>"),
        ({}, "unknown"),
    ],
)
def test_each_kind_of_schema_has_its_type(schema: dict[str, Any], expected: str) -> None:
    assert ts_type(schema) == expected


def test_a_kind_without_a_type_is_an_error_and_not_a_guess() -> None:
    with pytest.raises(ValueError, match="no TypeScript type"):
        ts_type({"type": "tuple"})


def test_a_name_defined_twice_is_an_error() -> None:
    with pytest.raises(ValueError, match="ask is defined twice"):
        commands([SAMPLE, SAMPLE])
    with pytest.raises(ValueError, match="told is defined twice"):
        facts([SAMPLE, SAMPLE])


def test_the_types_in_the_client_are_up_to_date() -> None:
    made = typescript([importlib.import_module(name) for name in MODULES])
    kept = (ROOT / "static/src/realtime/protocol.ts").read_text(encoding="utf-8")
    assert kept == made, "run `make protocol`"
