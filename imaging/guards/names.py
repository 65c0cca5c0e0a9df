"""Whether two spellings can be one person's name: DICOM PN (PS3.5 section 6.2), and names as India writes them. Pure.

The tolerance, stated: order, case, marks, spacing, honorifics and filler words ("devi", "kumar", "bhai") say nothing.
A single letter matches a word that begins with it. Two words are one when their folded forms (see `_FOLDS`) are equal,
or differ by one vowel or h (5 letters or more), or by two vowels or one consonant (8 letters or more). Names differ
when each side has a word that the other lacks; a side that only says less does not differ. Indic scripts are read as
Latin; scripts that cannot be read here say nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Literal

Likeness = Literal["same", "different", "unknown"]

MAX_NAME = 200
_MOST_WORDS = 8
_LONGEST_WORD = 32


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_PLACEHOLDERS = _set(
    "anonymous anonymized anonymised anonymize anonymise anon deidentified unknown unnamed unidentified noname none nil"
    " test testpatient testphi phantom dummy temp xx xxx xxxx xxxxx na nn qa qc calibration service"
)
_HONORIFICS = _set(
    "mr mrs ms miss mister master mast smt srimati shrimati shri sri shree sree km kum dr prof baby bo of so do wo co"
    " patient late ji janab madam sir jr sr"
)
# Words that half a village shares: met or missing, they tell nobody apart.
_FILLERS = _set("devi kumar kumari bhai ben behn bai begum begam bibi khatun khatoon bano kaur lal")
_RELATION = re.compile(r"\b([sdwcb])\s*/\s*o\b.*")  # "Sunita W/O Ramesh": what follows is a relative
_BABY_OF = re.compile(r"^\s*(baby|b)\s*(/?\s*of?)\s+", re.IGNORECASE)
_MOHAMMED = re.compile(r"m[ou]h?am+[aeiu]?d|mohd|mohmd|md")

# Spellings of one sound, applied in this order to lower-case Latin letters. "C" stands for the sound of "chair".
_FOLDS = [
    (re.compile(pattern), put)
    for pattern, put in (
        ("chh|tch|ch", "C"), ("ph", "f"), ("ksh|x", "ks"), ("sch|sh|ss", "s"), ("ck|q|kh|c", "k"), ("gh", "g"),
        ("jh|z|dz", "j"), ("th", "t"), ("dh", "d"), ("au|ou|ow|aw|oa|ao", "o"), ("bh|w|v", "b"),
        ("ee|ea|ii|y", "i"), ("oo|uu", "u"), ("ai|ei", "e"), ("aa", "a"), (r"(.)\1", r"\1"), ("(?<=[aeiou])h$", ""),
    )
]  # fmt: skip
_CHEAP = frozenset("aeiouh")


def likeness(one: str, other: str) -> Likeness:
    """Whether two names, each a plain name or a DICOM person name, can be one person's."""
    found: set[Likeness] = {_compare(a, b) for a in _groups(one) for b in _groups(other)}
    if "same" in found:
        return "same"
    return "different" if "different" in found else "unknown"


def says_nothing(name: str) -> bool:
    """Whether a name is empty, a placeholder or no name at all (digits, a pseudonym's code)."""
    return not any(_words(group) for group in _groups(name))


def _groups(name: str) -> list[str]:
    """The alphabetic, ideographic and phonetic representations (PS3.5 section 6.2.1)."""
    return name[:MAX_NAME].split("=")[:3] or [""]


def _words(name: str) -> list[str]:
    """Folded words of a name; none where it says nothing."""
    plain = "".join(_latin(unicodedata.normalize("NFKC", name).casefold()))
    marked = _RELATION.sub(" ", _BABY_OF.sub(" ", plain.replace("^", " ")))
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", marked) if not unicodedata.combining(letter))
    words = [word for word in re.split(r"[^a-z0-9]+", bare) if word]
    if any(word in _PLACEHOLDERS for word in words):
        return []
    kept = [word for word in words if word.isalpha() and word not in _HONORIFICS]
    return [_folded(word[:_LONGEST_WORD]) for word in kept[:_MOST_WORDS]]


def _folded(word: str) -> str:
    if _MOHAMMED.fullmatch(word):
        return "mohamad"
    if len(word) == 1 or word in _FILLERS:
        return word
    for pattern, put in _FOLDS:
        word = pattern.sub(put, word)
    return word


