"""What a sentence looks like before it is read or kept: one line, plain quotes, one full stop."""

import re
import unicodedata

from core.errors import RefavsError

MAX_CHARACTERS = 5_000

_QUOTES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "“": '"', "”": '"', "„": '"', "\u00a0": " "})
_TAG = re.compile(r"<[/!]?[A-Za-z][^<>]*>")
_END = re.compile(r"[\s.。．]*$")


def normalise(text: str | None) -> str | None:
    """The sentence on one line, spaces single, quotes straight, one full stop at its end; None when empty.

    Question and exclamation marks stay. Raises RefavsError for more than 5,000 characters and for markup.
    """
    if text is None:
        return None
    if len(text) > MAX_CHARACTERS:
        raise RefavsError(
            f"An expression has at most {MAX_CHARACTERS:,} characters; this one has {len(text):,}. "
            "Say in one sentence which object is meant."
        )
    line = unicodedata.normalize("NFC", text).translate(_QUOTES)
    line = "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") else c for c in line)
    line = " ".join(line.split())
    if tag := _TAG.search(line):
        raise RefavsError(
            f"An expression is plain words; this one has the markup {tag.group()[:40]!r}. "
            "Write it without tags."
        )
    line = _END.sub("", line)
    if not line:
        return None
    return line if line[-1] in "?!" else line + "."
