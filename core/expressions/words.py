"""From a sentence to tokens: letters to words, words to plain forms, slips of the pen mended."""

import re
from dataclasses import dataclass
from functools import cache

from core.expressions import lexicon as lex
from core.expressions.thing import Family, Head

_WORD = re.compile(r"[^\W\d_]+(?:'[a-z]+)?|\d+|[^\s\w]", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Token:
    """word: lower case, mended. at: its characters in the sentence."""

    word: str
    at: tuple[int, int]


def tokens(text: str) -> tuple[list[Token], list[tuple[str, str]]]:
    """The words, several-word names joined by "-", and (written, read) where a slip was mended."""
    found, mended = [], []
    for match in _WORD.finditer(text):
        written = match.group().lower().removesuffix("'s")
        if not written[0].isalnum() and written != "&":
            continue
        word = mend(written)
        if word != written:
            mended.append((written, word))
        found.append(Token(word, match.span()))
        if match.group().endswith("'s") and noun(word):  # "the woman's guitar"
            found.append(Token(lex.OWNS, (match.end() - 2, match.end())))
    return _join(found), mended


def _join(words: list[Token]) -> list[Token]:
    joined, i = [], 0
    while i < len(words):
        for n in range(min(4, len(words) - i), 1, -1):
            name = lex.PHRASES.get(" ".join(w.word for w in words[i : i + n]))
            if name:
                joined.append(Token(name, (words[i].at[0], words[i + n - 1].at[1])))
                i += n
                break
        else:
            joined.append(words[i])
            i += 1
    return joined


@cache
def mend(word: str) -> str:
    """The known word that `word` is a slip of, else `word`: one slip, two in words of eight letters and more.

    A slip is a letter more, less, else, or two swapped; the first letter stands.
    """
    if word in _known() or len(word) < 3 or not word.isascii():
        return word
    for single in (word[:i] + word[i + 1 :] for i in range(1, len(word)) if word[i] == word[i - 1]):
        if single in _known():  # "inn", "biggger"
            return single
    budget = 2 if len(word) >= 8 else 1
    best = [
        w for w in _by_first_letter().get(word[0], ()) if abs(len(w) - len(word)) <= budget and len(w) >= 3
    ]
    if len(word) < 5:  # short words are near many others: their last letter must stand too
        best = [w for w in best if w[-1] == word[-1]]
    # nouns and adjectives before verbs; a wrong letter before a missing one before one too many
    slips = sorted(
        (_slips(word, w, budget), w in _verbs(), len(w) != len(word), len(w) < len(word), w) for w in best
    )
    if not slips or slips[0][0] > budget:
        return word
    if len(slips) > 1 and slips[1][:-1] == slips[0][:-1] and len(word) < 5:
        return word
    return slips[0][-1]


def _slips(a: str, b: str, budget: int) -> int:
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        above, row = row, [i]
        for j, y in enumerate(b, 1):
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x != y)))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                row[j] = min(row[j], before[j - 2] + 1)
        before = above
        if min(row) > budget:
            return budget + 1
    return row[-1]


@cache
def noun(word: str) -> Head | None:
    """The known noun that `word` is a form of."""
    table = _nouns()
    if word in lex.IRREGULAR_PLURALS:
        name = lex.IRREGULAR_PLURALS[word]
        return Head(name, table[name][1] if name in table else "other", plural=True)
    if word in table:
        return Head(*table[word], plural=word in ("crowd", "everything"))
    for ending, instead in (("ies", "y"), ("es", ""), ("s", "")):
        stem = word.removesuffix(ending) + instead
        if word.endswith(ending) and stem in table and word not in lex.NOT_PLURAL:
            return Head(*table[stem], plural=True)
    return None


@cache
def verb(word: str) -> tuple[str, str] | None:
    """(plain form of its meaning, form) with form "ing", "ed" or "base" of a known verb."""
    return _verbs().get(word)


@cache
def degree(word: str, table_name: str) -> tuple[str, str] | None:
    """(meaning, "" | "more" | "most") of an adjective in the lexicon's table of that name."""
    table = getattr(lex, table_name)
    if word in table:
        return (table[word] if isinstance(table, dict) else word), ""
    for ending, how in (
        ("iest", "most"),
        ("est", "most"),
        ("ier", "more"),
        ("er", "more"),
        ("st", "most"),
        ("r", "more"),
    ):
        if word.endswith(ending):
            stem = word.removesuffix(ending)
            for base in (
                stem + "y" if ending[0] == "i" else stem,
                stem[:-1] if stem[-1:] == stem[-2:-1] else stem,
            ):
                if base in table:
                    return (table[base] if isinstance(table, dict) else base), how
    return None


@cache
def _nouns() -> dict[str, tuple[str, Family]]:
    table: dict[str, tuple[str, Family]] = {}
    for family, names in lex.NOUNS.items():
        for name, others in names.items():
            for word in (name, *others.split()):
                table[word] = (name, family)
    return table


@cache
def _verbs() -> dict[str, tuple[str, str]]:
    table: dict[str, tuple[str, str]] = {}
    for meaning, others in lex.VERBS.items():
        for plain in (meaning, *others.split()):
            stem = plain[:-1] if plain.endswith("e") else plain
            double = re.fullmatch(r"[^aeiou]*[aeiou][bdgmnpt]", plain)
            stems = {stem, plain + plain[-1]} if double else {stem}
            table.setdefault(plain, (meaning, "base"))
            table.setdefault(
                plain + ("es" if plain.endswith(("ch", "sh", "ss", "x")) else "s"), (meaning, "base")
            )
            for s in stems:
                table.setdefault(s + "ing", (meaning, "ing"))
                table.setdefault((s[:-1] + "i" if re.search(r"[^aeiou]y$", s) else s) + "ed", (meaning, "ed"))
    for word, meaning in lex.IRREGULAR_VERBS.items():
        if meaning:
            table[word] = (meaning, "ing" if word.endswith("ing") else "ed")
    table["sits"], table["has"] = ("sit", "base"), ("have", "base")
    return table


@cache
def _known() -> frozenset[str]:
    """Every word that is right as it is."""
    known: set[str] = set(_nouns()) | set(_verbs()) | set(lex.IRREGULAR_PLURALS)
    tables = (
        "COLOURS SIZES LOOKS LOUDNESS PLACES PREPOSITIONS PRONOUNS DETERMINERS NEGATIONS SKIPPED CONJUNCTIONS"
    )
    for name in f"{tables} RELATIVES BE SOUND_NOUNS SPOKEN_NOUNS".split():
        known |= set(getattr(lex, name))
    for adjective in {*lex.SIZES, *lex.LOUDNESS, *lex.LOOKS}:
        stem = adjective.removesuffix("e")
        stems = {stem, stem + stem[-1]} if re.fullmatch(r"\w[aeiou][gtn]", stem) else {stem}
        stems = {s[:-1] + "i" if s.endswith("y") else s for s in stems}
        known |= {s + e for s in stems for e in ("er", "est")}
    known |= {n + "s" for n in _nouns() if not n.endswith("s")} | {
        w for phrase in lex.PHRASES for w in phrase.split()
    }
    known |= lex.PLAIN
    return frozenset(known)


@cache
def _by_first_letter() -> dict[str, tuple[str, ...]]:
    letters: dict[str, list[str]] = {}
    for word in sorted(_known()):
        letters.setdefault(word[0], []).append(word)
    return {letter: tuple(words) for letter, words in letters.items()}
