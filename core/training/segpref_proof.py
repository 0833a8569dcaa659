"""What each mechanism of SegPref is worth, and what it then marks with another sound; on cached features."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from core.evaluation.sounds import parse_audio
from core.metrics import avsbench
from core.systems.blocks.logmel import RATE
from core.systems.blocks.tagger import Tagger
from core.systems.cue.listen import hear
from core.systems.segpref.config import SegPrefConfig
from core.systems.segpref.describe import audible, potential
from core.systems.segpref.network import SegPrefForAudioVisualSegmentation
from core.systems.segpref.system import cue_numbers
from core.training import proof
from core.training.avs_clips import SIDE, AvsSample, scored_clips
from core.training.loop import Schedule, train
from core.training.proof import Cell, Row
from core.training.segpref import BATCH, SegPrefTask, Told

VARIANTS: dict[str, dict[str, Any]] = {
    "baseline": {"text_cues": False, "dynamic_mask": False, "contrast": 0.0},
    "without text cues": {"text_cues": False},  # nor InfoNCE, which compares them
    "without dynamic mask": {"dynamic_mask": False},
    "without InfoNCE": {"contrast": 0.0},
    "SegPref": {},
}
SOUNDS = ("normal", "mute", "noise:10", "offscreen")
COLUMNS = {
    **{f"{sound} miou": f"{sound}: mIoU" for sound in SOUNDS},
    **{f"{sound} marked": f"{sound}: marked" for sound in SOUNDS},
}


def run(
    cell: Cell, datasets: Sequence[str], cache: Path, out: Path, *, clip_steps: int, clips: int, **sizes: Any
) -> Row:
    """Train one cell and score it; its row is written to out/rows.jsonl when it ends.

    clips: how many of each dataset's split test are scored, evenly spread. A cell that was stopped goes on at its
    checkpoint. Raises RefavsError for more clip steps than a cell may have.
    """
    proof.check_steps(clip_steps, BATCH)
    started = monotonic()
    task = SegPrefTask(datasets, cache, SegPrefConfig(**sizes, **VARIANTS[cell.variant]), seed=cell.seed)
    steps = clip_steps // BATCH
    schedule = Schedule(steps=steps, warm_up=min(40, steps // 4), rate=5e-4, average=0.98)
    network = train(task, proof.folder(out, cell, clip_steps), schedule)
    assert isinstance(network, SegPrefForAudioVisualSegmentation)
    row: Row = {
        **cell._asdict(),
        **proof.on_datasets(clip_steps, datasets),
        **score(network, task, scored_clips(datasets, clips)),
    }
    row["seconds"] = round(monotonic() - started, 1)
    proof.write(out, row)
    return row


@torch.inference_mode()
def score(
    network: SegPrefForAudioVisualSegmentation, task: SegPrefTask, chosen: Sequence[AvsSample]
) -> dict[str, float]:
    """As COLUMNS has them, in %, with each of SOUNDS: P1 mIoU, the truth left as it is; and the share of the
    pixels marked, which with a false sound is the false-positive rate.
    """
    network.eval()
    told = [task.descriptions.of(sample) for sample in chosen]
    values: dict[str, float] = {}
    for sound in SOUNDS:
        scored = []
        for k, (ears, heard) in enumerate(_heard(sound, task, chosen, told)):
            seen = task.clips.of(chosen[k])
            cues = potential(told[k].seen, heard.heard, heard.kind)
            numbers = cue_numbers(task.words, [cues], network.config.text_length)
            fine, middle, coarse = (maps.float()[None] for maps in seen.eyes)
            sounds = torch.from_numpy(heard.audible)[None]
            masks = network((fine, middle, coarse), ears[None], numbers, sounds).masks[-1]
            labelled = masks[:, : len(seen.classes)]
            planes = F.interpolate(labelled, (SIDE, SIDE), mode="bilinear")[0].sigmoid().numpy()
            scored.append(avsbench.avs_sample(planes, seen.sounding.numpy(), key=chosen[k].key))
        values[f"{sound} miou"] = avsbench.per_frame(scored).values["miou"] or 0.0
        values[f"{sound} marked"] = 100 * float(np.mean([one.on / one.pixels for one in scored]))
    return {name: round(value, 2) for name, value in values.items()}


def _heard(
    sound: str, task: SegPrefTask, chosen: Sequence[AvsSample], told: Sequence[Told]
) -> Iterator[tuple[Tensor, Told]]:
    """For each clip the ears' numbers [T, 128], and what is known of that sound."""
    embed = Tagger.from_pretrained().embed
    audio = parse_audio(sound)
    for k, sample in enumerate(chosen):
        seconds = len(task.clips.of(sample).ears)
        if audio.kind in ("normal", "offscreen"):
            donor = k if audio.kind == "normal" else _other(k, told)
            again = np.arange(seconds) % len(told[donor].audible)  # a shorter clip's sound begins again
            mine = told[donor]
            ears = task.clips.of(chosen[donor]).ears[again]
            yield ears, Told((), mine.heard, mine.kind, mine.audible[again])
            continue
        samples = np.zeros(seconds * RATE, np.float32)
        if audio.kind == "noise":
            noise = np.random.default_rng(k).normal(size=len(samples))
            samples = (noise * 10 ** (-audio.level / 20)).astype(np.float32)
        found = torch.from_numpy(embed(samples, RATE)[:seconds])
        yield found, Told((), (), hear(samples, RATE).kind, audible(samples, RATE, seconds))


def _other(place: int, told: Sequence[Told]) -> int:
    """The next clip with a sound that nothing seen or heard in this one is known to make; else simply the next."""
    mine = {*told[place].seen, *told[place].heard}
    turned = [(place + step) % len(told) for step in range(1, len(told))] or [place]
    return next((k for k in turned if told[k].heard and not mine & set(told[k].heard)), turned[0])
