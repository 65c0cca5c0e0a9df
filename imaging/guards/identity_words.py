"""What a file and a case say of a patient, field by field, in words that can stand side by side."""

from __future__ import annotations

from flask_babel import gettext as _

from imaging.guards.identity import CaseIdentity, FileIdentity


def field_words() -> dict[str, str]:
    """What each field of `identity.FIELDS` is called."""
    return {"name": _("Name"), "birth_date": _("Born"), "sex": _("Sex"), "patient_id": _("Patient number")}


def file_words(field: str, told: FileIdentity) -> str:
    """The field as the file has it; empty where it says nothing."""
    match field:
        case "name":
            return " ".join(told.name.replace("^", " ").split())
        case "birth_date":
            return _date_words(told.birth_date) or told.age
        case "sex":
            return _sex_words({"F": "female", "M": "male", "O": "other"}.get(told.sex.strip().upper()[:1], ""))
        case _:
            return told.patient_id


def case_words(field: str, case: CaseIdentity) -> str:
    """The field as the case has it; empty where nothing is known."""
    match field:
        case "name":
            return case.name
        case "birth_date":
            return case.birth_date.isoformat() if case.birth_date else _("about %(year)s", year=case.birth_year)
        case "sex":
            return _sex_words(case.sex)
        case _:
            return ", ".join(sorted(case.patient_ids))


def _date_words(told: str) -> str:
    return f"{told[:4]}-{told[4:6]}-{told[6:]}" if len(told) == 8 and told.isdigit() else told


def _sex_words(sex: str) -> str:
    return {"female": _("female"), "male": _("male"), "other": _("other")}.get(sex, "")
