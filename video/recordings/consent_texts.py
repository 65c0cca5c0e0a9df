"""What everybody is asked before a call is recorded: each version in every language, never changed, only followed.

A version is the day on which its words were settled; a consent names the version that it was given to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ConsentText:
    """The words of one version in one language; `pictures` is said where pictures are to be kept too."""

    version: str
    language: str
    language_name: str
    title: str
    paragraphs: tuple[str, ...]
    pictures: str
    question: str


CURRENT: Final = "2026-11-26"


def _paragraphs(text: str) -> tuple[str, ...]:
    """Paragraphs, which an empty line divides, each as one line."""
    return tuple(" ".join(part.split()) for part in text.split("\n\n"))


_TEXTS: Final = (
    ConsentText(
        version="2026-11-26",
        language="en",
        language_name="English",
        title="May this talk be recorded?",
        paragraphs=_paragraphs(
            """
            What is said is kept, locked, with the patient's record. Only those who care for the patient can
            listen to it, and each time it is heard is written down.

            It begins only when everybody here has said yes. You may say no, and you may stop it at any moment:
            nothing after that is kept. Care goes on in the same way.

            Whoever sits beside you and can be heard must agree too.
            """
        ),
        pictures="The pictures from the cameras are kept as well.",
        question="Do you agree that this talk is recorded?",
    ),
    ConsentText(
        version="2026-11-26",
        language="hi",
        language_name="हिन्दी",
        title="क्या इस बातचीत को रिकॉर्ड किया जाए?",
        paragraphs=_paragraphs(
            """
            जो कहा जाएगा वह मरीज़ के रिकॉर्ड के साथ ताले में सुरक्षित रखा जाएगा। उसे केवल मरीज़ का इलाज करने वाले
            ही सुन सकते हैं, और हर बार सुने जाने पर यह दर्ज किया जाता है।

            यह तभी शुरू होगा जब यहाँ मौजूद हर व्यक्ति हाँ कहे। आप मना कर सकते हैं और किसी भी समय इसे रोक सकते
            हैं: उसके बाद कुछ भी नहीं रखा जाएगा। इलाज वैसे ही चलता रहेगा।

            आपके पास बैठा जो भी व्यक्ति सुनाई दे सकता है, उसकी सहमति भी ज़रूरी है।
            """
        ),
        pictures="कैमरे की तस्वीरें भी रखी जाएँगी।",
        question="क्या आप सहमत हैं कि यह बातचीत रिकॉर्ड की जाए?",
    ),
)

TEXTS: Final[dict[tuple[str, str], ConsentText]] = {(text.version, text.language): text for text in _TEXTS}


def current() -> list[ConsentText]:
    """The words in force today, in every language."""
    return [text for text in _TEXTS if text.version == CURRENT]


def find(version: str, language: str) -> ConsentText | None:
    """The words of a version, of today or of long ago."""
    return TEXTS.get((version, language))
