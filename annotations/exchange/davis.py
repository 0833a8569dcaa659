"""The DAVIS 2017 layout: palette pictures, with the sentences of Ref-DAVIS beside them.

JPEGImages/480p/{clip}/00000.jpg ...     Annotations/480p/{clip}/00000.png ...
ImageSets/2017/train.txt
davis_text_annotations/Davis17_annot1.txt     {clip} {object} "{sentence}"
"""

import json
from collections.abc import Iterator
from pathlib import Path

from annotations.exchange.files import frame_names, read_palettes, write_palettes
from annotations.exchange.frames import Incoming, Outgoing, Plain, Written
from core.errors import DatasetError

TEXTS = "davis_text_annotations/Davis17_annot1.txt"
SET = "ImageSets/2017/train.txt"


class Davis(Plain):
    name = "davis"
    null = plural = overlapping = False

    def __init__(self) -> None:
        self._names: list[str] = []
        self._lines: list[str] = []

    def frames(self, name: str) -> str:
        return f"JPEGImages/480p/{name}"

    def add(self, root: Path, clip: Outgoing) -> Written:
        masks = {n: clip.masks(n) for n in clip.things}
        write_palettes(root / "Annotations/480p" / clip.name, clip.frames, masks, clip.size)
        self._names.append(clip.name)
        ids = []
        for pair, (n,) in clip.said:
            # quoted as JSON: the same as plain quotes, and a quote or a new line in it stays what it is
            self._lines.append(f"{clip.name} {n} {json.dumps(pair.expression, ensure_ascii=False)}")
            ids.append(str(len(self._lines)))
        return Written(ids, {n: str(n) for n in clip.things})

    def finish(self, root: Path) -> None:
        for path, lines in ((SET, self._names), (TEXTS, self._lines)):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    def read(self, root: Path) -> Iterator[Incoming]:
        pictures = root / "JPEGImages" / "480p"
        if not pictures.is_dir():
            raise DatasetError(f"Expected the DAVIS layout; there is no {pictures}.")
        said = _texts(root / TEXTS)
        for folder in sorted(path for path in pictures.iterdir() if path.is_dir()):
            frames = frame_names(folder)
            own = [line for line in said if line[1] == folder.name]
            yield Incoming(
                name=folder.name,
                folder=folder,
                frames=frames,
                masks=read_palettes(
                    root / "Annotations/480p" / folder.name, frames, tuple(key for _, _, key, _ in own)
                ),
                said=[(id, text, (key,)) for id, _, key, text in own],
            )


def _texts(path: Path) -> list[tuple[str, str, str, str]]:
    """(number of the line, clip, object, sentence)"""
    if not path.is_file():
        return []
    found = []
    # not splitlines(): a sentence may hold other signs that count as line ends there
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        parts = line.split(" ", 2)
        if len(parts) == 3:
            found.append((str(number), parts[0], parts[1], _unquoted(parts[2])))
        elif line.strip():
            raise DatasetError(f'{path}, line {number}: expected {{clip}} {{object}} "{{sentence}}".')
    return found


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError:
        return text.strip().strip('"')
