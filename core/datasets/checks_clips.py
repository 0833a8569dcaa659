"""What is wrong with a folder of labelled videos."""

from collections.abc import Iterator

from core import media
from core.datasets.clips import Dataset, Row, Sample
from core.datasets.defects import Defect
from core.errors import RefavsError


def sample_defects(sample: Sample) -> list[Defect]:
    """What keeps one row from being scored: its video missing or unreadable, boxes or seconds that cannot
    be.
    """
    row, where = sample.row, f"{sample.path} {sample.row.exp!r}"
    found = list(_row_defects(row, where))
    if not sample.path.is_file():
        return [*found, Defect("missing-file", str(sample.path), "there is no such file")]
    try:
        duration = media.open(sample.path).duration
    except RefavsError as error:
        return [*found, Defect("unreadable-file", str(sample.path), str(error))]
    for second in row.boxes:
        if not 0 <= second <= duration:
            what = f"a box is drawn at {second:g} s; the video lasts {duration:.2f} s"
            found.append(Defect("outside-clip", where, what))
    return found


def defects(dataset: Dataset) -> Iterator[Defect]:
    """Every defect of the folder."""
    seen: set[tuple[str, str]] = set()
    reported: set[Defect] = set()
    for sample in dataset.samples():
        row = sample.row
        if (row.file, row.exp) in seen:
            yield Defect("doubled-row", f"{sample.path} {row.exp!r}", "the video has this expression already")
        seen.add((row.file, row.exp))
        for defect in sample_defects(sample):
            if defect not in reported:
                reported.add(defect)
                yield defect


def _row_defects(row: Row, where: str) -> Iterator[Defect]:
    if not row.exp.strip():
        yield Defect("no-sentence", where, "there is no expression")
    if row.null and row.boxes:
        yield Defect("null-with-boxes", where, "a null row fits nothing, yet boxes are drawn")
    if not row.null and not row.boxes:
        yield Defect("no-boxes", where, "the row is not null, and no box is drawn")
    for box in (*row.boxes.values(), *row.accept):
        if not (0 <= box[0] < box[2] <= 1 and 0 <= box[1] < box[3] <= 1):
            yield Defect("bad-box", where, f"{list(box)} is not [x0, y0, x1, y1] within 0 to 1")
