"""What a browser must fetch before the consult room works stays within the link of a village."""

from __future__ import annotations

from tests.bench.page_bytes import LIMIT_KB, page_sizes


def test_the_consult_room_needs_no_more_code_than_a_thin_link_carries_in_seconds() -> None:
    room = "src/pages/room.ts"
    assert page_sizes(room)[room] <= LIMIT_KB * 1000
