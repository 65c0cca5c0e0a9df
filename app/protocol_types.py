"""`python -m app.protocol_types > static/src/realtime/protocol.ts`: the socket messages as TypeScript.

The pydantic models are the one source. What the client sends is described as the server reads it (a field with a
default may be left out); what it receives as the server writes it (every field is there).
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema
from pydantic_core import core_schema

MODULES = (
    "consult.protocol",
    "consult.chat.protocol",
    "consult.stage.protocol",
    "consult.stills.protocol",
    "video.protocol",
    "video.recordings.protocol",
)
HEADER = "// Made from the message models by `make protocol`; `make check` holds it up to date. Not to be edited.\n"

Model = type[BaseModel]
Mode = Literal["validation", "serialization"]
Schema = Mapping[str, Any]
Field = core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField


class _Written(GenerateJsonSchema):
    """What the server writes always has every field, those with a default too."""

    def field_is_required(self, field: Field, total: bool) -> bool:
        return self.mode == "serialization" or super().field_is_required(field, total)


def commands(modules: list[ModuleType]) -> dict[str, tuple[Model, Model | None]]:
    """Every command's message and reply, in the modules' order; None for a reply that says nothing."""
    found: dict[str, tuple[Model, Model | None]] = {}
    for module in modules:
        replies: Mapping[str, Model] = getattr(module, "REPLIES", {})
        for name, given in module.COMMANDS.items():
            if name in found:
                raise ValueError(f"the command {name} is defined twice")
            found[name] = given if isinstance(given, tuple) else (given, replies.get(name))
    return found


def facts(modules: list[ModuleType]) -> dict[str, Model]:
    """Every fact's message, in the modules' order."""
    found: dict[str, Model] = {}
    for module in modules:
        for name, model in module.FACTS.items():
            if name in found:
                raise ValueError(f"the fact {name} is defined twice")
            found[name] = model
    return found


def typescript(modules: list[ModuleType]) -> str:
    """The whole of protocol.ts: one interface a model, then the maps `Commands` and `Facts`."""
    asked, told = commands(modules), facts(modules)
    wanted: dict[tuple[Model, Mode], None] = {}
    for message, reply in asked.values():
        wanted[message, "validation"] = None
        if reply:
            wanted[reply, "serialization"] = None
    for fact in told.values():
        wanted[fact, "serialization"] = None
    references, schema = models_json_schema(list(wanted), by_alias=True, schema_generator=_Written)
    definitions: dict[str, Schema] = schema.get("$defs", {})
    empty = {key for key, definition in definitions.items() if _is_empty(definition)}
    names = {key: _reference(reference, empty) for key, reference in references.items()}

    def pair(message: Model, reply: Model | None) -> str:
        answered = names[reply, "serialization"] if reply else "Empty"
        return f"{{ message: {names[message, 'validation']}; reply: {answered} }}"

    parts = [HEADER, "/** A message that says nothing but its name. */\nexport type Empty = Record<string, never>;\n"]
    parts += [declaration(interface_name(name), definitions[name]) for name in sorted(set(definitions) - empty)]
    parts.append(_map("Commands", "What the client asks.", {name: pair(*given) for name, given in asked.items()}))
    parts.append(_map("Facts", "What the server tells.", {n: names[m, "serialization"] for n, m in told.items()}))
    return "\n".join(parts)


def _is_empty(definition: Schema) -> bool:
    return definition.get("additionalProperties") is False and not definition.get("properties")


def _reference(schema: Schema, empty: set[str]) -> str:
    return "Empty" if str(schema.get("$ref")).rsplit("/", 1)[-1] in empty else ts_type(schema)


def interface_name(key: str) -> str:
    """A definition's key as a TypeScript name.

    A model that the client may send with fewer fields than it receives has two keys: `X-Output` is plain X here.
    Models of one name in two modules have long keys: `video__protocol__X` becomes VideoX.
    """
    words = [word for word in re.split(r"[^A-Za-z0-9]+", key.removesuffix("-Output")) if word and word != "protocol"]
    return "".join(word[0].upper() + word[1:] for word in words)


def declaration(name: str, schema: Schema) -> str:
    """One exported interface; other kinds of schema (an enum) become a type of that name."""
    comment = _comment(schema.get("description"), "")
    if schema.get("type") != "object" or not schema.get("properties"):
        return f"{comment}export type {name} = {ts_type(schema)};\n"
    required = set(schema.get("required", ()))
    lines = [
        f"{_comment(field.get('description'), '  ')}  {_key(key)}{'' if key in required else '?'}: {ts_type(field)};"
        for key, field in schema["properties"].items()
    ]
    return f"{comment}export interface {name} {{\n" + "\n".join(lines) + "\n}\n"


def ts_type(schema: Schema) -> str:
    """The TypeScript type for one JSON schema (draft 2020-12, as far as pydantic writes it)."""
    if "$ref" in schema:
        return interface_name(schema["$ref"].rsplit("/", 1)[1])
    if "const" in schema:
        return _literal(schema["const"])
    if "enum" in schema:
        return " | ".join(_literal(value) for value in schema["enum"])
    for key, joint in (("anyOf", " | "), ("oneOf", " | "), ("allOf", " & ")):
        if key in schema:
            return joint.join(dict.fromkeys(ts_type(option) for option in schema[key]))
    return _plain(schema)


def _plain(schema: Schema) -> str:
    match schema.get("type"):
        case "string":
            return "Uint8Array" if schema.get("format") == "binary" else "string"
        case "integer" | "number":
            return "number"
        case "boolean":
            return "boolean"
        case "null":
            return "null"
        case "array":
            return _array(schema)
        case "object":
            return _object(schema)
        case None:
            return "unknown"
        case other:
            raise ValueError(f"no TypeScript type for {other!r}")


def _array(schema: Schema) -> str:
    if "prefixItems" in schema:
        return f"[{', '.join(ts_type(item) for item in schema['prefixItems'])}]"
    item = ts_type(schema.get("items", {}))
    return f"({item})[]" if " | " in item or " & " in item else f"{item}[]"


def _object(schema: Schema) -> str:
    if schema.get("properties"):
        raise ValueError("a nested object needs a model of its own, so that its type has a name")
    extra = schema.get("additionalProperties", True)
    if extra is False:
        return "Record<string, never>"
    return f"Record<string, {ts_type(extra) if isinstance(extra, dict) else 'unknown'}>"


def _literal(value: Any) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return "null" if value is None else str(value).lower()


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_$][\w$]*", name) else _literal(name)


def _comment(text: str | None, indent: str) -> str:
    if not text:
        return ""
    lines = [line.strip().replace("*/", "* /") for line in text.strip().splitlines()]
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    return f"{indent}/**\n" + "".join(f"{indent} * {line}".rstrip() + "\n" for line in lines) + f"{indent} */\n"


def _map(name: str, comment: str, entries: Mapping[str, str]) -> str:
    lines = "".join(f"  {_key(key)}: {value};\n" for key, value in entries.items())
    return f"/** {comment} */\nexport interface {name} {{\n{lines}}}\n"


def main() -> None:
    """Write the types of every protocol module to standard output."""
    sys.stdout.write(typescript([importlib.import_module(name) for name in MODULES]))


if __name__ == "__main__":
    main()
