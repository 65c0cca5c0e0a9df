"""The printed record: what it says, that it is the same each time, and that nobody's words are markup."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from app import db
from consult.models import Consult
from consult.reports import jobs, operations, queries
from consult.reports.models import ReportDocument
from consult.reports.printed import plain
from imaging.refusals import Refusal
from tests.cast import Cast, consult_in
from tests.consult.reports import written
from tests.consult.reports.written import NOW


def signed(cast: Cast, freeze: operations.Freeze = written.one_image, **changes: str) -> Consult:
    """A concluded consult with a key image."""
    with db.write_transaction() as session:
        consult = consult_in(session, cast, "in_progress")
        written.sign_opinion(session, cast.specialist.actor(), consult, freeze=freeze, **changes)
        written.sign_outcome(session, cast.doctor.actor(), consult)
        return consult


def printed(consult: Consult, draw: Any = written.photo) -> bytes:
    """The record's bytes, made now."""
    jobs.make(consult.id, draw)
    report = report_of(consult)
    assert (report.state, report.size) == ("ready", path(report).stat().st_size)
    return path(report).read_bytes()


def report_of(consult: Consult) -> ReportDocument:
    with db.read_session() as session:
        found = queries.report_of(session, consult.id)
        assert found is not None
        return found


def path(report: ReportDocument) -> Path:
    return jobs.path_of(report.sha256 or "")


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def print_again(consult: Consult) -> None:
    with db.write_transaction() as session:
        found = queries.report_of(session, consult.id)
        assert found is not None
        found.state = "making"


def test_the_record_names_both_doctors_with_their_numbers_and_holds_what_was_signed(cast: Cast) -> None:
    consult = signed(cast)
    text = text_of(printed(consult))
    for words in (
        "Doctor Alpha",
        "REG-doctor",
        "Specialist Delta",
        "REG-specialist",
        "Patient One",
        "54 years · female · Upper Village",
        "Is this effusion or collapse?",
        written.FINDINGS,
        "Moderate right effusion.",
        "Ultrasound-guided tap.",
        "Right pleural effusion",
        "20 Dec 2026",
        "5 Dec 2026, 03:05 IST (4 Dec 2026, 21:35 UTC)",
        "Lung ultrasound",
        "frame 3 of 120",
        "uncalibrated",
        "100 px (uncalibrated)",
        "fluid here",
        "Page 1 of 2",
        report_of(consult).source_sha256,
    ):
        assert words in text, words


def test_hindi_is_set_whole_in_a_font_that_has_it(cast: Cast) -> None:
    content = printed(signed(cast))
    pages = PdfReader(io.BytesIO(content)).pages
    fonts = {str(font["/BaseFont"]) for page in pages for font in _fonts(page)}
    assert any("NotoSansDevanagari" in name for name in fonts), fonts
    joined = "क्ष".encode("utf-16-be").hex().upper().encode()  # one glyph for three code points: it was shaped
    assert any(joined in _unicode_map(font) for page in pages for font in _fonts(page))
    assert "क्षय" in text_of(content)


def _unicode_map(font: Any) -> bytes:
    data: bytes = font["/ToUnicode"].get_object().get_data()
    return data.upper().replace(b" ", b"")


def _fonts(page: Any) -> list[Any]:
    return [font.get_object() for font in page["/Resources"]["/Font"].values()]


def test_the_same_record_is_the_same_bytes(cast: Cast) -> None:
    consult = signed(cast)
    first = printed(consult)
    print_again(consult)
    assert printed(consult) == first


def test_making_a_record_that_is_ready_does_nothing(cast: Cast) -> None:
    consult = signed(cast)
    printed(consult)

    def draw(_image: dict[str, Any]) -> bytes:
        raise AssertionError("nothing is to be drawn")

    jobs.make(consult.id, draw)


def test_the_key_image_is_in_the_record_in_its_proportions(cast: Cast) -> None:
    images = [image for page in PdfReader(io.BytesIO(printed(signed(cast)))).pages for image in page.images]
    assert [image.image.size for image in images if image.image is not None] == [(400, 300)]


def test_a_key_image_that_cannot_be_drawn_leaves_a_sentence_and_the_rest(cast: Cast) -> None:
    def refuse(_image: dict[str, Any]) -> bytes:
        raise Refusal("lost_bytes")

    text = text_of(printed(signed(cast), refuse))
    assert "could not be drawn" in text
    assert "Doctor Alpha" in text


INJECTIONS = [
    '#panic("no")',
    '#read("/etc/passwd")',
    '#eval("1 + 1") $x^2$ *bold* _it_ `raw` <label> @ref // comment',
    '"); #panic() //',
    "\\u{41} \\ ] [ } { ~ --- ''",
    "= heading",
]


@pytest.mark.parametrize("words", INJECTIONS)
def test_nobodys_words_are_markup(cast: Cast, words: str) -> None:
    drawn = [{**one, "text": words} for one in written.key_image()["annotations"]]

    def freeze(*_: Any) -> list[dict[str, Any]]:
        return [written.key_image(annotations=drawn, description=words)]

    consult = signed(cast, freeze, findings=words)
    squeezed = text_of(printed(consult)).replace("\n", "").replace(" ", "")
    assert squeezed.count(words.replace(" ", "")) >= 3  # finding, label and caption


def test_invisible_and_reversing_marks_do_not_reach_the_paper() -> None:
    assert plain("a\u202eb\u2066c\x00d\x1b[31m\ue000\n e\u200dक") == "abcd[31m\n e\u200dक"


def test_a_word_wider_than_the_page_may_break() -> None:
    assert "\u200b" in plain("x" * 200)
    assert plain("x" * 200).replace("\u200b", "") == "x" * 200


def test_an_addendum_is_printed_with_its_signature_and_makes_a_new_record(cast: Cast) -> None:
    consult = signed(cast)
    before = printed(consult)
    with db.write_transaction() as session:
        operations.add_addendum(session, cast.specialist.actor(), consult.id, "Culture: sensitive.", now=NOW)
    assert report_of(consult).state == "making"
    after = printed(consult)
    assert after != before
    assert "Culture: sensitive." in text_of(after)
    assert "Addenda follow" in text_of(after)


def test_an_opinion_alone_is_printed_as_not_concluded(cast: Cast) -> None:
    with db.write_transaction() as session:
        consult = consult_in(session, cast, "in_progress")
        written.sign_opinion(session, cast.specialist.actor(), consult)
    text = text_of(printed(consult))
    assert "outcome is not signed yet" in text
    assert "not signed yet" in text


def test_a_worker_takes_up_records_that_were_not_made(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    consult = signed(cast)
    taken: list[str] = []
    monkeypatch.setattr(jobs, "make_report", taken.append)
    jobs.take_up()
    assert taken == [consult.id]


def test_a_record_that_cannot_be_made_says_so(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    consult = signed(cast)

    def fail(*_: Any, **__: Any) -> bytes:
        raise RuntimeError("no typesetter")

    monkeypatch.setattr("consult.reports.pdf.make", fail)
    jobs.make_report.call_local(consult.id)
    assert report_of(consult).state == "failed"
