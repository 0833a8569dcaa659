"""The datasets as tasks: what is asked, what of the answer is kept, and how it adds up to the protocols."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from core.datasets import avsbench, avss, checks_avsbench, checks_clips, checks_refavs, clips, refavs
from core.datasets.defects import Defect
from core.errors import RefavsError
from core.evaluation.answers import classes, mask_at, probabilities
from core.expressions import cues, read
from core.masks import resize_pixels
from core.media import Clip
from core.metrics import Result, boxes, semantic
from core.metrics import avsbench as avs_metrics
from core.metrics import refavs as refavs_metrics
from core.metrics.sample import Sample
from core.systems.protocol import Referral

LAYOUTS = ("refavs", "s4", "ms3", "avss", "clips")
Record = Mapping[str, Any]


class Item(Protocol):
    """One thing to ask. key: unique in the dataset. sounds: the clip's sound is as it was filmed."""

    @property
    def key(self) -> str: ...

    @property
    def sounds(self) -> bool: ...

    @property
    def clip_name(self) -> str: ...

    @property
    def expression(self) -> str | None: ...

    @property
    def categories(self) -> tuple[str, ...]: ...

    def clip(self) -> Clip: ...

    def defects(self) -> list[Defect]: ...

    def measure(self, clip: Clip, referral: Referral) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Scores:
    """protocol: as the JSON has it. results: the same for a table."""

    protocol: dict[str, Any]
    results: tuple[Result, ...]


class Task(Protocol):
    """A dataset to be scored on."""

    layout: str
    root: Path

    def items(self, split: str | None) -> Iterator[Item]: ...

    def scores(self, records: Sequence[Record]) -> Scores: ...

    def cue_scores(self, records: Sequence[Record]) -> dict[str, Any]: ...


def task(dataset: str) -> Task:
    """From refavs:DIR, s4:DIR, ms3:DIR, avss:DIR or clips:DIR. Raises RefavsError naming what was
    expected.
    """
    layout, colon, folder = dataset.partition(":")
    if not colon or layout not in LAYOUTS or not folder:
        forms = ", ".join(f"{name}:DIR" for name in LAYOUTS)
        raise RefavsError(f"A dataset is one of {forms}; got {dataset!r}.")
    root = Path(folder)
    if layout == "refavs":
        return RefavsTask(root)
    if layout == "avss":
        return AvssTask(root)
    if layout == "clips":
        return ClipsTask(root)
    return AvsTask(root, "s4" if layout == "s4" else "ms3")


def by_cue(task: Task, records: Sequence[Record], expressions: Mapping[str, str | None]) -> dict[str, Any]:
    """Scores of the rows whose expression leans on sound, look, place or time; {} where nothing is said."""
    groups: dict[str, list[Record]] = {}
    for record in records:
        sentence = expressions[record["key"]]
        if sentence and sentence.strip():
            for cue in cues(read(sentence)):
                groups.setdefault(cue, []).append(record)
    order = ("sound", "look", "place", "time")
    return {cue: task.cue_scores(groups[cue]) for cue in order if cue in groups}


def _scored(wanted: Iterable[int], referral: Referral, key: str) -> list[int]:
    """The frames that are both labelled and answered; a null answer without indices is one for every
    frame.
    """
    if not referral.objects and not referral.indices:
        return list(wanted)
    answered = set(referral.indices)
    both = [index for index in wanted if index in answered]
    if not both:
        raise RefavsError(f"Of {key} no labelled frame was answered, so there is nothing to score.")
    return both


