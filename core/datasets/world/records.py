"""Writes one made clip into a layout's folders and says what its tables need to know of it."""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import soundfile

from core.datasets import avsbench, avss, refavs
from core.datasets.avsbench_write import SIDE, AvsClip, AvssClip, write_avs_clip, write_avss_clip
from core.datasets.refavs import NULL, Row
from core.datasets.world.film import write_film
from core.datasets.world.make import Clip, next_frames
from core.datasets.world.synth import RATE

Record = dict[str, Any]
QUALITY = 95
PREFIX = {"muted": "null_m-", "off-screen": "null_c-", "crossed": "null_c-"}


def write_refavs(clip: Clip, root: Path, name: str, render: bool) -> Record:
    """media/V, gt_mask/V with every object's masks, script.json; rows of metadata.csv."""
    job = clip.job
    vid = f"{name}_0_{round(clip.scene.script.seconds * 1000)}"
    v = PREFIX.get(job.wish.audio, "") + vid
    for k, frame in enumerate(clip.frames):
        _picture(root / refavs.frame_path(v, k), frame)
    if job.split in ("train", "val"):
        for k, frame in enumerate(next_frames(clip)):
            _picture(root / refavs.media_folder(v) / "frames_next" / f"{k}.jpg", frame)
    _sound(root / refavs.audio_path(v), clip.sound)
    if render:
        write_film(clip.scene, root / refavs.media_folder(v) / "video.mp4", sound=clip.sound)
    script = root / refavs.media_folder(v) / "script.json"
    script.write_text(json.dumps(story(clip), ensure_ascii=False) + "\n", encoding="utf-8")
    rows: list[Row] = []
    if job.is_null:
        empty = np.zeros(clip.frames[0].shape[:2], bool)
        for k in range(len(clip.frames)):
            _mask(root / refavs.mask_path(v, 0, k), empty)
        rows = [Row(vid, f"{v}_{NULL}_{n + 1}", job.split, 0, said.text) for n, said in enumerate(clip.said)]
    else:
        for i, fact in enumerate(clip.truth.facts):
            if any(clip.truth.facts[i].shown):
                for k, masks in enumerate(clip.masks):
                    _mask(root / refavs.mask_path(v, fact.number, k), masks[i])
        count: Counter[str] = Counter()
        for said in clip.said:
            for number in said.numbers:
                category = clip.truth[number].category
                count[category] += 1
                rows.append(Row(vid, f"{v}_{category}_{count[category]}", job.split, number, said.text))
    return {"rows": [[r.vid, r.uid, r.split, r.fid, r.exp] for r in rows]}


def write_avs(clip: Clip, root: Path, name: str, subset: avsbench.Subset) -> Record:
    """One clip of S4 or MS3: the masks of what sounds at the frame."""
    loud = [f for f in clip.truth.facts if f.sounds]
    category = loud[0].category if subset == "s4" else None
    labelled = avsbench.Sample(root, subset, name, clip.job.split, category).labelled
    masks = [_sounding(clip, k) for k in range(labelled)]
    made = AvsClip(name, clip.job.split, clip.frames, masks, clip.sound, RATE, category)
    row = list(write_avs_clip(root, subset, made))
    if clip.job.split in ("train", "val"):
        sample = avsbench.Sample(root, subset, name, clip.job.split, category)
        for path, frame in zip(sample.next_paths, next_frames(clip), strict=True):
            _picture(path, cv2.resize(frame, (SIDE, SIDE), interpolation=cv2.INTER_AREA))
    return {"rows": [row]}


def write_avss(clip: Clip, root: Path, name: str) -> Record:
    """One clip of AVSS: the classes of what sounds at the frame."""
    loud = list(dict.fromkeys(f.category for f in clip.truth.facts if f.sounds))
    seconds = round(clip.scene.script.seconds)
    row = avss.Row(name, f"{name}_0_{seconds * 1000}", "0", "0", tuple(loud), clip.job.split, clip.job.subset)
    labels = []
    for k in range(row.labelled):
        labels.append(np.zeros(clip.frames[0].shape[:2], np.uint8))
        for i, fact in enumerate(clip.truth.facts):
            if fact.sounding[k]:
                labels[k][clip.masks[k][i]] = avss.CLASSES.index(fact.category)
    cells = list(write_avss_clip(root, AvssClip(row, clip.frames, labels, clip.sound, RATE)))
    if clip.job.split in ("train", "val"):
        for path, frame in zip(avss.Sample(root, row).next_paths, next_frames(clip), strict=True):
            _picture(path, frame)
    return {"rows": [cells]}


def write_clip(clip: Clip, root: Path, name: str) -> Record:
    """A film, and the boxes of what its sentences mean at every tenth of its seconds."""
    root.mkdir(parents=True, exist_ok=True)
    write_film(clip.scene, root / f"{name}.mp4", sound=clip.sound)
    rows = []
    for said in clip.said:
        if not said.numbers:
            rows.append({"exp": said.text, "null": True})
            continue
        fact = clip.truth[said.numbers[0]]
        others = [clip.truth[n] for n in said.numbers[1:]]
        boxes = {t: b for t, b in zip(clip.job.times, fact.boxes, strict=True) if b and _well_seen(b)}
        step = max(1, len(boxes) // 10)
        kept = dict(list(boxes.items())[::step])
        accept = [
            list(b) for o in others for t, b in zip(clip.job.times, o.boxes, strict=True) if b and t in kept
        ]
        rows.append(
            {"exp": said.text, "boxes": {f"{t:g}": list(b) for t, b in kept.items()}, "accept": accept}
        )
    return {"file": f"{name}.mp4", "rows": [r for r in rows if r.get("null") or r.get("boxes")]}


def story(clip: Clip) -> dict[str, Any]:
    """The script, the truth and the sentences as plain data, for script.json."""
    return {
        "script": asdict(clip.scene.script),
        "truth": [asdict(fact) for fact in clip.truth.facts],
        "expressions": [asdict(said) for said in clip.said],
        "times": list(clip.job.times),
    }


def _sounding(clip: Clip, k: int) -> np.ndarray:
    out = np.zeros(clip.frames[0].shape[:2], bool)
    for i, fact in enumerate(clip.truth.facts):
        if fact.sounding[k]:
            out |= clip.masks[k][i]
    return out


def _well_seen(box: tuple[float, float, float, float]) -> bool:
    return (box[2] - box[0]) * (box[3] - box[1]) > 0.002


def _picture(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    turned = pixels[..., ::-1] if pixels.ndim == 3 else pixels
    settings = (
        [cv2.IMWRITE_JPEG_QUALITY, QUALITY] if path.suffix == ".jpg" else [cv2.IMWRITE_PNG_COMPRESSION, 3]
    )
    path.write_bytes(cv2.imencode(path.suffix, turned, settings)[1].tobytes())


def _mask(path: Path, pixels: np.ndarray) -> None:
    _picture(path, pixels.astype(np.uint8) * 255)


def _sound(path: Path, sound: np.ndarray) -> None:
    """16-bit stereo."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.clip(sound, -1, 1), RATE, subtype="PCM_16")
