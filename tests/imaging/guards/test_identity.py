"""Whose picture it is: what agrees, what says nothing, what differs."""

from __future__ import annotations

from datetime import date

import pytest

from imaging.guards.identity import CaseIdentity, FileIdentity, compare
from imaging.guards.names import likeness, says_nothing

TODAY = date(2026, 11, 26)
SUNITA = CaseIdentity("Sunita Devi", None, 1972, "female", frozenset({"p1"}))
RAVI = CaseIdentity("Ravi Kumar", date(2017, 4, 9), 2017, "male")

SAME = [
    ("DEVI^SUNITA", "Sunita Devi"),
    ("sunita  devi", "SUNITA^DEVI^^^"),
    ("Smt. Sunita", "Sunita Devi"),
    ("Mr^Ravi", "Ravi"),
    ("SUNITA DEVI W/O RAMESH", "Sunita Devi"),
    ("Baby of Sita Devi", "Sita Devi"),
    ("S. Lakshmi", "Lakshmi Srinivasan"),
    ("Laxmi^S", "Lakshmi"),
    ("RAMKUMAR", "Ram Kumar"),
    ("Vijayalakshmi", "Vijaya Laxmi"),
    ("MOHD^SALIM", "Mohammed Saleem"),
    ("Chowdhury", "Choudhari"),
    ("Srivastava^Anil", "Anil Shrivastav"),
    ("Subramanyam^K", "K Subramaniam"),
    ("Vijay", "Bijay"),
    ("Kamla", "Kamala Bai"),
    ("सुनीता देवी", "Sunita Devi"),
    ("ಲಕ್ಷ್ಮಿ", "Lakshmi"),
    ("Wang^XiaoDong=王^小东", "Xiao Dong Wang"),
    ("José", "Jose"),
]
DIFFERENT = [
    ("DEVI^KAMLA", "Sunita Devi"),
    ("Anita", "Sunita"),
    ("Asha", "Usha"),
    ("Sita", "Gita"),
    ("Ravi", "Rani"),
    ("Savita", "Kavita"),
    ("Ramesh", "Rakesh"),
    ("Suresh", "Naresh"),
    ("Mohan", "Mohini"),
    ("Anil", "Anila"),
    ("Ravi Verma", "Ravi Kumar Sharma"),
    ("K Lakshmi", "S Lakshmi"),
    ("सुनीता", "Kavita"),
    ("OTHER^PERSON", "Sunita Devi"),
]
SILENT = ["", " ", "^^^^", "--", "ANONYMOUS", "ANON-1234", "TEST^PATIENT", "Patient^Anonymous", "XX^XX", "JXD191021006"]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_name_are_one_name(one: str, other: str) -> None:
    assert likeness(one, other) == likeness(other, one) == "same"


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_names_of_two_people_differ(one: str, other: str) -> None:
    assert likeness(one, other) == likeness(other, one) == "different"


@pytest.mark.parametrize("name", SILENT)
def test_a_placeholder_says_nothing_and_never_accuses(name: str) -> None:
    assert says_nothing(name)
    assert likeness(name, "Sunita Devi") == "unknown"


@pytest.mark.parametrize("name", ["DEVI", "S K", "Smt", "山田", "قباني"])
def test_a_name_that_tells_nobody_apart_or_cannot_be_read_is_left_open(name: str) -> None:
    assert likeness(name, "Sunita Devi") == "unknown"


@pytest.mark.parametrize("name", ["\x00" * 500, "a" * 100_000, "^=^=^=" * 1000, "᠎​‮", "ा" * 300])
def test_a_hostile_name_is_compared_like_any_other(name: str) -> None:
    assert likeness(name, "Sunita Devi") in ("same", "different", "unknown")


@pytest.mark.parametrize(
    ("told", "finding"),
    [
        ({"birth_date": "19720301"}, "same"),
        ({"birth_date": "19770301"}, "same"),  # five years at 54: a told age
        ({"birth_date": "19790301"}, "different"),
        ({"birth_date": "00000000"}, "unknown"),
        ({"birth_date": "19000101"}, "unknown"),
        ({"birth_date": "20251399"}, "unknown"),
        ({"age": "054Y"}, "same"),
        ({"age": "62"}, "different"),
        ({"age": "000Y"}, "unknown"),
        ({"age": "009M"}, "different"),
        ({"age": "030Y", "study_date": "20020101"}, "same"),  # true when the study was made
    ],
)
def test_a_year_reckoned_from_an_age_is_compared_with_room(told: dict[str, str], finding: str) -> None:
    verdict = compare(FileIdentity(**told), SUNITA, TODAY)
    found = "different" if verdict.differing else "same" if verdict.agreeing else "unknown"
    assert found == finding


@pytest.mark.parametrize(
    ("told", "differs"),
    [("20170409", False), ("20170904", False), ("20170101", False), ("20170410", True), ("2017.04.09", False)],
)
def test_a_birth_date_known_to_the_day_is_compared_to_the_day(told: str, differs: bool) -> None:
    assert (compare(FileIdentity(birth_date=told), RAVI, TODAY).state == "differs") is differs


@pytest.mark.parametrize(("told", "state"), [("F", "silent"), ("M", "differs"), ("O", "silent"), ("Male", "differs")])
def test_only_male_against_female_differs_in_sex(told: str, state: str) -> None:
    assert compare(FileIdentity(sex=told), SUNITA, TODAY).state == state


def test_an_id_counts_only_under_our_own_issuer() -> None:
    assert compare(FileIdentity(patient_id="other"), SUNITA, TODAY).state == "silent"
    assert compare(FileIdentity(patient_id="other", issuer="CCHS"), SUNITA, TODAY).state == "silent"
    assert compare(FileIdentity(patient_id="other", issuer="nidaan"), SUNITA, TODAY).differing == ("patient_id",)
    assert compare(FileIdentity(patient_id="p1", issuer="NIDAAN"), SUNITA, TODAY).state == "agrees"


def test_a_name_that_agrees_does_not_excuse_another_sex() -> None:
    verdict = compare(FileIdentity(name="DEVI^SUNITA", sex="M"), SUNITA, TODAY)
    assert (verdict.state, verdict.differing, verdict.agreeing) == ("differs", ("sex",), ("name",))


def test_a_file_whose_identity_was_removed_says_nothing() -> None:
    assert compare(FileIdentity(name="OTHER^PERSON", removed="YES"), SUNITA, TODAY).state == "silent"


def test_an_identity_survives_its_way_through_json_and_nothing_else_does() -> None:
    told = FileIdentity(name="A^B", sex="F")
    assert FileIdentity.from_json({**told.as_json(), "age": 5, "more": "x"}) == told
