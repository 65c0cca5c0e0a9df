"""The conformance statement says of the network what the listener does."""

from __future__ import annotations

import re
from pathlib import Path

from imaging.dimse import listener as listener_module
from imaging.dimse import negotiation


def test_the_conformance_statement_names_every_syntax_and_status() -> None:
    words = (Path(__file__).resolve().parents[3] / "docs" / "dicom-conformance.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\| (1\.2\.840\.10008\.1\.2[\d.]*) \|", words)) == negotiation.TRANSFER_SYNTAXES
    statuses = ("SUCCESS", "OUT_OF_RESOURCES", "WRONG_CLASS", "CANNOT_UNDERSTAND", "PROCESSING_FAILURE")
    for status in statuses:
        assert f"| {getattr(listener_module, status):04X} |" in words
