"""The MeViS layout: sentences that refer to no, one or several objects; run-length masks for every frame.

JPEGImages/{clip}/00000.jpg ...
meta_expressions.json    videos: {clip: {vid_id, frames, expressions: {id: {exp, obj_id, anno_id}}}}
mask_dict.json           {anno_id: [run lengths or null, one a frame]}
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from annotations.exchange.files import picture_size, read_json, write_json
from annotations.exchange.frames import Incoming, Outgoing, Plain, Written
from core.errors import DatasetError
from core.masks import Mask

META, MASKS = "meta_expressions.json", "mask_dict.json"


class Mevis(Plain):
    name = "mevis"
    null = plural = overlapping = True

    def __init__(self) -> None:
        self._videos: dict[str, Any] = {}
        self._masks: dict[str, list[Any]] = {}

    def frames(self, name: str) -> str:
        return f"JPEGImages/{name}"

    def add(self, root: Path, clip: Outgoing) -> Written:
        anno = {}
        for n in clip.things:
            anno[n] = len(self._masks)
            self._masks[str(anno[n])] = [None if m.is_empty else m.to_coco() for m in clip.masks(n)]
        said = {
            str(k): {"exp": pair.expression, "obj_id": [n - 1 for n in of], "anno_id": [anno[n] for n in of]}
            for k, (pair, of) in enumerate(clip.said)
        }
        number = len(self._videos)
        self._videos[clip.name] = {"vid_id": number, "frames": list(clip.frames), "expressions": said}
        return Written(list(said), {n: str(id) for n, id in anno.items()})

    def finish(self, root: Path) -> None:
        write_json(root / META, {"videos": self._videos})
        write_json(root / MASKS, self._masks)

    def read(self, root: Path) -> Iterator[Incoming]:
        meta = read_json(root / META, "the MeViS layout")
        masks = read_json(root / MASKS, "the MeViS layout")
        try:
            for name, video in meta["videos"].items():
                yield _clip(root / self.frames(name), name, video, masks)
        except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
            what = f"{type(error).__name__}: {error}"
            raise DatasetError(f"{root} is not of the MeViS form ({what}).") from error


def _clip(folder: Path, name: str, video: dict[str, Any], masks: dict[str, list[Any]]) -> Incoming:
    said = {id: (str(e["exp"]), [str(key) for key in e["anno_id"]]) for id, e in video["expressions"].items()}
    keys = dict.fromkeys(key for _, of in said.values() for key in of)
    frames = tuple(str(frame) for frame in video["frames"])
    size = picture_size(folder, frames[0])
    return Incoming(
        name=name,
        folder=folder,
        frames=frames,
        masks={key: _track(masks[key], size) for key in keys},
        said=[(id, text, tuple(of)) for id, (text, of) in said.items()],
    )


def _track(rles: list[Any], size: tuple[int, int]) -> dict[int, Mask]:
    return {k: Mask.from_coco(rle) if rle else Mask.empty(size) for k, rle in enumerate(rles)}
