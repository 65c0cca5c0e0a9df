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
    "token_made": _l("Made an access token"),
    "token_revoked": _l("Revoked an access token"),
    "audit_read": _l("Read the audit log"),
    "log_read": _l("Read the consult log"),
    "log_exported": _l("Exported the consult log"),
    "invitation_created": _l("Made a joining link"),
    "invitation_revoked": _l("Withdrew a joining link"),
    "join_refused": _l("Tried to join by link, refused"),
    "joined_by_link": _l("Joined by link"),
    "open_room": _l("Opened the consult room"),
    "join_room": _l("Came into the consult room"),
    "join_call": _l("Joined the call"),
    "leave_call": _l("Left the call"),
    "register_patient": _l("Registered a patient"),
    "search_patients": _l("Searched for patients"),
    "read_patient": _l("Read a patient's page"),
    "open_case": _l("Opened a case"),
    "read_case": _l("Read a case"),
    "edit_case": _l("Changed a case"),
    "record_consent": _l("Recorded consent"),
    "withdraw_consent": _l("Withdrew consent"),
    "read_today": _l("Read the list of their consults"),
    "read_worklist": _l("Read the worklist"),
    "create_consult": _l("Began a consult"),
    "read_consult": _l("Read a consult"),
    "edit_request": _l("Changed a request"),
    "request": _l("Requested a specialist"),
    "accept": _l("Took a consult"),
    "release": _l("Gave a consult back"),
    "start": _l("Began the talk"),
    "park": _l("Left a consult to be answered in writing"),
    "decline": _l("Declined a consult"),
    "cancel": _l("Cancelled a consult"),
    "conclude": _l("Concluded a consult"),
    "save_opinion_draft": _l("Wrote on an opinion"),
    "sign_opinion": _l("Signed an opinion"),
    "read_opinion": _l("Read an opinion"),
    "save_outcome_draft": _l("Wrote on an outcome"),
    "sign_outcome": _l("Signed an outcome"),
    "read_outcome": _l("Read an outcome"),
    "add_addendum": _l("Added an addendum"),
    "read_record": _l("Read the record"),
    "ask_for_report": _l("Asked for the record's PDF"),
    "download_record": _l("Downloaded the record's PDF"),
    "list_pictures": _l("Listed a case's pictures"),
    "view_instance": _l("Looked at a picture"),
    "download_original": _l("Downloaded an original picture"),
    "start_upload": _l("Began to send a file"),
    "cancel_upload": _l("Stopped sending a file"),
    "refuse_upload": _l("Sent a file that cannot be used"),
    "store_instance": _l("Added a picture"),
    "store_instance_again": _l("Sent a picture that was there already"),
    "hold_instance": _l("Held a picture: its file names another patient"),
    "read_hold": _l("Read whom a held picture names"),
    "decide_hold": _l("Decided whose a held picture is"),
    "seed_demo": _l("Made the demo program"),
}

OBJECTS = {
    "user": _l("Person"),
    "guest": _l("Guest"),
    "account": _l("Unknown account"),
    "facility": _l("Site"),
    "token": _l("Access token"),
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
    "addendum": _l("Addendum"),
    "program": _l("Program"),
}


def action_words(action: str) -> str:
    """An action as people say it; one without words of its own as it is called."""
    return str(ACTIONS.get(action) or action.replace("_", " ").capitalize())


def object_words(object_type: str) -> str:
    """A kind of object as people say it."""
    return str(OBJECTS.get(object_type) or object_type.replace("_", " ").capitalize())
