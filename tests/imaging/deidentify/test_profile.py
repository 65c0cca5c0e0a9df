"""The table of PS3.15: whole, of the edition that it says, and read as the standard means it."""

from __future__ import annotations

import csv

import pytest
from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.sr.codedict import codes

from imaging.deidentify import profile
from imaging.deidentify.presets import PRESETS
from imaging.deidentify.profile import COLUMNS, OPTION_CODES, PROFILE_CODE, rule_of, rules

NOTHING: frozenset[profile.Option] = frozenset()

# Read off PS3.15 2026c by hand: name, basic action.
SPOT_CHECKS = {
    "00080018": ("SOP Instance UID", "U"),
    "00080020": ("Study Date", "Z"),
    "00080050": ("Accession Number", "Z"),
    "00080080": ("Institution Name", "X/Z/D"),
    "00080090": ("Referring Physician's Name", "Z"),
    "00081030": ("Study Description", "X"),
    "00081140": ("Referenced Image Sequence", "X/Z/U*"),
    "00100010": ("Patient's Name", "Z"),
    "00100020": ("Patient ID", "Z/D"),
    "00100030": ("Patient's Birth Date", "Z"),
    "00101010": ("Patient's Age", "X"),
    "00104000": ("Patient Comments", "X"),
    "0020000d": ("Study Instance UID", "U"),
    "00204000": ("Image Comments", "X"),
    "00880200": ("Icon Image Sequence", "X"),
    "00420011": ("Encapsulated Document", "D"),
    "fffcfffc": ("Data Set Trailing Padding", "X"),
}

# The table itself gives these UIDs no way to stay.
WITHOUT_OPTION = {"04000100", "0040a124"}


def test_the_edition_is_named_and_the_table_is_whole() -> None:
    assert profile.EDITION == "2026c"
    assert len(rules()) == 656
    with profile.TABLE.open(encoding="utf-8") as file:
        tags = [row["tag"] for row in csv.DictReader(file)]
    assert tags == sorted(set(tags))


@pytest.mark.parametrize("tag", SPOT_CHECKS)
def test_rows_say_what_the_standard_says(tag: str) -> None:
    rule = rules()[tag]
    assert (rule.name, rule.basic) == SPOT_CHECKS[tag]


def test_every_code_is_one_of_the_standards_and_every_column_is_used() -> None:
    assert {rule.basic for rule in rules().values()} == set(profile._BASIC)
    said = {(option, code) for rule in rules().values() for option, code in rule.options.items()}
    assert {option for option, _code in said} == set(COLUMNS)
    assert {code for _option, code in said} == {"K", "C", "X"}


def test_every_row_that_pydicom_knows_has_its_value_representation() -> None:
    known = [rule for rule in rules().values() if "x" not in rule.tag and rule.tag != "private" and rule.vr]
    assert len(known) > 600
    for rule in known:
        tag = int(rule.tag, 16)
        assert keyword_for_tag(tag)
        assert rule.vr == dictionary_VR(tag), rule


def test_dates_and_uids_have_their_options_however_new_they_are() -> None:
    for rule in rules().values():
        if rule.options and rule.vr in {"DA", "DT"} and rule.basic != "U":
            assert rule.options.get("retain_modified_dates") == "C", rule
        if rule.vr == "UI" and rule.basic == "U" and rule.tag not in WITHOUT_OPTION:
            assert rule.options.get("retain_uids") == "K", rule


def test_repeating_groups_and_private_attributes_have_their_rows() -> None:
    assert rule_of(0x6002, 0x3000) is rules()["60xx3000"]
    assert rule_of(0x5004, 0x0010) is rules()["50xxxxxx"]
    assert rule_of(0x0009, 0x1001) is rules()["private"]
    assert rule_of(0x0028, 0x0010) is None


def test_an_option_overrides_the_basic_action_and_keeping_beats_cleaning() -> None:
    age, study_date = rules()["00101010"], rules()["00080020"]
    assert age.action(NOTHING) == "remove"
    assert age.action(frozenset({"retain_patient"})) == "keep"
    assert study_date.action(NOTHING) == "empty"
    assert study_date.action(frozenset({"retain_modified_dates"})) == "clean"
    assert study_date.action(frozenset({"retain_modified_dates", "retain_full_dates"})) == "keep"


def test_codes_of_the_method_are_those_of_context_group_7050() -> None:
    ours = {PROFILE_CODE, *OPTION_CODES.values()}
    theirs = {(concept.value, concept.meaning) for concept in codes.cid7050.concepts.values()}
    assert ours == theirs


def test_no_preset_keeps_what_names_the_patient() -> None:
    for preset in PRESETS.values():
        for tag in ("00100010", "00100020", "00100030", "00080050", "00080080", "00080018", "00080020", "00081010"):
            assert rules()[tag].action(preset.options) != "keep", (preset.name, tag)
