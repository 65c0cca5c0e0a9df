"""The audit log's actions and objects in plain words."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

ACTIONS = {
    "sign_in": _l("Signed in"),
    "sign_in_refused": _l("Tried to sign in, refused"),
    "sign_out": _l("Signed out"),
    "password_changed": _l("Changed own password"),
    "password_change_refused": _l("Tried to change own password, refused"),
    "password_reset": _l("Set a temporary password"),
    "person_added": _l("Added a person"),
    "person_edited": _l("Changed a person"),
    "person_deactivated": _l("Deactivated a person"),
    "person_activated": _l("Activated a person"),
    "site_added": _l("Added a site"),
    "site_edited": _l("Changed a site"),
    "audit_read": _l("Read the audit log"),
    "log_read": _l("Read the consult log"),
    "log_exported": _l("Exported the consult log"),
    "invitation_created": _l("Made a joining link"),
    "invitation_revoked": _l("Withdrew a joining link"),
    "join_refused": _l("Tried to join by link, refused"),
    "joined_by_link": _l("Joined by link"),
    "open_room": _l("Opened the consult room"),
}

OBJECTS = {
    "user": _l("Person"),
    "guest": _l("Guest"),
    "account": _l("Unknown account"),
    "facility": _l("Site"),
    "audit": _l("Audit log"),
    "consult": _l("Consult"),
    "consult_log": _l("Consult log"),
    "case": _l("Case"),
    "patient": _l("Patient"),
    "invitation": _l("Joining link"),
    "instance": _l("Picture"),
    "study": _l("Study"),
    "upload": _l("Upload"),
    "opinion": _l("Opinion"),
    "outcome": _l("Outcome"),
    "report": _l("Report"),
}


def action_words(action: str) -> str:
    """An action as people say it; one without words of its own as it is called."""
    return str(ACTIONS.get(action) or action.replace("_", " ").capitalize())


def object_words(object_type: str) -> str:
    """A kind of object as people say it."""
    return str(OBJECTS.get(object_type) or object_type.replace("_", " ").capitalize())
