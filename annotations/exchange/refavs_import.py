"""A folder in the Ref-AVS layout into the store: every defect is told, ids are kept."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid5

from annotations.edit import MAX_EXPRESSION, clean
from annotations.exchange.manifest import read_manifest, stored_source
from annotations.records import ClipInfo, ClipWork, ObjectEdit, PairEdit, PairWork
from annotations.store import Store
from core import media
from core.datasets.checks_refavs import row_defects
from core.datasets.defects import Defect
from core.datasets.refavs import FRAMES, Dataset, Row, Sample, media_folder
from core.errors import DatasetError, MediaError, RefavsError
from core.masks import Mask

NAMESPACE = UUID("6f1d7a52-4f0e-5b0c-9f3e-2f6d0f6a0c11")  # ids of imported rows follow from what they are
ANNOTATOR = "import"


@dataclass(frozen=True)
class Report:
    """rows = imported + known + skipped. known: stored already, left as they stand."""

    rows: int
    imported: int
    known: int
    skipped: int
    clips: int
    defects: tuple[Defect, ...]


class _Import:
    def __init__(self, store: Store, root: Path) -> None:
        self.store = store
        self.dataset = Dataset(root)
        self.defects: list[Defect] = []
        self.manifest = read_manifest(root / "manifest.json")
        self.defects += self.manifest.defects
        self.session: UUID | None = None
        self.imported = self.known = self.skipped = self.clips = 0

    def run(self) -> Report:
        if not self.dataset.rows:
            raise DatasetError(
                f"{self.dataset.root} has no rows: metadata.csv is empty below its first line."
            )
        self.defects += row_defects(self.dataset.rows)
        groups: dict[str, list[Row]] = defaultdict(list)
        for row in self.dataset.rows:
            groups[row.v].append(row)
        for v, rows in groups.items():
            try:
                self._import_folder(v, rows)
            except (MediaError, DatasetError) as error:
                self._skip(v, str(error), len(rows))
        if not self.imported and not self.known:
            first = next(defect for defect in self.defects if defect.kind == "skipped")
            raise DatasetError(f"No row of {self.dataset.root} can be imported; the first: {first.what}")
        total = len(self.dataset)
        if total != self.imported + self.known + self.skipped:
            raise DatasetError(
                f"Rows of {self.dataset.root} were lost: {total} in, {self.imported} imported."
            )
        return Report(total, self.imported, self.known, self.skipped, self.clips, tuple(self.defects))

    def _import_folder(self, v: str, rows: Sequence[Row]) -> None:
        """One folder: one clip, one change."""
        new = [row for row in rows if not self._made_here(row)]
        if not new:
            return
        clip, indices = self._clip(v)
        work = self.store.load_clip_work(clip.id)
        there = {pair.id: pair for pair in work.pairs}
        objects: dict[UUID, ObjectEdit] = {}
        pairs: list[PairEdit] = []
        seen: Counter[str] = Counter()
        for row in new:
            seen[row.uid] += 1
            id = uuid5(NAMESPACE, f"{clip.id} {row.uid} {seen[row.uid]}")
            if id in there:
                self._known(row, there[id], work, indices)
                continue
            try:
                text = clean(row.exp, "expression", MAX_EXPRESSION)
                thing = self._object(clip, row, indices, objects)
            except RefavsError as error:
                self._skip(row.uid, str(error), 1)
                continue
            links = () if thing is None else (thing,)
            told = self.manifest.told(row.uid, null=thing is None)
            pairs.append(PairEdit(id, text, links, self.manifest.status(row.uid), row.split, row.uid, **told))
        if pairs:
            self.session = self.session or self.store.start_session(ANNOTATOR).id
            self.store.save_work(self.session, clip.id, list(objects.values()), pairs, act="import")
            self.imported += len(pairs)
            self.clips += 1

    def _clip(self, v: str) -> tuple[ClipInfo, tuple[int, ...]]:
        """On the source, when the manifest names one that the store has; else on the ten frames alone."""
        source = self.manifest.sources.get(v)
        stored = stored_source(self.store, v, source) if source and len(source.indices) == FRAMES else None
        if isinstance(stored, Defect):
            self.defects.append(stored)
        elif source and stored:
            clip = self.store.add_clip(stored.id, source.first, source.last, label=v, seconds=source.indices)
            return clip, source.indices
        video = media.open(self.dataset.root / media_folder(v))
        if len(video.pts) != FRAMES:
            raise DatasetError(f"{video.path} has {len(video.pts)} frames; expected {FRAMES}.")
        info = self.store.add_video(video)
        indices = tuple(range(FRAMES))
        return self.store.add_clip(info.id, 0, FRAMES - 1, label=v, seconds=indices), indices

    def _object(
        self, clip: ClipInfo, row: Row, indices: Sequence[int], objects: dict[UUID, ObjectEdit]
    ) -> UUID | None:
        """The row's object, added to `objects`; None = null expression."""
        sample = Sample(self.dataset.root, row)
        if row.is_null:
            try:
                if any(mask.any() for mask in sample.masks()):
                    self.defects.append(
                        Defect("null-not-black", row.uid, "a null expression whose masks are not black")
                    )
            except DatasetError as error:
                self.defects.append(
                    Defect("null-not-black", row.uid, f"a null expression without its black masks: {error}")
                )
            return None
        id = uuid5(NAMESPACE, f"{clip.id} {row.fid} {row.category}")
        if id not in objects:
            masks = [Mask.encode(mask) for mask in sample.masks()]
            for mask, path in zip(masks, sample.mask_paths, strict=True):
                if mask.size != clip.video.size:
                    raise DatasetError(f"{path} is {mask.size}, its frames are {clip.video.size} (H, W).")
            by_frame = dict(zip(indices, masks, strict=True))
            objects[id] = ObjectEdit(id, row.category, by_frame, "imported", fid=row.fid)
        return id

    def _made_here(self, row: Row) -> bool:
        """A row that this very store has exported: what stands there is newer, and stays."""
        made = self.manifest.pairs.get(row.uid)
        line = self.store.pair(made.pair) if made else None
        source = self.manifest.sources.get(row.v)
        if line is None or source is None:
            return False
        work = self.store.load_clip_work(line.clip.id)
        self._known(row, line.pair, work, source.indices)
        return True

    def _known(self, row: Row, pair: PairWork, work: ClipWork, indices: Sequence[int]) -> None:
        self.known += 1
        if pair.expression != row.exp:
            self.defects.append(
                Defect("kept", row.uid, f"the store says {pair.expression!r} instead, which stays")
            )
        if pair.is_null or row.is_null:
            return
        thing = next(thing for thing in work.objects if thing.id == pair.objects[0])
        masks = [Mask.encode(mask) for mask in Sample(self.dataset.root, row).masks()]
        differ = sum(thing.track.masks.get(i) != mask for i, mask in zip(indices, masks, strict=True))
        if differ:
            self.defects.append(
                Defect("kept", row.uid, f"{differ} of its masks differ from those in the store, which stay")
            )

    def _skip(self, where: str, what: str, rows: int) -> None:
        self.skipped += rows
        self.defects.append(Defect("skipped", where, f"{rows} row(s) left out: {what}"))


def import_folder(store: Store, root: Path | str) -> Report:
    """Take a folder in the Ref-AVS layout into the store; what is there already stays as it stands.

    A folder of the manifest whose source the store has puts its masks on that video's frames, and warns when
    the frames are not the same; every other one becomes a video of ten frames, one second apart. Rows that
    cannot be taken are in `defects`, each with its reason. Raises RefavsError when none can.
    """
    return _Import(store, Path(root).absolute()).run()
