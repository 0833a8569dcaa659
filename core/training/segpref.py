"""How SegPref learns: clips whose sounding pixels are known, some of them with the sound of another clip."""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import torch
from torch import Tensor
from torch.nn import functional as F

from core import media
from core.errors import DatasetError
from core.systems.blocks.words import Words
from core.systems.segpref.blocks import info_nce, support
from core.systems.segpref.config import SegPrefConfig
from core.systems.segpref.describe import ANYTHING, CueDescriber, audible, potential
from core.systems.segpref.network import SegPrefForAudioVisualSegmentation, SegPrefOutput
from core.systems.segpref.system import cue_numbers
from core.training.avs_clips import GRID, SIDE, AvsClips, AvsSample, Seen, samples

BATCH = 4
SECONDS = 3  # of a clip that a step looks at
OTHER = 0.3  # share of the clips that get the sound of another one, and sound nowhere
CROSS, DICE, SURE = 5.0, 5.0, 2.0  # weights of the losses
EARLIER = 0.5  # weight of a mask behind an earlier layer
THERE = 0.002  # share of a picture from which something in it sounds
FORM = "description 1"  # counts up when describing changes


@dataclass(frozen=True, eq=False)
class Told:
    """What is known of a clip before its features are looked at. audible: bool [T]."""

    seen: tuple[str, ...]
    heard: tuple[str, ...]
    kind: str
    audible: np.ndarray


class Descriptions:
    """Descriptions of clips, worked out once and kept under the checksum of what they came from."""

    def __init__(self, clips: AvsClips) -> None:
        self._clips = clips
        self._describe = CueDescriber()

    def of(self, sample: AvsSample) -> Told:
        """Raises DatasetError naming a file that cannot be read."""
        path = self._clips.folder / f"{self._clips.mark(sample)}-{FORM.replace(' ', '-')}.json"
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            return Told(tuple(kept["seen"]), tuple(kept["heard"]), kept["kind"], np.array(kept["audible"]))
        except (OSError, ValueError, KeyError):
            told = self._make(sample)
        part = path.with_suffix(f".{os.getpid()}")
        data = {"seen": told.seen, "heard": told.heard, "kind": told.kind, "audible": told.audible.tolist()}
        part.write_text(json.dumps(data), encoding="utf-8")
        part.replace(path)
        return told

    def _make(self, sample: AvsSample) -> Told:
        try:
            sound, rate = soundfile.read(sample.audio_path, dtype="float32", always_2d=True)
        except (OSError, soundfile.LibsndfileError) as error:
            raise DatasetError(f"{sample.audio_path} is not readable sound: {error}.") from None
        samples = np.ascontiguousarray(sound.mean(1))
        describing = self._describe(media.open(sample.frame_paths[0].parent).clip().with_audio(samples, rate))
        while True:
            try:
                next(describing)
            except StopIteration as end:
                found = end.value
                return Told(
                    found.seen, found.heard, found.kind, audible(samples, rate, len(sample.frame_paths))
                )