@dataclass(frozen=True)
class RefavsItem:
    """One row of Ref-AVS; doubled uids are told apart by their place in the table."""

    place: int
    sample: refavs.Sample

    @property
    def key(self) -> str:
        return f"{self.place}:{self.sample.row.uid}"

    @property
    def clip_name(self) -> str:
        return self.sample.row.v

    @property
    def sounds(self) -> bool:
        return not self.sample.row.is_null

    @property
    def expression(self) -> str:
        return self.sample.row.exp

    @property
    def categories(self) -> tuple[str, ...]:
        return () if self.sample.row.is_null else (self.sample.row.category,)

    def clip(self) -> Clip:
        return self.sample.clip()

    def defects(self) -> list[Defect]:
        return checks_refavs.sample_defects(self.sample)

    def measure(self, clip: Clip, referral: Referral) -> dict[str, Any]:
        masks = self.sample.masks()
        mask_of = dict(zip(self.sample.indices(clip), masks, strict=True))
        frames = _scored(mask_of, referral, self.key)
        size = (refavs_metrics.SIDE, refavs_metrics.SIDE)
        return refavs_metrics.refavs_sample(
            probabilities(referral, frames, size),
            np.stack([refavs_metrics.official_target(mask_of[index]) for index in frames]),
            key=self.key,
            clip=self.clip_name,
            null=self.sample.row.is_null,
        ).to_json()


class RefavsTask:
    layout = "refavs"

    def __init__(self, root: Path) -> None:
        self.root = root
        self.dataset = refavs.Dataset(root)

    def items(self, split: str | None) -> Iterator[RefavsItem]:
        return (RefavsItem(k, sample) for k, sample in enumerate(self.dataset.samples(split)))

    def scores(self, records: Sequence[Record]) -> Scores:
        samples = [Sample.from_json(record) for record in records]
        official = refavs_metrics.official(samples)
        batch_free = refavs_metrics.batch_free(samples)
        return Scores(
            {"official": official.to_json(), "batch_free": batch_free.to_json()}, (official, batch_free)
        )

    def cue_scores(self, records: Sequence[Record]) -> dict[str, Any]:
        samples = [Sample.from_json(record) for record in records]
        values = refavs_metrics.batch_free(samples, intervals=False).values
        return {**values, "rows": len(samples)}


@dataclass(frozen=True)
class AvsItem:
    """One clip of S4 or MS3."""

    sample: avsbench.Sample
    expression: None = None
    sounds: bool = True

    @property
    def key(self) -> str:
        return f"{self.sample.split}/{self.sample.name}"

    @property
    def clip_name(self) -> str:
        return self.sample.name

    @property
    def categories(self) -> tuple[str, ...]:
        return (self.sample.category,) if self.sample.category else ()

    def clip(self) -> Clip:
        return self.sample.clip()

    def defects(self) -> list[Defect]:
        return checks_avsbench.sample_defects(self.sample)

    def measure(self, clip: Clip, referral: Referral) -> dict[str, Any]:
        masks = self.sample.masks()
        frames = _scored(range(len(masks)), referral, self.key)
        size = (avs_metrics.SIDE, avs_metrics.SIDE)
        return avs_metrics.avs_sample(
            probabilities(referral, frames, size),
            np.stack([resize_pixels(masks[index], size) for index in frames]),
            key=self.key,
        ).to_json()


class AvsTask:
    def __init__(self, root: Path, subset: avsbench.Subset) -> None:
        self.root = root
        self.layout: str = subset
        self.dataset = avsbench.Dataset(root, subset)

    def items(self, split: str | None) -> Iterator[AvsItem]:
        return (AvsItem(sample) for sample in self.dataset.samples(split))

    def scores(self, records: Sequence[Record]) -> Scores:
        samples = [Sample.from_json(record) for record in records]
        p1, p2 = avs_metrics.per_frame(samples), avs_metrics.accumulated(samples)
        return Scores({"p1": p1.to_json(), "p2": p2.to_json()}, (p1, p2))

    def cue_scores(self, records: Sequence[Record]) -> dict[str, Any]:
        return {}


