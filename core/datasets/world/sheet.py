"""A contact sheet of a set in the Ref-AVS layout: what is seen, who is meant, and who sounds when."""

import json
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from core.datasets import refavs
from core.errors import DatasetError

COLUMNS, CELL, STRIP, CAPTION = 4, 256, 34, 30
TONES = ((66, 170, 90), (70, 120, 220), (230, 150, 50), (170, 90, 190), (80, 180, 190), (200, 90, 90))  # RGB


def contact_sheet(root: Path, path: Path, clips: int = 12) -> None:
    """Write a JPEG of the first clips, one sentence each: its object outlined on the frame, below it a bar of
    the seconds in which each object sounds, and the sentence. Raises DatasetError.
    """
    first: dict[str, refavs.Sample] = {}
    for sample in refavs.Dataset(root).samples():
        if len(first) < clips and (sample.folder / "script.json").is_file():
            first.setdefault(sample.row.v, sample)
    if not first:
        raise DatasetError(f"{root} holds no clip of the world: expected media/V/script.json.")
    cells = [_cell(sample) for sample in first.values()]
    cells += [np.full_like(cells[0], 255)] * (-len(cells) % COLUMNS)
    rows = [np.concatenate(cells[i : i + COLUMNS], axis=1) for i in range(0, len(cells), COLUMNS)]
    data = cv2.imencode(".jpg", np.concatenate(rows)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])[1]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.tobytes())


def _cell(sample: refavs.Sample) -> np.ndarray:
    """uint8 RGB [CELL + STRIP + CAPTION, CELL, 3]."""
    story = json.loads((sample.folder / "script.json").read_text(encoding="utf-8"))
    facts = {fact["number"]: fact for fact in story["truth"]}
    meant = None if sample.row.is_null else facts[sample.row.fid]
    k = 4
    if meant is not None:
        good = [i for i in range(10) if meant["shown"][i] and meant["sounding"][i]] or [
            i for i in range(10) if meant["shown"][i]
        ]
        k = good[len(good) // 2]
    with Image.open(sample.frame_paths[k]) as frame:
        picture = np.array(frame.convert("RGB"))
    picture = cv2.resize(picture, (CELL, CELL), interpolation=cv2.INTER_AREA)
    if meant is not None:
        mask = cv2.resize(sample.masks()[k].astype(np.uint8), (CELL, CELL), interpolation=cv2.INTER_NEAREST)
        outline, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(picture, outline, -1, (255, 255, 255), 4, cv2.LINE_AA)
        cv2.drawContours(picture, outline, -1, TONES[sample.row.fid % len(TONES)], 2, cv2.LINE_AA)
    below = np.full((STRIP + CAPTION, CELL, 3), 250, np.uint8)
    loud = [fact for fact in facts.values() if fact["voice"]]
    high = max(4, min(9, STRIP // max(len(loud), 1) - 2))
    for row, fact in enumerate(loud):
        y = 3 + row * (high + 2)
        for second in (i for i in range(10) if fact["sounding"][i]):
            x = round(second * CELL / 10)
            tone = TONES[fact["number"] % len(TONES)]
            cv2.rectangle(below, (x + 1, y), (round(x + CELL / 10) - 2, y + high - 1), tone, -1)
    cv2.line(
        below, (round((k + 0.05) * CELL / 10), 0), (round((k + 0.05) * CELL / 10), STRIP - 2), (40, 40, 40), 1
    )
    for i, line in enumerate(_lines(sample.row.exp, 44)[:2]):
        at = (4, STRIP + 11 + 14 * i)
        cv2.putText(below, line, at, cv2.FONT_HERSHEY_SIMPLEX, 0.36, (30, 30, 30), 1, cv2.LINE_AA)
    cell = np.concatenate([picture, below])
    cell[:, -2:] = 255
    return cell


def _lines(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) + 1 > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
