"""What is wrong with a folder in the Ref-AVS layout: its table, its files, and what its files give away."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import soundfile

from core.datasets import refavs
from core.datasets.defects import Defect, count_defect, file_defects
from core.datasets.refavs import Row, Sample
from core.errors import RefavsError
from core.masks import read_foreground

SECONDS = 10
MISSPELT = {"valume": "volume"}
NOTHING_SAID = {"", "no", "none", "null", "n/a"}
ERROR_TEXT = re.compile(r"^\W*error\b|\[error\]|错误|traceback \(most recent|exception:", re.IGNORECASE)


def sample_defects(sample: Sample) -> list[Defect]:
    """Files of one row that are missing, unreadable, of unequal size, or too short; headers only."""
    note = f".{refavs.NULL_TRAP}" if sample.row.is_null else ""
    found = file_defects(sample.frame_paths, sample.mask_paths, sample.audio_path, seconds=SECONDS, note=note)
    found += count_defect(sample.frame_paths[0].parent, (".jpg", ".jpeg", ".png"), refavs.FRAMES)
    return found + count_defect(sample.mask_paths[0].parent, (".png",), refavs.FRAMES)


def defects(dataset: refavs.Dataset) -> Iterator[Defect]:
    """Every defect of the folder, rows first; files are checked once, pixels of masks are read."""
    yield from row_defects(dataset.rows)
    if not (dataset.root / "media").is_dir():
        yield Defect(
            "missing-file", str(dataset.root / "media"), "there is no such folder; only rows checked"
        )
        return
    yield from _files(dataset)
    yield from _sound_tells_null(dataset)


def row_defects(rows: Sequence[Row]) -> Iterator[Defect]:
    """What the table alone shows; `where` is the uid."""
    uids: set[str] = set()
    triples: set[tuple[str, int, str]] = set()
    fids: dict[tuple[str, str], set[int]] = defaultdict(set)
    names: dict[tuple[str, int], set[str]] = defaultdict(set)
    for row in rows:
        if row.uid in uids:
            yield Defect("doubled-uid", row.uid, "the uid is given to an earlier row too")
        elif (row.v, row.fid, row.exp) in triples:
            yield Defect(
                "doubled-row", row.uid, f"an earlier row says the same of the same object: {row.exp!r}"
            )
        uids.add(row.uid)
        triples.add((row.v, row.fid, row.exp))
        if row.split not in refavs.SPLITS:
            yield Defect("unknown-split", row.uid, f"the split is {row.split!r}, none of the benchmark's")
        sentence = _plain(row.exp)
        if sentence in NOTHING_SAID:
            yield Defect("no-sentence", row.uid, f"{row.exp!r} is no expression")
        elif ERROR_TEXT.search(row.exp):
            yield Defect("error-text", row.uid, f"a tool's error was stored as the expression: {row.exp!r}")
        else:
            for wrong, right in MISSPELT.items():
                if re.search(rf"\b{wrong}\b", sentence):
                    yield Defect("misspelt", row.uid, f"{wrong!r} for {right!r}: {row.exp!r}")
            if not row.is_null:
                fids[row.v, sentence].add(row.fid)
        names[row.v, row.fid].add(row.category)
    for (v, sentence), found in fids.items():
        if len(found) > 1:
            objects = ", ".join(str(fid) for fid in sorted(found))
            yield Defect("same-sentence", v, f"{sentence!r} refers to the objects {objects}")
    for (v, fid), categories in names.items():
        if len(categories) > 1:
            yield Defect(
                "two-names", f"{v} fid {fid}", f"one object is called {', '.join(sorted(categories))}"
            )


def _files(dataset: refavs.Dataset) -> Iterator[Defect]:
    seen: set[Defect] = set()
    objects: set[tuple[str, int, bool]] = set()
    for sample in dataset.samples():
        row = sample.row
        if (row.v, row.fid, row.is_null) in objects:
            continue
        objects.add((row.v, row.fid, row.is_null))
        of_masks = {str(path) for path in sample.mask_paths}
        files = sample_defects(sample)
        for defect in files:
            if row.is_null and defect.kind == "missing-file" and defect.where in of_masks:
                defect = Defect("null-not-black", defect.where, defect.what)
            if defect not in seen:
                seen.add(defect)
                yield defect
        yield from _pixels(sample, {defect.where for defect in files})


def _pixels(sample: Sample, broken: set[str]) -> Iterator[Defect]:
    filled, read = [], 0
    for path in sample.mask_paths:
        if str(path) in broken:
            continue
        try:
            if read_foreground(path).any():
                filled.append(path)
            read += 1
        except RefavsError as error:
            yield Defect("unreadable-file", str(path), str(error))
    if sample.row.is_null and filled:
        what = f"{len(filled)} of its ten masks show something; a null row refers to nothing"
        if sample.row.v == sample.row.vid:
            what += f" (V has no {refavs.NULL_PREFIX} before vid, so these are a real object's)"
        yield Defect("null-not-black", str(filled[0].parent), what)
    elif not sample.row.is_null and read == refavs.FRAMES and not filled:
        yield Defect("empty-masks", str(sample.mask_paths[0].parent), "all ten masks of the object are black")


def _sound_tells_null(dataset: refavs.Dataset) -> Iterator[Defect]:
    forms: dict[bool, dict[str, set[str]]] = {False: defaultdict(set), True: defaultdict(set)}
    for v, null in sorted({(row.v, row.is_null) for row in dataset.rows}):
        form = _sound_form(dataset.root / refavs.audio_path(v))
        if form:
            forms[null][form].add(v)
    for form, clips in forms[True].items():
        if forms[False] and form not in forms[False]:
            for v in sorted(clips):
                usual = ", ".join(sorted(forms[False]))
                what = f"is {form}, no other clip is ({usual}): a system could read null off the header"
                yield Defect("sound-tells-null", str(dataset.root / refavs.audio_path(v)), what)


def _sound_form(path: Path) -> str:
    """Rate, channels and sample format of a wav; "" when it cannot be read."""
    try:
        info = soundfile.info(str(path))
    except (OSError, RuntimeError):
        return ""
    return f"{info.samplerate} Hz, {info.channels} channel{'s' * (info.channels > 1)}, {info.subtype}"


def _plain(sentence: str) -> str:
    return " ".join(sentence.casefold().split()).strip(" .!")
