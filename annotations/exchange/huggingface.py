"""A dataset as the library `datasets` and the Hugging Face hub read it: Parquet with pictures and sound.

data/{split}.parquet     a row a clip: pictures and sound in it, masks as run lengths, sentences
frames/{clip}/00000.jpg  the same pictures as files, beside audio/{clip}.wav: for the import
README.md                which file is which split

Needs the extra [hf].
"""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from annotations.exchange.frames import Incoming, Outgoing, Plain, Written
from annotations.exchange.splits import UNSPLIT
from core.errors import DatasetError
from core.masks import Mask

MANIFEST = "manifest.json"
READ = ["clip", "names", "objects", "expressions"]
CARD = """---
configs:
- config_name: default
  data_files:
{files}---
Clips with sound, sentences that refer to objects in them (or to nothing), and the objects' masks on every
frame as COCO run lengths. `manifest.json` tells sources, licences, times and who wrote what.
"""


class HuggingFace(Plain):
    name = "huggingface"
    null = plural = overlapping = True

    def __init__(self) -> None:
        self._files: dict[str, Any] = {}

    def frames(self, name: str) -> str:
        return f"frames/{name}"

    def add(self, root: Path, clip: Outgoing) -> Written:
        arrow, parquet = _libraries()
        splits: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for k, (pair, of) in enumerate(clip.said):
            splits[pair.split or UNSPLIT].append(
                {
                    "id": str(k),
                    "text": pair.expression,
                    "objects": [str(n) for n in of],
                    "cues": list(pair.cues or ()),
                    "null_kind": pair.null_kind,
                }
            )
        row = _row(root / self.frames(clip.name), root / "audio" / f"{clip.name}.wav", clip)
        for split, said in splits.items():
            table = arrow.Table.from_pylist([row | {"expressions": said}], schema=_schema())
            if split not in self._files:
                (root / "data").mkdir(exist_ok=True)
                path = root / "data" / f"{split}.parquet"
                self._files[split] = parquet.ParquetWriter(path, table.schema)
            self._files[split].write_table(table)
        return Written([str(k) for k in range(len(clip.said))], {n: str(n) for n in clip.things})

    def finish(self, root: Path) -> None:
        for file in self._files.values():
            file.close()
        files = "".join(f"  - split: {name}\n    path: data/{name}.parquet\n" for name in self._files)
        (root / "README.md").write_text(CARD.format(files=files), encoding="utf-8")

    def read(self, root: Path) -> Iterator[Incoming]:
        _, parquet = _libraries()
        paths = sorted((root / "data").glob("*.parquet"))
        if not paths:
            raise DatasetError(f"Expected Parquet files of clips; there is none in {root / 'data'}.")
        rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for path in paths:
            try:
                for row in parquet.read_table(path, columns=READ).to_pylist():
                    rows[row["clip"]].append(row)
            except (OSError, ValueError, KeyError, TypeError) as error:
                said = str(error).splitlines()[0]
                raise DatasetError(f"{path} is not a Parquet file of clips ({said}).") from error
        for name, parts in rows.items():
            try:
                yield _incoming(root / self.frames(name), name, parts)
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                raise DatasetError(f"The clip {name!r} of {root} cannot be read ({error}).") from error


def check_push(repo: str) -> str:
    """The token to push with. Raises DatasetError when nobody has signed in, or `repo` is no name."""
    _libraries()
    from huggingface_hub import get_token
    from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(repo)
    except ValueError:
        raise DatasetError(f"Expected a dataset on the hub, such as me/my-clips; got {repo!r}.") from None
    if not (token := get_token()):
        raise DatasetError(
            "There is no Hugging Face token to push with: run `hf auth login`, or set HF_TOKEN. Nothing was "
            "written."
        )
    return token


def push(root: Path, repo: str) -> None:
    """Send an export to the hub, as the private dataset `repo` when it is new. Raises DatasetError; the export
    stays.
    """
    token = check_push(repo)
    from datasets import load_dataset
    from huggingface_hub import HfApi

    files = {path.stem: str(path) for path in sorted((root / "data").glob("*.parquet"))}
    try:
        with TemporaryDirectory(dir=root.parent, prefix=".push-") as cache:
            load_dataset("parquet", data_files=files, cache_dir=cache).push_to_hub(
                repo, token=token, private=True
            )
        for name in (MANIFEST, "datasheet.json", "DATASHEET.md"):
            if (root / name).is_file():
                HfApi(token=token).upload_file(
                    path_or_fileobj=root / name, path_in_repo=name, repo_id=repo, repo_type="dataset"
                )
    except Exception as error:  # the hub's client has errors of many families, its transport's among them
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise DatasetError(
            f"{root} is written, but could not be pushed to {repo} ({said}); send it with: "
            f"hf upload {repo} {root} --repo-type dataset"
        ) from error


def _row(folder: Path, sound: Path, clip: Outgoing) -> dict[str, Any]:
    def file(path: Path) -> dict[str, Any]:
        return {"bytes": path.read_bytes(), "path": path.name}

    return {
        "clip": clip.name,
        "names": list(clip.frames),
        "frames": [file(folder / f"{name}.jpg") for name in clip.frames],
        "audio": file(sound) if sound.is_file() else None,
        "objects": [
            {
                "id": str(n),
                "category": thing.category,
                "size": list(clip.size),
                "counts": [mask.counts for mask in clip.masks(n)],
            }
            for n, thing in clip.things.items()
        ],
    }


def _incoming(folder: Path, name: str, parts: list[dict[str, Any]]) -> Incoming:
    """A clip is a row in every split that it has sentences in."""
    objects = {thing["id"]: thing for part in parts for thing in part["objects"]}
    said = [each for part in parts for each in part["expressions"]]
    return Incoming(
        name=name,
        folder=folder,
        frames=tuple(parts[0]["names"]),
        masks={
            id: {k: Mask((of["size"][0], of["size"][1]), counts) for k, counts in enumerate(of["counts"])}
            for id, of in objects.items()
        },
        categories={id: of["category"] for id, of in objects.items() if of["category"]},
        said=[
            (e["id"], str(e["text"]), tuple(e["objects"])) for e in sorted(said, key=lambda e: int(e["id"]))
        ],
    )


def _schema() -> Any:
    from datasets import Audio, Features, Image, List, Value

    word, words = Value("string"), List(Value("string"))
    return Features(
        {
            "clip": word,
            "names": words,
            "frames": List(Image()),
            "audio": Audio(),
            "objects": List({"id": word, "category": word, "size": List(Value("int32")), "counts": words}),
            "expressions": List(
                {"id": word, "text": word, "objects": words, "cues": words, "null_kind": word}
            ),
        }
    ).arrow_schema


def _libraries() -> tuple[Any, Any]:
    try:
        import datasets  # noqa: F401
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise DatasetError(
            'The format huggingface needs the library datasets: pip install "refavs-studio[hf]".'
        ) from None
    return pyarrow, pyarrow.parquet
