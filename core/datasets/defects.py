"""What can be wrong with a dataset, found before a pixel is read, and listed all at once."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import soundfile
from PIL import Image

SLACK = 0.25  # seconds that a sound may end early: codecs cut at their own block length
EXAMPLES = 3


@dataclass(frozen=True, order=True, slots=True)
class Defect:
    """kind: a short name, the same for all defects of a class. where: path or row. what: what is wrong
    there.
    """

    kind: str
    where: str
    what: str


def file_defects(
    frames: Sequence[Path],
    masks: Sequence[Path],
    audio: Path,
    *,
    seconds: float,
    note: str = "",
) -> list[Defect]:
    """Missing and unreadable files, unequal sizes, short sound of one sample; headers only.

    frames, masks: the paths that must be there. seconds: least length of the sound. note: said of missing
    files.
    """
    found = [
        Defect("missing-file", str(path), f"there is no such file{note}")
        for path in (*frames, *masks, audio)
        if not path.is_file()
    ]
    sizes: dict[Path, tuple[int, int]] = {}
    for path in (*frames, *masks):
        if path.is_file():
            try:
                with Image.open(path) as picture:
                    sizes[path] = picture.size
            except (OSError, SyntaxError, ValueError) as error:
                found.append(Defect("unreadable-file", str(path), f"cannot be read as a picture ({error})"))
    usual = Counter(sizes.values()).most_common(1)
    for path, size in sizes.items():
        if size != usual[0][0]:
            what = f"is {size[0]}x{size[1]}, the other pictures are {usual[0][0][0]}x{usual[0][0][1]}"
            found.append(Defect("unequal-size", str(path), what))
    if audio.is_file():
        try:
            info = soundfile.info(str(audio))
        except (OSError, RuntimeError) as error:
            found.append(Defect("unreadable-file", str(audio), f"cannot be read as sound ({error})"))
        else:
            if info.duration < seconds - SLACK:
                what = f"lasts {info.duration:.2f} s, expected {seconds:g} s"
                found.append(Defect("short-audio", str(audio), what))
    return found


def count_defect(folder: Path, suffixes: tuple[str, ...], expected: int) -> list[Defect]:
    """A folder that holds more pictures than `expected` (fewer show as missing files)."""
    if not folder.is_dir():
        return []
    there = sum(1 for path in folder.iterdir() if path.suffix.lower() in suffixes)
    if there <= expected:
        return []
    return [Defect("frame-count", str(folder), f"holds {there} pictures, expected {expected}")]


def summary(defects: Iterable[Defect]) -> str:
    """One paragraph a kind: how many, and the first few; in order of frequency."""
    by_kind: dict[str, list[Defect]] = {}
    for defect in defects:
        by_kind.setdefault(defect.kind, []).append(defect)
    lines = []
    for kind, group in sorted(by_kind.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        lines.append(f"{kind}: {len(group)}")
        lines += [f"    {defect.where}: {defect.what}" for defect in group[:EXAMPLES]]
        if len(group) > EXAMPLES:
            lines.append(f"    ... and {len(group) - EXAMPLES} more")
    return "\n".join(lines)
