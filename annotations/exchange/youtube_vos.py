"""The YouTube-VOS layout with the sentences of Refer-YouTube-VOS.

train/JPEGImages/{clip}/00000.jpg ...    train/Annotations/{clip}/00000.png ...
train/meta.json                          videos: {clip: {objects: {number: {category, frames}}}}
meta_expressions/train/meta_expressions.json    videos: {clip: {frames, expressions: {id: {exp, obj_id}}}}
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from annotations.exchange.files import frame_names, read_json, read_palettes, write_json, write_palettes
from annotations.exchange.frames import Incoming, Outgoing, Plain, Written
from core.errors import DatasetError

META = "train/meta.json"
EXPRESSIONS = "meta_expressions/train/meta_expressions.json"


class YoutubeVos(Plain):
    name = "youtube-vos"
    null = plural = overlapping = False

    def __init__(self) -> None:
        self._objects: dict[str, Any] = {}
        self._said: dict[str, Any] = {}

    def frames(self, name: str) -> str:
        return f"train/JPEGImages/{name}"

    def add(self, root: Path, clip: Outgoing) -> Written:
        masks = {n: clip.masks(n) for n in clip.things}
        write_palettes(root / "train/Annotations" / clip.name, clip.frames, masks, clip.size)
        objects = {
            str(n): {
                "category": thing.category or "object",
                "frames": [f for f, mask in zip(clip.frames, masks[n], strict=True) if not mask.is_empty],
            }
            for n, thing in clip.things.items()
        }
        self._objects[clip.name] = {"objects": objects}
        said = {
            str(k): {"exp": pair.expression, "obj_id": str(n)} for k, (pair, (n,)) in enumerate(clip.said)
        }
        self._said[clip.name] = {"expressions": said, "frames": list(clip.frames)}
        return Written(list(said), {n: str(n) for n in clip.things})

    def finish(self, root: Path) -> None:
        write_json(root / META, {"videos": self._objects})
        write_json(root / EXPRESSIONS, {"videos": self._said})

    def read(self, root: Path) -> Iterator[Incoming]:
        meta = read_json(root / META, "the YouTube-VOS layout")
        sentences = root / EXPRESSIONS
        said = read_json(sentences, "sentences") if sentences.exists() else {"videos": {}}
        try:
            for name, video in meta["videos"].items():
                yield self._clip(root, name, video["objects"], said["videos"].get(name, {"expressions": {}}))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            what = f"{type(error).__name__}: {error}"
            raise DatasetError(f"{root} is not of the YouTube-VOS form ({what}).") from error

    def _clip(self, root: Path, name: str, objects: dict[str, Any], said: dict[str, Any]) -> Incoming:
        folder = root / self.frames(name)
        frames = frame_names(folder)
        return Incoming(
            name=name,
            folder=folder,
            frames=frames,
            masks=read_palettes(root / "train/Annotations" / name, frames, tuple(objects)),
            categories={key: str(entry["category"]) for key, entry in objects.items()},
            said=[(id, str(e["exp"]), (str(e["obj_id"]),)) for id, e in said["expressions"].items()],
        )