@dataclass(frozen=True)
class AvssItem:
    """One clip of AVSS."""

    sample: avss.Sample
    expression: None = None
    sounds: bool = True

    @property
    def key(self) -> str:
        return self.sample.row.uid

    @property
    def clip_name(self) -> str:
        return self.sample.row.uid

    @property
    def categories(self) -> tuple[str, ...]:
        return tuple(name for name in self.sample.row.names if name in avss.CLASSES[1:])

    def clip(self) -> Clip:
        return self.sample.clip()

    def defects(self) -> list[Defect]:
        return checks_avsbench.semantic_defects(self.sample)

    def measure(self, clip: Clip, referral: Referral) -> dict[str, Any]:
        labels = self.sample.labels()
        frames = _scored(range(len(labels)), referral, self.key)
        size = (avs_metrics.SIDE, avs_metrics.SIDE)
        sums = semantic.measure_labels(
            np.stack([classes(referral, index, size, avss.CLASSES) for index in frames]),
            np.stack([resize_pixels(labels[index], size) for index in frames]),
            padded=avss.PADDED_TO - self.sample.row.frames,
        )
        return {"key": self.key, "clip": self.clip_name, **sums.to_json()}


class AvssTask:
    layout = "avss"

    def __init__(self, root: Path) -> None:
        self.root = root
        self.dataset = avss.Dataset(root)

    def items(self, split: str | None) -> Iterator[AvssItem]:
        return (AvssItem(sample) for sample in self.dataset.samples(split))

    def scores(self, records: Sequence[Record]) -> Scores:
        total, *rest = (semantic.ClassSums.from_json(record) for record in records)
        for sums in rest:
            total = total + sums
        p1, p2 = semantic.per_frame(total), semantic.accumulated(total)
        bare = semantic.per_frame_no_background(total)
        bare_p2 = semantic.accumulated(total, background=False)
        released = semantic.per_frame_no_background_as_released(total)
        nobg = {**bare.to_json(), "p2": bare_p2.to_json(), "as_released": released.to_json()}
        protocol = {"p1": p1.to_json(), "p2": p2.to_json(), "nobg": nobg}
        return Scores(protocol, (p1, p2, bare, released, bare_p2))

    def cue_scores(self, records: Sequence[Record]) -> dict[str, Any]:
        return {}


@dataclass(frozen=True)
class ClipsItem:
    """One row of a folder of labelled videos."""

    place: int
    sample: clips.Sample
    categories: tuple[str, ...] = ()
    sounds: bool = True

    @property
    def key(self) -> str:
        return f"{self.place}:{self.sample.row.file}"

    @property
    def clip_name(self) -> str:
        return self.sample.row.file

    @property
    def expression(self) -> str:
        return self.sample.row.exp

    def clip(self) -> Clip:
        return self.sample.clip()

    def defects(self) -> list[Defect]:
        return checks_clips.sample_defects(self.sample)

    def measure(self, clip: Clip, referral: Referral) -> dict[str, Any]:
        """At a labelled second stands the answered frame nearest to it in time."""
        row = self.sample.row
        null = not referral.objects
        if not null and not referral.indices:
            raise RefavsError(f"Of {self.key} no frame was answered, so there is nothing to score.")
        hits = [(False, False) if null else self._hit(clip, referral, second) for second in row.boxes]
        right = row.null == null
        return boxes.BoxSample(self.key, self.clip_name, row.null, tuple(hits), right).to_json()

    def _hit(self, clip: Clip, referral: Referral, second: float) -> tuple[bool, bool]:
        times = np.array([clip.times[index - clip.first] for index in referral.indices])
        nearest = referral.indices[int(np.argmin(np.abs(times - second)))]
        wanted = (self.sample.row.boxes[second], *self.sample.row.accept)
        return boxes.box_hits(mask_at(referral, nearest, clip.size), wanted)


class ClipsTask:
    layout = "clips"

    def __init__(self, root: Path) -> None:
        self.root = root
        self.dataset = clips.Dataset(root)

    def items(self, split: str | None) -> Iterator[ClipsItem]:
        return (ClipsItem(k, sample) for k, sample in enumerate(self.dataset.samples(split)))

    def scores(self, records: Sequence[Record]) -> Scores:
        result = boxes.boxes([boxes.BoxSample.from_json(record) for record in records])
        return Scores(result.to_json(), (result,))

    def cue_scores(self, records: Sequence[Record]) -> dict[str, Any]:
        result = boxes.boxes([boxes.BoxSample.from_json(record) for record in records])
        return {**result.values, **result.counts}
