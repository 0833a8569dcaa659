"""One JSON file with run-length masks for every frame, as COCO and YouTube-VIS write them.

    frames/{clip}/00000.jpg ...
    annotations.json    videos, categories, expressions,
                    annotations (segmentations: one a frame, null = absent)

`expressions` is an addition of ours: {id, video_id, exp, annotation_ids}; no annotation = null expression.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from annotations.exchange.files import read_json, write_json
from annotations.exchange.frames import Incoming, Outgoing, Plain, Written
from core.errors import DatasetError
from core.masks import Mask


class Coco(Plain):
    name = "coco"
    null = plural = overlapping = True

    def __init__(self) -> None:
        self._file: dict[str, list[Any]] = {
            "videos": [],
            "categories": [],
            "annotations": [],
            "expressions": [],
        }
        self._categories: dict[str, int] = {}

    def frames(self, name: str) -> str:
        return f"frames/{name}"

    def add(self, root: Path, clip: Outgoing) -> Written:
        video = {"id": len(self._file["videos"]) + 1, "name": clip.name, "length": len(clip.frames)}
        video |= {"height": clip.size[0], "width": clip.size[1]}
        video |= {"file_names": [f"{self.frames(clip.name)}/{frame}.jpg" for frame in clip.frames]}
        self._file["videos"].append(video)
        numbers = {n: len(self._file["annotations"]) + k for k, n in enumerate(clip.things, 1)}
        for n, thing in clip.things.items():
            masks = clip.masks(n)
            category = self._categories.setdefault(thing.category or "object", len(self._categories) + 1)
            entry = {"id": numbers[n], "video_id": video["id"], "category_id": category, "iscrowd": 0}
            entry["segmentations"] = [None if mask.is_empty else mask.to_coco() for mask in masks]
            entry["areas"] = [None if mask.is_empty else mask.area for mask in masks]
            entry["bboxes"] = [_box(mask) for mask in masks]
            self._file["annotations"].append(entry)
        ids = []
        for pair, of in clip.said:
            id = len(self._file["expressions"]) + 1
            said = {"id": id, "video_id": video["id"], "exp": pair.expression}
            self._file["expressions"].append(said | {"annotation_ids": [numbers[n] for n in of]})
            ids.append(str(id))
        return Written(ids, {n: str(id) for n, id in numbers.items()})

    def finish(self, root: Path) -> None:
        categories = [{"id": id, "name": name} for name, id in self._categories.items()]
        write_json(root / "annotations.json", self._file | {"categories": categories})

    def read(self, root: Path) -> Iterator[Incoming]:
        said = read_json(root / "annotations.json", "COCO video annotations")
        try:
            yield from _read(root, said)
        except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
            what = f"{type(error).__name__}: {error}"
            raise DatasetError(
                f"{root / 'annotations.json'} is not of the COCO video form ({what})."
            ) from error


def _read(root: Path, said: dict[str, Any]) -> Iterator[Incoming]:
    names = {category["id"]: str(category["name"]) for category in said["categories"]}
    for video in said["videos"]:
        size = (int(video["height"]), int(video["width"]))
        own = [a for a in said["annotations"] if a["video_id"] == video["id"]]
        files = [Path(name) for name in video["file_names"]]
        folder = (root / files[0]).parent
        yield Incoming(
            name=str(video.get("name") or folder.name),
            folder=folder,
            frames=tuple(file.stem for file in files),
            masks={
                str(a["id"]): {
                    k: Mask.empty(size) if rle is None else Mask.from_coco(rle)
                    for k, rle in enumerate(a["segmentations"])
                }
                for a in own
            },
            categories={str(a["id"]): names[a["category_id"]] for a in own},
            said=[
                (str(e["id"]), str(e["exp"]), tuple(str(id) for id in e["annotation_ids"]))
                for e in said.get("expressions", [])
                if e["video_id"] == video["id"]
            ],
        )


def _box(mask: Mask) -> list[int] | None:
    """[x, y, width, height]"""
    if mask.box is None:
        return None
    x0, y0, x1, y1 = mask.box
    return [x0, y0, x1 - x0, y1 - y0]
