"""How Stepping Stone Plus learns: frames with their sound, which pixels sound and, where it is told, what they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from core.errors import DatasetError, RefavsError
from core.systems.blocks.namer import Namer
from core.systems.blocks.tagger import Tagger
from core.systems.ssp.config import SspConfig
from core.systems.ssp.flow import GRID
from core.systems.ssp.network import SspForAudioVisualSemanticSegmentation, StageOutput
from core.systems.ssp.prompts import Describer, sounding, vocabulary
from core.training.avs_clips import AvsClips, AvsSample, Seen, samples, shares
from core.training.eemc import mirrored as other_side

CLIPS, FRAMES = 6, 2  # of a step; frames are those of one clip
MIRRORED = 0.2  # share of the clips that are seen mirrored half of the time, as each is looked at anew
MUTED = 0.12  # share of the clips that are heard silent, or as noise, and where nothing sounds
NOISES = (10, 20, 30, 40)  # dB below full scale
MASK, DICE, CLASS = 5.0, 5.0, 2.0  # weights of the paper's loss
UNMATCHED = 0.1  # weight of a query that should show nothing
COVERED = 0.3  # share of a place from which it counts as sounding in the pre-mask


@dataclass(frozen=True)
class Frames:
    """N frames of a step. classes: uint8 [N, 224, 224]; semantic: bool [N], whether they are classes of AVSS."""

    eyes: tuple[Tensor, ...]
    ears: Tensor
    motion: Tensor
    texts: tuple[Tensor, Tensor]
    classes: Tensor
    semantic: Tensor


class Scenes:
    """What the middle frame of a clip shows, in words; kept beside the clip's features."""

    def __init__(self, clips: AvsClips) -> None:
        self._clips = clips
        self._describe = Describer()
        marks = [
            (files("assets") / "weights" / name / "model.safetensors") for name in ("nano-things", "namer")
        ]
        self._mark = sha256(b"".join(path.read_bytes() for path in marks)).hexdigest()[:8]

    def of(self, sample: AvsSample) -> str:
        """Raises DatasetError when the frame cannot be read."""
        path = self._clips.folder / f"{self._clips.mark(sample)}-{self._mark}.txt"
        if not path.is_file():
            middle = sample.frame_paths[len(sample.frame_paths) // 2]
            picture = cv2.imread(str(middle), cv2.IMREAD_COLOR_RGB)
            if picture is None:
                raise DatasetError(f"{middle} is not a readable picture.")
            part = path.with_suffix(".part")
            part.write_text(self._describe(picture), encoding="utf-8")
            part.replace(path)
        return path.read_text(encoding="utf-8")


class SspTask:
    """Implements core.training.loop.Task on the train splits of s4:DIR, ms3:DIR and avss:DIR."""

    def __init__(
        self, datasets: Sequence[str], cache: Path, config: SspConfig | None = None, *, seed: int = 0
    ) -> None:
        found = [sample for dataset in datasets for sample in samples(dataset) if sample.split == "train"]
        self._semantic = [sample for sample in found if sample.semantic]
        self._binary = [sample for sample in found if not sample.semantic]
        if not self._semantic:
            raise DatasetError(
                f"Its second stage learns classes, so a dataset avss:DIR with a split train is needed; got "
                f"{', '.join(datasets)}."
            )
        tagger = Tagger.from_pretrained()
        self.heard = tagger.config.categories
        self.words = vocabulary(Namer().head.names, self.heard)
        config = config or SspConfig()
        config.vocabulary = len(self.words)
        self.clips = AvsClips(cache / "avs")
        self.scenes = Scenes(self.clips)
        first = torch.cat([self.clips.of(s).ears for s in found[:: max(len(found) // 24, 1)]])
        config.mean, config.spread = float(first.mean()), float(first.std().clamp(min=1e-3))
        rng = np.random.default_rng(seed)
        noises = [rng.normal(size=16_000).astype(np.float32) * 10 ** (-level / 20) for level in NOISES]
        heard = [tagger.hear(noise, 16_000) for noise in noises]
        self._noises = [
            self.clips.quiet,
            *((torch.from_numpy(v[0]), torch.from_numpy(c[0])) for v, c in heard),
        ]
        torch.manual_seed(seed)
        self.network = SspForAudioVisualSemanticSegmentation(config)
        self._seed = seed

    def loss(self, step: int, progress: float) -> tuple[Tensor, dict[str, float]]:
        """The loss of this step's frames. At first the second stage is guided by the true mask, as published; the
        share of frames that the first stage guides grows with the progress, as only that is there in use.

        Raises RefavsError when the loss is no number.
        """
        rng = np.random.default_rng([self._seed, step])
        drawn = [self._draw(rng) for _ in range(CLIPS)]
        batch = self.frames(drawn, rng)
        sounding_share = 1 - shares(batch.classes, [0])[:, 0]
        truth = (sounding_share > COVERED).float()
        truth[torch.from_numpy(rng.random(len(truth)) < progress)] = torch.nan
        output = self.network(batch.eyes, batch.ears, batch.motion, batch.texts, truth)
        weight = self.network.config.post_weight
        binary = [[int(k) for k in (c > 0).unique()] for c in batch.classes]
        first, figures = stage_loss(output.first, (batch.classes > 0).byte(), binary, output.moving, weight)
        chosen = batch.semantic.nonzero()[:, 0]
        second, named = torch.zeros(()), 0.0
        if len(chosen):
            second, named_figures = stage_loss(
                part(output.second, chosen),
                batch.classes[chosen],
                [[int(k) for k in c.unique()] for c in batch.classes[chosen]],
                output.moving[chosen],
                weight,
            )
            named = named_figures["class"]
        total = first + second
        if not torch.isfinite(total):
            keys = ", ".join(sample.key for sample in drawn)
            raise RefavsError(
                f"The loss of step {step} is no number (clips {keys}); the last checkpoint is kept. Look at these "
                "clips, or train with a smaller rate."
            )
        return total, {"loss": float(total.detach()), "iou": figures["iou"], "class": named}

    def frames(self, drawn: Sequence[AvsSample], rng: np.random.Generator) -> Frames:
        """Labelled frames of these clips, some muted or mirrored, with the motion to a moment later or between."""
        columns: list[list[Tensor]] = [[] for _ in range(6)]
        scenes: list[str] = []
        heard: list[str] = []
        semantic: list[bool] = []
        for sample in drawn:
            flip = bool(rng.random() < 0.5) and turns(sample.key)
            seen = self.clips.of(sample, mirrored=flip)
            count = len(seen.classes)
            picked = np.sort(rng.choice(count, min(FRAMES, count), replace=False))
            ears, chances, classes = seen.ears[picked], seen.heard[picked], seen.classes[picked]
            if rng.random() < MUTED:
                vector, chance = self._noises[rng.integers(len(self._noises))]
                ears, chances = vector.expand_as(ears), chance.expand_as(chances)
                classes = torch.zeros_like(classes)
            move = (seen.near if rng.random() < 0.5 else seen.far)[picked]
            parts = (*(m[picked].float() for m in seen.eyes), ears, move.float(), classes)
            for column, piece in zip(columns, parts, strict=True):
                column.append(piece)
            scene = self.scenes.of(sample)
            scenes += [other_side(scene) if flip else scene] * len(picked)
            heard += sounding(chances.numpy(), self.heard)
            semantic += [sample.semantic] * len(picked)
        fine, middle, coarse, ears, move, classes = (torch.cat(column) for column in columns)
        length = self.network.config.text_length
        texts = self.words.numbers(scenes, length), self.words.numbers(heard, length)
        return Frames((fine, middle, coarse), ears, move, texts, classes, torch.tensor(semantic))

    def whole(self, sample: AvsSample, *, far: bool = True) -> tuple[Frames, Seen]:
        """Every labelled frame of a clip as it is, for scoring; far: as in use, where no later pictures are."""
        seen = self.clips.of(sample)
        count = len(seen.classes)
        fine, middle, coarse = (m[:count].float() for m in seen.eyes)
        length = self.network.config.text_length
        texts = (
            self.words.numbers([self.scenes.of(sample)] * count, length),
            self.words.numbers(sounding(seen.heard[:count].numpy(), self.heard), length),
        )
        move = (seen.far if far else seen.near)[:count].float()
        semantic = torch.full((count,), sample.semantic)
        return Frames((fine, middle, coarse), seen.ears[:count], move, texts, seen.classes, semantic), seen

    def _draw(self, rng: np.random.Generator) -> AvsSample:
        pool = self._semantic if not self._binary or rng.random() < 0.6 else self._binary
        return pool[rng.integers(len(pool))]

    def save(self, network: SspForAudioVisualSemanticSegmentation, folder: Path) -> None:
        """Write config.json, model.safetensors (half precision) and tokenizer.json."""
        half = SspForAudioVisualSemanticSegmentation(network.config)
        half.load_state_dict(network.state_dict())
        half.half().save_pretrained(folder)
        self.words.save(folder)


def turns(key: str) -> bool:
    """Whether a clip is one of those that are also seen mirrored; always the same ones."""
    return sha256(key.encode()).digest()[0] < 256 * MIRRORED


def part(output: StageOutput, rows: Tensor) -> StageOutput:
    """The output of some frames."""
    return StageOutput(tuple(mask[rows] for mask in output.masks), output.classes[rows], output.moving[rows])


def stage_loss(
    output: StageOutput,
    classes: Tensor,
    present: Sequence[Sequence[int]],
    moving: Tensor,
    post_weight: float,
) -> tuple[Tensor, dict[str, float]]:
    """5 BCE + 5 Dice + 2 class + post_weight BCE on the moving part, each class of a frame matched to one query.

    classes: uint8 [N, 224, 224]; present: the classes of each frame, the background among them; moving: M_O,
    float [N, 56, 56]. The part that moves, M_post = M_O and M_GT, is read by a layer of its own from the matched
    query: on the mask itself a weight of 10 would teach that what stands still does not sound. Masks before and
    behind earlier layers learn with half weight.
    """
    logits = [F.interpolate(m, (GRID, GRID), mode="bilinear", align_corners=False) for m in output.masks]
    frames: list[int] = []
    queries: list[int] = []
    targets: list[Tensor] = []
    wanted: list[int] = []
    with torch.no_grad():
        for n, some in enumerate(present):
            planes = shares(classes[n : n + 1], list(some))[0]
            cost = MASK * cross_of(logits[-1][n], planes) + DICE * dice_of(logits[-1][n], planes)
            cost = cost - CLASS * output.classes[n].softmax(-1)[:, list(some)]
            frames += [n] * len(some)
            queries += cheapest(cost.T.tolist())
            targets.append(planes)
            wanted += some
    planes = torch.cat(targets)
    total = planes.new_zeros(())
    for number, masks in enumerate(logits):
        own = masks[frames, queries]
        cross = F.binary_cross_entropy_with_logits(own, planes)
        weight = 1.0 if number == len(logits) - 1 else 0.5
        total = total + weight * (MASK * cross + DICE * _dice(own, planes).mean())
    nothing = output.classes.shape[-1] - 1
    labels = torch.full(output.classes.shape[:2], nothing)
    labels[frames, queries] = torch.tensor(wanted)
    weights = torch.ones(nothing + 1)
    weights[nothing] = UNMATCHED
    named = F.cross_entropy(output.classes.flatten(0, 1), labels.flatten(), weights)
    total = total + CLASS * named
    things = [k for k, label in enumerate(wanted) if label > 0]
    if post_weight and things:
        at, by = [frames[k] for k in things], [queries[k] for k in things]
        read = F.interpolate(output.moving, (GRID, GRID), mode="bilinear", align_corners=False)[at, by]
        total = total + post_weight * F.binary_cross_entropy_with_logits(read, moving[at] * planes[things])
    with torch.no_grad():
        said, truth = logits[-1][frames, queries] > 0, planes > 0.5
        iou = (said & truth).sum((1, 2)) / (said | truth).sum((1, 2)).clamp(min=1)
        iou = iou[things].mean() if things else iou.new_zeros(())
    return total, {"iou": float(iou), "class": float(named.detach())}


def cheapest(cost: Sequence[Sequence[float]]) -> list[int]:
    """Of K rows with Q >= K costs each: a column for each row, none twice, that together cost least.

    Goes through the columns and keeps the best way to serve each set of rows, so it is for few rows.
    """
    best: dict[int, tuple[float, tuple[tuple[int, int], ...]]] = {0: (0.0, ())}
    for column in range(len(cost[0])):
        for served, (sum_so_far, pairs) in list(best.items()):
            for row in range(len(cost)):
                if served >> row & 1:
                    continue
                total = sum_so_far + cost[row][column]
                if served | 1 << row not in best or total < best[served | 1 << row][0]:
                    best[served | 1 << row] = (total, (*pairs, (row, column)))
    chosen = dict(best[(1 << len(cost)) - 1][1])
    return [chosen[row] for row in range(len(cost))]


def cross_of(logits: Tensor, planes: Tensor) -> Tensor:
    """logits [Q, G, G], planes [K, G, G] -> binary cross-entropy [Q, K], the mean over places."""
    flat, wanted = logits.flatten(1), planes.flatten(1)
    return (F.softplus(flat).sum(1)[:, None] - flat @ wanted.T) / flat.shape[1]


def dice_of(logits: Tensor, planes: Tensor) -> Tensor:
    """logits [Q, G, G], planes [K, G, G] -> Dice loss [Q, K]."""
    found, wanted = logits.sigmoid().flatten(1), planes.flatten(1)
    return 1 - (2 * found @ wanted.T + 1) / (found.sum(1)[:, None] + wanted.sum(1)[None] + 1)


def _dice(logits: Tensor, planes: Tensor) -> Tensor:
    found = logits.sigmoid()
    return 1 - (2 * (found * planes).sum((1, 2)) + 1) / (found.sum((1, 2)) + planes.sum((1, 2)) + 1)