class SegPrefTask:
    """Implements core.training.loop.Task on the train splits of s4:DIR, ms3:DIR and avss:DIR."""

    lighter = "fewer queries or layers"

    def __init__(
        self, datasets: Sequence[str], cache: Path, config: SegPrefConfig | None = None, *, seed: int = 0
    ) -> None:
        self.samples = [s for dataset in datasets for s in samples(dataset, "train")]
        if not self.samples:
            raise DatasetError(f"None of {', '.join(datasets)} has clips to train on.")
        self.clips = AvsClips(cache / "avs")
        self.descriptions = Descriptions(self.clips)
        self.told = []
        for number, sample in enumerate(self.samples):
            self.told.append(self.descriptions.of(sample))
            if number % 20 == 19:
                print(f"described {number + 1} of {len(self.samples)} clips", file=sys.stderr, flush=True)
        cues = [potential(t.seen, t.heard, t.kind) for t in self.told]
        names = sorted({cue.replace("-", " ") for some in cues for cue in some} | {ANYTHING})
        self.words = Words.learn(names, 300)
        config = config or SegPrefConfig()
        config.vocabulary = len(self.words)
        first = torch.cat([self.clips.of(s).ears for s in self.samples[:: max(len(self.samples) // 24, 1)]])
        config.mean, config.spread = float(first.mean()), float(first.std().clamp(min=1e-3))
        torch.manual_seed(seed)
        self.network = SegPrefForAudioVisualSegmentation(config)
        self._seed = seed

    def named(self, step: int) -> str:
        """The clips of a step's batch."""
        rng = np.random.default_rng([self._seed, step])
        return "clips " + ", ".join(self.samples[k].key for k, _ in self._draw(rng))

    def loss(self, step: int, progress: float) -> tuple[Tensor, dict[str, float]]:
        """The loss of the batch of this step."""
        rng = np.random.default_rng([self._seed, step])
        drawn = self._draw(rng)
        flips = rng.random(len(drawn)) < 0.5
        batch = []
        for (place, donor), flip in zip(drawn, flips, strict=True):
            seen = self.clips.of(self.samples[place], mirrored=bool(flip))
            batch.append(self._row(rng, seen, place, donor))
        cues = [potential(self.told[k].seen, *self._sound(k if d is None else d)) for k, d in drawn]
        numbers = cue_numbers(self.words, cues, self.network.config.text_length)
        fine, middle, coarse = (
            torch.stack(maps).float() for maps in zip(*(row.eyes for row in batch), strict=True)
        )
        ears = torch.stack([row.ears for row in batch])
        output = self.network((fine, middle, coarse), ears, numbers, torch.stack([r.sounds for r in batch]))
        own = torch.tensor([donor is None for _, donor in drawn])
        target = torch.stack([row.target for row in batch])
        judged = torch.stack([row.judged for row in batch])
        total, figures = segpref_loss(output, target, judged)
        config = self.network.config
        if not (config.contrast and config.text_cues):  # without texts there is nothing to tell apart
            return total, figures
        contrast = self._contrast(output, ears, numbers, own)
        return total + config.contrast * contrast, figures | {"contrast": float(contrast.detach())}

    def _sound(self, place: int) -> tuple[tuple[str, ...], str]:
        return self.told[place].heard, self.told[place].kind

    def _draw(self, rng: np.random.Generator) -> list[tuple[int, int | None]]:
        """So many clips, and of whom each gets the sound: None = its own."""
        return [self._pair(rng) for _ in range(BATCH)]

    def _pair(self, rng: np.random.Generator) -> tuple[int, int | None]:
        place = int(rng.integers(len(self.samples)))
        if rng.random() >= OTHER:
            return place, None
        mine = self.told[place]
        for other in rng.integers(len(self.samples), size=20).tolist():
            theirs = self.told[other]
            if theirs.heard and not set(theirs.heard) & {*mine.seen, *mine.heard}:
                return place, other
        return place, None

    def _row(self, rng: np.random.Generator, seen: Seen, place: int, donor: int | None) -> "_Row":
        """Some seconds of a clip. With another clip's sound nothing in it sounds, on every second."""
        time = len(seen.ears)
        labelled = len(seen.classes)
        picked = np.sort(rng.permutation(time)[:SECONDS])
        if labelled < time:  # the labelled ones first: there may be a single one
            rest = rng.permutation(np.arange(labelled, time))[: max(SECONDS - labelled, 0)]
            picked = np.sort(np.concatenate([rng.permutation(labelled)[:SECONDS], rest]))
        target = torch.zeros(len(picked), GRID, GRID)
        judged = torch.full((len(picked),), donor is not None)
        if donor is None:
            for row, second in enumerate(picked):
                if second < labelled:
                    target[row] = _share(seen.sounding[second])
                    judged[row] = True
        ears, sounds = seen.ears, self.told[place].audible
        if donor is not None:
            ears, sounds = self.clips.of(self.samples[donor]).ears, self.told[donor].audible
        heard = picked % len(ears)  # a shorter clip's sound begins again
        eyes = tuple(maps[picked] for maps in seen.eyes)
        return _Row(eyes, ears[heard], torch.from_numpy(sounds[heard]), target, judged)

    def _contrast(self, output: SegPrefOutput, ears: Tensor, numbers: Tensor, own: Tensor) -> Tensor:
        """InfoNCE over the seconds of clips with their own sound, against the cues of all clips of the batch."""
        batch, time, cues = output.supported.shape
        if not own.any():
            return output.supported.sum() * 0
        text = output.text.flatten(0, 1)
        real = output.real.flatten()
        said = numbers.flatten(0, 1)
        equal = (said[:, None] == said[None]).all(2)  # [B * M, B * M]
        mine = torch.eye(batch, dtype=torch.bool).repeat_interleave(cues, 1) & real  # [B, B * M]
        alike = (mine.float() @ equal.float() > 0) & ~mine
        rows = text.expand(batch * time, -1, -1)
        _, components = self.network.listen(ears.flatten(0, 1), rows)
        supported = support(components, rows)
        heard = output.open.new_ones(batch, time) & own[:, None]
        pulled = (mine[:, None] & heard[..., None]).flatten(0, 1)
        aside = (alike | ~real)[:, None].expand(-1, time, -1).flatten(0, 1)
        return info_nce(supported, pulled, aside, self.network.config.tau)

    def save(self, network: SegPrefForAudioVisualSegmentation, folder: Path) -> None:
        """Write config.json, model.safetensors (half precision) and tokenizer.json."""
        half = SegPrefForAudioVisualSegmentation(network.config)
        half.load_state_dict(network.state_dict())
        half.half().save_pretrained(folder)
        self.words.save(folder)


@dataclass(frozen=True, eq=False)
class _Row:
    """One clip of a batch: maps [S, C, h, w], ears [S, 128], sounds [S], target [S, GRID, GRID], judged [S]."""

    eyes: tuple[Tensor, ...]
    ears: Tensor
    sounds: Tensor
    target: Tensor
    judged: Tensor


def segpref_loss(output: SegPrefOutput, target: Tensor, judged: Tensor) -> tuple[Tensor, dict[str, float]]:
    """5 BCE + 5 Dice of the masks + 2 BCE of whether anything sounds, and figures to print.

    target: float32 [B, T, g, g], 0 to 1; judged: bool [B, T], whether it is known. Dice counts where something sounds
    alone; masks behind earlier layers count half.
    """
    some = judged.float()
    sounds = target.mean((2, 3)) > THERE
    full = (sounds & judged).float()
    mask_loss = target.new_zeros(())
    for number, masks in enumerate(output.masks):
        large = F.interpolate(masks, target.shape[-2:], mode="bilinear", align_corners=False)
        cross = F.binary_cross_entropy_with_logits(large, target, reduction="none").mean((2, 3))
        found = large.sigmoid()
        overlap = (found * target).sum((2, 3))
        dice = 1 - (2 * overlap + 1) / (found.sum((2, 3)) + target.sum((2, 3)) + 1)
        weight = 1.0 if number == len(output.masks) - 1 else EARLIER
        mask_loss = mask_loss + weight * CROSS * (cross * some).sum() / some.sum().clamp(min=1)
        mask_loss = mask_loss + weight * DICE * (dice * full).sum() / full.sum().clamp(min=1)
    wrong = F.binary_cross_entropy_with_logits(output.sure, sounds.float(), reduction="none")
    sure_loss = (wrong * some).sum() / some.sum().clamp(min=1)
    with torch.no_grad():
        said, truth = large > 0, target > 0.5
        iou = (said & truth).sum((2, 3)) / (said | truth).sum((2, 3)).clamp(min=1)
        right = ((output.sure > 0) == sounds).float()
    return mask_loss + SURE * sure_loss, {
        "loss": float((mask_loss + SURE * sure_loss).detach()),
        "sure": float(sure_loss.detach()),
        "iou": float((iou * full).sum() / full.sum().clamp(min=1)),
        "right": float((right * some).sum() / some.sum().clamp(min=1)),
        "open": float(output.open.float().mean()),
    }


def _share(sounding: Tensor) -> Tensor:
    """bool [224, 224] -> float32 [GRID, GRID]: how much of each place sounds."""
    return F.avg_pool2d(sounding[None].float(), SIDE // GRID)[0]
