"""The sentence for each refusal code, through the translation catalogue; written for a doctor, not a programmer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

SENTENCES: dict[str, LazyString] = {
    "empty_file": _("This file is empty. Check it on the device and send it again."),
    "unknown_kind": _("This is not a file that can be shown. Send DICOM, a photograph or a video."),
    "other_kind": _("This is a %(kind)s file, which cannot be shown. Send DICOM, a photograph or a video."),
    "damaged_header": _("The DICOM header of this file is damaged, so its picture cannot be trusted."),
    "nested_too_deep": _("The DICOM header of this file is nested too deeply to be real."),
    "no_picture": _("This DICOM file holds no picture."),
    "not_an_image": _("This DICOM file is a document or an index, not a picture: %(what)s."),
    "missing_value": _("The DICOM header does not say %(name)s, so the picture cannot be drawn."),
    "wrong_value": _("The DICOM header has an impossible value for %(name)s, so the picture cannot be drawn."),
    "unsupported_encoding": _("The picture is packed in a way that cannot be opened here (%(encoding)s)."),
    "unsupported_pixels": _("The pixels are of a kind that cannot be shown here (%(kind)s)."),
    "truncated": _("The file stops before its picture does: it was cut off. Send it again from the device."),
    "size_mismatch": _("The header says %(header)s pixels and the picture inside is %(inside)s. The file is damaged."),
    "encoding_mismatch": _("The picture is not packed the way the header says. The file is damaged."),
    "frames_mismatch": _("The header says %(header)s frames and the file holds %(inside)s. The file is damaged."),
    "too_large": _("The picture is too large to open safely (%(size)s pixels)."),
    "too_many_frames": _("The clip has too many frames to open safely (%(frames)s)."),
    "inflates_too_much": _("The file unpacks to far more data than a picture needs, so it was not opened."),
    "cannot_decode": _("Frame %(frame)s cannot be decoded: the file is damaged."),
    "damaged_picture": _("The picture is damaged or was cut off. Send it again from the device."),
    "damaged_document": _("The document is damaged or locked, so its pages cannot be shown. Send it again."),
    "damaged_video": _("The video is damaged or was cut off. Send it again from the device."),
    "no_video": _("The file holds sound only, no moving picture."),
    "out_of_memory": _("Opening this file needed more memory than is allowed, so it was stopped."),
    "out_of_time": _("Opening this file took too long, so it was stopped."),
    "model_missing": _("%(name)s could not be started. Tell the administrator."),
    "model_late": _("%(name)s took too long and was stopped. The picture itself is not affected."),
    "model_failed": _("%(name)s failed on this picture. The picture itself is not affected."),
    "model_silent": _("%(name)s gave no result for this picture."),
    "model_answer": _("%(name)s answered in a way that cannot be trusted, so nothing of it is shown."),
    "held": _("This picture is held back: it may be another patient's."),
    "identity_left": _("This picture was not copied: something that names the patient was still in it."),
    "crashed": _("The file could not be opened: reading it failed."),
    "conflict": _("Another file with the same identity but a different picture is already here. Ask who made it."),
    "conflict_kept": _(
        "Another file with the same identity came before this one, and that one is shown. This one is kept as it came, "
        "in the inbox: ask who made them which is right."
    ),
    "storage_full": _("The server has no room to keep this file. Tell the administrator and send it again later."),
    "too_big": _("The file has %(size)s MB; at most %(most)s MB can be sent."),
    "case_full": _(
        "This case has room for %(most)s MB of pictures and %(used)s MB are taken. "
        "Send only what the specialist needs, or ask the administrator for more room."
    ),
    "facility_full": _(
        "Your facility has room for %(most)s MB of pictures and %(used)s MB are taken. Ask the administrator for more "
        "room: what is on this device stays here."
    ),
    "opened": _(
        "This zip was opened: %(taken)s pictures are listed by themselves, %(left_out)s other files were left out."
    ),
    "archive_damaged": _("This zip is damaged or was cut off. Copy it again from where it came, then send it again."),
    "archive_too_many": _("This zip holds more than %(most)s files. Unpack it and send the pictures themselves."),
    "archive_too_much": _("This zip unpacks to far more than its size, so it was not opened. Ask who made it."),
    "archive_locked": _("This zip is locked with a password. Unpack it and send the pictures themselves."),
    "archive_empty": _("This zip holds no picture that can be shown: %(left_out)s other files were left out."),
    "changed_on_the_way": _("This file changed on its way here, so it was not kept. Send it again from the start."),
    "original_refused": _("Only the tablet's preview is here: its file could not be used. Ask for it again."),
    "original_given_up": _("Only the tablet's preview is here: sending its file was stopped. Ask for it again."),
    "original_expired": _("Only the tablet's preview is here: its file never arrived. Ask for it again."),
    "original_elsewhere": _("This was a preview of a picture that is in this case already. Look at that one."),
    "lost_bytes": _("Part of this file was lost on the server. Send it again."),
}


def sentence(code: str | None, values: Mapping[str, Any] | None = None) -> str | None:
    """One plain sentence in the reader's language; None for no code; an unknown code says that reading failed."""
    if code is None:
        return None
    template = str(SENTENCES.get(code, SENTENCES["crashed"]))
    try:
        return template % dict(values or {})
    except (KeyError, ValueError):
        return template
