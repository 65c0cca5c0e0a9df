"""What DICOMweb asks of the sandbox: headers, values out of headers, decoded frames, pictures, other transfer syntaxes.

Runs in the child process only. Each task writes files into the workspace and says their names.
"""

from __future__ import annotations

from pathlib import Path

from imaging.dataset import DicomFile, open_dicom
from imaging.dicomweb import header
from imaging.refusals import Refusal
from imaging.workbench import Say


def say_header(path: Path, workspace: Path, say: Say) -> None:
    """Write a DICOM file's header and the places of its frames, and say them. Raises Refusal."""
    dicom: DicomFile | None
    try:
        dicom = open_dicom(path, workspace)
    except Refusal:
        dicom = None  # a document, or pixels of a kind that nothing here reads: its header is given all the same
    say({"event": "header", **header.write_header(path, workspace, dicom)})
