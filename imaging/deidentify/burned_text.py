"""Text burned into pixels, found by RapidOCR on this machine (its weights lie in the package; nothing is fetched).

Runs in the sandbox only. What was read is used here and forgotten: no word of it leaves this file, only boxes and
whether they look like somebody's identity.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from PIL import Image

from imaging.deidentify.boxes import Box
from imaging.deidentify.descriptions import allowed
from imaging.renditions import scaled
from imaging.source import Array

LONGEST_SIDE: Final = 1600  # px given to the reader: more costs memory by the pixel and finds nothing more
_MARGIN = 0.35  # of a line's height, all around: letters' own shadows name too
_SPOKEN_FOR = re.compile(
    r"\b(name|pat(ient)?|dob|born|birth|mrn|id|acc(ession)?|dr|mr|mrs|miss|hosp|hospital|clinic|medical|cent(er|re)|"
    r"institut\w*|univ\w*|male|female|sex|age|tel|phone)\b",
    re.IGNORECASE,
)
_LONG_NUMBER = re.compile(r"\d{5,}")
_DATE = re.compile(r"\d{1,4}[./\-]\d{1,2}[./\-]\d{2,4}|\d{1,2}[ -]?[A-Za-z]{3,9}[ -,]*\d{2,4}|\d{1,2}:\d{2}(:\d{2})?")
_WORDS = re.compile(r"[^\W\d_]{3,}", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text: where it lies (pixels of the picture that was given), and whether it looks like identity."""

    box: Box
    likely: bool


class Reader:
    """The text reader, loaded once (1 s); `known`: words that name this patient, folded."""

    def __init__(self, known: frozenset[str] = frozenset()) -> None:
        logging.disable(logging.CRITICAL)  # it logs what it reads
        from rapidocr import RapidOCR

        threads = {f"EngineConfig.onnxruntime.{which}_op_num_threads": 1 for which in ("intra", "inter")}
        self._known = known
        self._engine = RapidOCR(
            params={
                "Global.log_level": "critical",
                "Global.use_cls": False,
                "EngineConfig.onnxruntime.enable_cpu_mem_arena": False,
                **threads,
            }
        )

    def lines(self, display: Array) -> list[Line]:
        """Every line of text in uint8 (rows, columns) or (rows, columns, 3)."""
        image = scaled(Image.fromarray(display).convert("RGB"), LONGEST_SIDE)
        scale = display.shape[1] / image.size[0]
        found: Any = self._engine(np.asarray(image)[..., ::-1], use_cls=False)
        if found.boxes is None:
            return []
        texts = found.txts or [""] * len(found.boxes)
        return [
            Line(_box_of(corners, scale), looks_like_identity(text, self._known))
            for corners, text in zip(found.boxes, texts, strict=True)
        ]


def _box_of(corners: Any, scale: float) -> Box:
    points = np.asarray(corners, dtype=float) * scale
    (left, top), (right, bottom) = np.floor(points.min(axis=0)), np.ceil(points.max(axis=0))
    box = Box(int(left), int(top), int(right - left), int(bottom - top))
    return box.grown(max(2, round(min(box.width, box.height) * _MARGIN)))


def looks_like_identity(text: str, known: frozenset[str] = frozenset()) -> bool:
    """Whether a line could name or date a person, rather than say how a machine was set ("MI 0.6", "36Hz")."""
    folded = text.casefold()
    if any(word in folded for word in known):
        return True
    if _SPOKEN_FOR.search(text) or _LONG_NUMBER.search(text) or _DATE.search(text):
        return True
    return any(len(word) >= 4 and word.casefold() not in allowed() for word in _WORDS.findall(text))