def _compare(one: str, other: str) -> Likeness:
    a, b = _words(one), _words(other)
    if not _telling(a) or not _telling(b):
        return "unknown"
    return "same" if any(_agree(x, y) for x in _joined(a) for y in _joined(b)) else "different"


def _telling(words: list[str]) -> bool:
    return any(len(word) > 1 and word not in _FILLERS for word in words)


def _joined(words: list[str]) -> Iterator[list[str]]:
    """The words, then with each pair of neighbours written as one ("Ram Kumar", "Ramkumar")."""
    yield words
    for index in range(len(words) - 1):
        yield [*words[:index], _folded(words[index] + words[index + 1]), *words[index + 2 :]]


def _agree(a: list[str], b: list[str]) -> bool:
    left, full = list(b), False
    unmatched: list[str] = []
    for word in sorted(a, key=len, reverse=True):
        match = next((other for other in left if _alike(word, other)), None)
        if match is None:
            unmatched.append(word)
            continue
        left.remove(match)
        full = full or (len(word) > 1 and len(match) > 1 and word not in _FILLERS)
    lacking = [[word for word in words if word not in _FILLERS] for words in (unmatched, left)]
    return full and not all(lacking)


def _alike(one: str, other: str) -> bool:
    if len(one) == 1 or len(other) == 1:
        return one[0] == other[0]
    shorter = min(len(one), len(other))
    budget = 0 if shorter < 5 else 1 if shorter < 8 else 2
    return one == other or (budget > 0 and _distance(one, other, budget) <= budget)


def _distance(one: str, other: str, most: int) -> int:
    """Edit distance in which vowels and h cost 1 and consonants 2; anything above `most` is `most` + 1."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    row = [0]
    for letter in other:
        row.append(row[-1] + _cost(letter))
    for a in one:
        above, row = row, [row[0] + _cost(a)]
        for index, b in enumerate(other):
            change = 0 if a == b else max(_cost(a), _cost(b))
            row.append(min(above[index] + change, above[index + 1] + _cost(a), row[index] + _cost(b)))
    return min(row[-1], most + 1)


def _cost(letter: str) -> int:
    return 1 if letter in _CHEAP else 2


# The blocks of Unicode for Indic scripts lie in one order (that of ISCII), so one table by offset reads them all.
_BLOCKS = {start: start in (0x0900, 0x0980, 0x0A00, 0x0A80) for start in range(0x0900, 0x0D80, 0x80)}  # schwa dropped?
_VOWELS = {
    0x05: "a", 0x06: "aa", 0x07: "i", 0x08: "ii", 0x09: "u", 0x0A: "uu", 0x0B: "ri", 0x0E: "e", 0x0F: "e", 0x10: "ai",
    0x12: "o", 0x13: "o", 0x14: "au",
}  # fmt: skip
_SIGNS = {
    0x3E: "aa", 0x3F: "i", 0x40: "ii", 0x41: "u", 0x42: "uu", 0x43: "ri", 0x46: "e", 0x47: "e", 0x48: "ai", 0x4A: "o",
    0x4B: "o", 0x4C: "au", 0x4D: "",
}  # fmt: skip
_CONSONANTS = dict(
    zip(
        range(0x15, 0x3A),
        re.findall("[a-z]+", "k kh g gh n ch chh j jh n t th d dh n t th d dh n n p f b bh m y r r l l l v sh sh s h"),
        strict=True,
    )
) | {0x58: "k", 0x59: "kh", 0x5A: "g", 0x5B: "z", 0x5C: "d", 0x5D: "dh", 0x5E: "f", 0x5F: "y"}
_NASAL = {0x01, 0x02}


def _latin(text: str) -> Iterator[str]:
    """Letters of Indic scripts as Latin ones; an unspoken vowel at the end of a northern word is left out."""
    for index, letter in enumerate(text):
        start = ord(letter) - ord(letter) % 0x80
        if start not in _BLOCKS:
            yield letter
            continue
        offset = ord(letter) - start
        if offset in _CONSONANTS:
            yield _CONSONANTS[offset] + _inherent(text[index + 1 : index + 2], start)
        elif offset in _NASAL:
            yield "n"
        else:
            yield _VOWELS.get(offset, _SIGNS.get(offset, ""))


def _inherent(following: str, start: int) -> str:
    """The vowel that a consonant carries by itself: none before a sign, nor where a northern word ends."""
    if following and start <= ord(following) < start + 0x80:
        return "" if ord(following) - start in _SIGNS else "a"
    ends = not following or not following.isalnum()
    return "" if ends and _BLOCKS[start] else "a"
