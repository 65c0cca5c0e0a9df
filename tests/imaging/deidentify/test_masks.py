"""Rectangles: joined, cut, laid around regions, filled."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from imaging.deidentify.boxes import Box, around, united
from imaging.deidentify.burned_text import looks_like_identity
from imaging.deidentify.masks import fill

boxes = st.builds(Box, st.integers(-20, 80), st.integers(-20, 80), width=st.integers(1, 40), height=st.integers(1, 40))


@given(st.lists(boxes, max_size=8))
def test_united_boxes_cover_all_and_touch_none(given_boxes: list[Box]) -> None:
    found = united(given_boxes)
    assert all(any(one.covers(box) for one in found) for box in given_boxes)
    assert not any(one.touches(other) for one in found for other in found if one is not other)


@given(st.lists(boxes, min_size=1, max_size=4))
def test_bands_around_regions_cover_everything_outside_and_nothing_inside(regions: list[Box]) -> None:
    inside = [part for region in regions if (part := region.within(64, 48)) is not None]
    covered = np.zeros((48, 64), bool)
    for band in around(regions, 64, 48):
        covered[band.y : band.bottom, band.x : band.right] = True
    for part in inside:
        assert not covered[part.y : part.bottom, part.x : part.right].any()
    if len(inside) == 1:
        assert covered.sum() == 64 * 48 - inside[0].width * inside[0].height


@given(st.lists(boxes, max_size=4))
def test_a_filled_frame_is_constant_inside_and_the_same_outside(given_boxes: list[Box]) -> None:
    frame = np.random.default_rng(1).integers(1, 255, (48, 64, 3), dtype=np.uint8)
    masked = fill(frame, given_boxes, 0)
    inside = np.zeros((48, 64), bool)
    for box in given_boxes:
        inside[max(0, box.y) : max(0, box.bottom), max(0, box.x) : max(0, box.right)] = True
    assert (masked[inside] == 0).all()
    assert np.array_equal(masked[~inside], frame[~inside])


def test_lines_of_machines_are_told_from_lines_about_people() -> None:
    for line in ("MI 0.6", "36Hz", "L12-5", "60%", "Dyn R 58", "4.0cm", "2D", "Thyroid", "TIs 0.4", "PA"):
        assert not looks_like_identity(line), line
    for line in ("DOE, JOHN", "DOB: 08/29/1951", "00079241539", "03/02/2017 05:24:57PM", "17 Oct 16", "M 26 151832"):
        assert looks_like_identity(line), line
    assert looks_like_identity("D0E DOE", frozenset({"doe"}))
