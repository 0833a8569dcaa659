"""Reading a dataset's csv table by its rules."""

import csv
from collections.abc import Iterator
from pathlib import Path

from core.datasets.refavs import safe_name
from core.errors import DatasetError


def read_table(path: Path, header: tuple[str, ...], layout: str) -> Iterator[tuple[str, dict[str, str]]]:
    """(where, row by column) of every line. Raises DatasetError: no file, another header, another width."""
    line = ",".join(header)
    if not path.is_file():
        raise DatasetError(f"Expected a folder in the {layout} layout with {path.name}; there is no {path}.")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            found = tuple(next(reader, []))
            if found != header:
                begins = ",".join(found)[:80]
                raise DatasetError(f"{path} must begin with the line {line}; it begins with {begins!r}.")
            for cells in reader:
                where = f"{path}, line {reader.line_num}"
                if len(cells) != len(header):
                    raise DatasetError(
                        f"{where}: expected {len(header)} fields ({line}), found {len(cells)}."
                    )
                yield where, dict(zip(header, cells, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path} is not a readable UTF-8 csv file: {error}.") from None


def folder_name(name: str, where: str) -> str:
    """`name`, if it is one folder name that stays inside the dataset; DatasetError otherwise."""
    if not safe_name(name):
        raise DatasetError(f"{where}: {name!r} cannot be the name of a folder.")
    return name
