"""What is read to the patient before a consult is sent: each version in every language, never changed, only followed.

A version is the day on which its words were settled. A consent names the version it was given to, so the exact words
can be shown years later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ConsentText:
    """The words of one version in one language."""

    version: str
    language: str
    language_name: str
    title: str
    paragraphs: tuple[str, ...]
    question: str


CURRENT: Final = "2026-11-26"


def _paragraphs(text: str) -> tuple[str, ...]:
    """Paragraphs, which an empty line divides, each as one line."""
    return tuple(" ".join(part.split()) for part in text.split("\n\n"))


_TEXTS: Final = (
    ConsentText(
        version="2026-11-20",
        language="en",
        language_name="English",
        title="Asking a specialist about your illness",
        paragraphs=_paragraphs(
            """
            Your doctor would like to ask a specialist in another hospital about your illness, over the
            internet.

            The specialist will see your name, age and sex, what is written about this illness, your
            measurements and your pictures such as X-rays and ultrasound. They may talk with your
            doctor, and with you, by voice and video. The talk is not recorded.

            Your doctor here stays responsible for your care and decides with you. The specialist gives
            advice. A specialist who is far away cannot examine you by hand; if that is needed you will
            be told to travel.

            What is shared is kept safe with your record. Only the people who care for you and those who
            must check that the service works well can see it, and each time it is seen is written down.

            You may say no. You may also say yes now and no later. You will be cared for here in the
            same way.
            """
        ),
        question="Do you agree that your doctor asks a specialist in this way?",
    ),
    ConsentText(
        version="2026-11-20",
        language="hi",
        language_name="हिन्दी",
        title="आपकी बीमारी के बारे में विशेषज्ञ से पूछना",
        paragraphs=_paragraphs(
            """
            आपके डॉक्टर इंटरनेट के ज़रिए दूसरे अस्पताल के विशेषज्ञ डॉक्टर से आपकी बीमारी के बारे में
            पूछना चाहते हैं।

            विशेषज्ञ आपका नाम, उम्र और लिंग, इस बीमारी के बारे में लिखी बातें, आपकी जाँच के माप और
            एक्स-रे व अल्ट्रासाउंड जैसी तस्वीरें देखेंगे। वे आपके डॉक्टर से, और आपसे भी, आवाज़ और वीडियो
            पर बात कर सकते हैं। यह बातचीत रिकॉर्ड नहीं की जाती।

            आपके इलाज की ज़िम्मेदारी यहाँ के डॉक्टर की ही रहेगी, और फ़ैसला वे आपके साथ मिलकर करेंगे।
            विशेषज्ञ सलाह देते हैं। दूर बैठे विशेषज्ञ आपको छूकर जाँच नहीं सकते; ज़रूरत हुई तो आपको बताया
            जाएगा कि कहाँ जाना है।

            साझा की गई जानकारी आपके रिकॉर्ड के साथ सुरक्षित रखी जाती है। उसे केवल आपका इलाज करने वाले और
            सेवा की जाँच करने वाले लोग देख सकते हैं, और हर बार देखे जाने पर यह दर्ज किया जाता है।

            आप मना कर सकते हैं। आप अभी हाँ कहकर बाद में भी मना कर सकते हैं। यहाँ आपका इलाज वैसे ही होगा।
            """
        ),
        question="क्या आप सहमत हैं कि आपके डॉक्टर इस तरह विशेषज्ञ से पूछें?",
    ),
    ConsentText(
        version="2026-11-26",
        language="en",
        language_name="English",
        title="Asking a specialist about your illness",
        paragraphs=_paragraphs(
            """
            Your doctor would like to ask a specialist in another hospital about your illness, over the
            internet.

            The specialist will see your name, age and sex, what is written about this illness, your
            measurements and your pictures such as X-rays and ultrasound. They may talk with your
            doctor, and with you, by voice and video. The talk is recorded only if you and everybody in it
            are asked then, and all say yes.

            Your doctor here stays responsible for your care and decides with you. The specialist gives
            advice. A specialist who is far away cannot examine you by hand; if that is needed you will
            be told to travel.

            What is shared is kept safe with your record. Only the people who care for you and those who
            must check that the service works well can see it, and each time it is seen is written down.

            You may say no. You may also say yes now and no later. You will be cared for here in the
            same way.
            """
        ),
        question="Do you agree that your doctor asks a specialist in this way?",
    ),
    ConsentText(
        version="2026-11-26",
        language="hi",
        language_name="हिन्दी",
        title="आपकी बीमारी के बारे में विशेषज्ञ से पूछना",
        paragraphs=_paragraphs(
            """
            आपके डॉक्टर इंटरनेट के ज़रिए दूसरे अस्पताल के विशेषज्ञ डॉक्टर से आपकी बीमारी के बारे में
            पूछना चाहते हैं।

            विशेषज्ञ आपका नाम, उम्र और लिंग, इस बीमारी के बारे में लिखी बातें, आपकी जाँच के माप और
            एक्स-रे व अल्ट्रासाउंड जैसी तस्वीरें देखेंगे। वे आपके डॉक्टर से, और आपसे भी, आवाज़ और वीडियो
            पर बात कर सकते हैं। यह बातचीत तभी रिकॉर्ड
            होगी जब उस समय आपसे और सबसे पूछा जाए और सभी हाँ कहें।

            आपके इलाज की ज़िम्मेदारी यहाँ के डॉक्टर की ही रहेगी, और फ़ैसला वे आपके साथ मिलकर करेंगे।
            विशेषज्ञ सलाह देते हैं। दूर बैठे विशेषज्ञ आपको छूकर जाँच नहीं सकते; ज़रूरत हुई तो आपको बताया
            जाएगा कि कहाँ जाना है।

            साझा की गई जानकारी आपके रिकॉर्ड के साथ सुरक्षित रखी जाती है। उसे केवल आपका इलाज करने वाले और
            सेवा की जाँच करने वाले लोग देख सकते हैं, और हर बार देखे जाने पर यह दर्ज किया जाता है।

            आप मना कर सकते हैं। आप अभी हाँ कहकर बाद में भी मना कर सकते हैं। यहाँ आपका इलाज वैसे ही होगा।
            """
        ),
        question="क्या आप सहमत हैं कि आपके डॉक्टर इस तरह विशेषज्ञ से पूछें?",
    ),
)

TEXTS: Final[dict[tuple[str, str], ConsentText]] = {(text.version, text.language): text for text in _TEXTS}


def current() -> list[ConsentText]:
    """The words in force today, in every language."""
    return [text for text in _TEXTS if text.version == CURRENT]


def find(version: str, language: str) -> ConsentText | None:
    """The words of a version, of today or of long ago."""
    return TEXTS.get((version, language))
