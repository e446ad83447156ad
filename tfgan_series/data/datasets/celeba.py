"""CelebA in three variants and three layouts.

The layouts are the published tree (Img/ Anno/ Eval/), the flat one that torchvision leaves (folders and .txt lists side by
side), and Kaggle's (img_align_celeba/img_align_celeba/ and .csv lists). Only the chosen variant must exist, and the list of
boxes if boxes are cut out. The other lists are read if they exist.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfgan_series.data.datasets.listing import find_files, readable
from tfgan_series.data.datasets.source import Example, Request, Source
from tfgan_series.data.records import PARTITIONS  # 0, 1 and 2 in the list
from tfgan_series.errors import UserError

_NO_BOX = np.zeros(4, np.int32)  # as the published list has it for 101283.jpg


def find(request: Request) -> Source:
    """The pictures of one variant, with their values from the lists.

    If a picture is missing in a list, its `problem` says so. Raises UserError for a missing folder or box list, and for a list
    that cannot be parsed (with file and line).
    """
    root = request.folder("CelebA's folder, with Img/ Anno/ Eval/ in it")
    variant = request.image_type
    choices = [root / "Img" / variant, root / variant / variant, root / variant]
    folder = next((one for one in choices if one.is_dir()), None)
    if folder is None:
        raise UserError(f"{root}: has neither Img/{variant}/ nor {variant}/; --DatasetPath must be CelebA's folder")
    names = find_files(folder, (".png",) if variant.endswith("_png") else (".jpg",)).names
    if not names:
        raise UserError(f"{folder}: no picture in it; unpack {variant} there")

    landmarks = "list_landmarks_celeba" if variant == "img_celeba" else "list_landmarks_align_celeba"
    lists = {
        # Boxes are in pixels of the raw pictures: on the aligned ones they would be wrong.
        "bbox": _read_list(root, "list_bbox_celeba", 4) if variant == "img_celeba" else None,
        "landmarks": _read_list(root, landmarks, 10),
        "identity": _read_list(root, "identity_CelebA", 1, lambda row: row[0]),
        "attributes": _read_list(root, "list_attr_celeba", 40, _attributes, named=True),
        "partition": _read_list(root, "list_eval_partition", 1, _partition),
    }
    if request.bbox and lists["bbox"] is None:
        raise UserError(f"{root}: has no list_bbox_celeba.txt (or .csv) for the boxes; add it, or give --nobbox")

    partitions: dict[str, list[Example]] = {name: [] for name in PARTITIONS}
    for name in names:
        known, problem = _known(_stem(name), lists, request.bbox)
        partition = known.pop("partition", PARTITIONS[0])
        if problem:
            known = {}
        partitions[partition].append(Example(readable(name), os.path.join(folder, name), known=known, problem=problem))
    return Source(
        {name: examples for name, examples in partitions.items() if examples},
        attribute_names=lists["attributes"].columns if lists["attributes"] else (),
        notes=_missing_pictures(names, folder, lists["partition"]),
    )


@dataclass(frozen=True)
class _List:
    """One annotation list: the file's name, the column names if the file has them, {stem: what it says of the picture}."""

    file: str
    columns: tuple[str, ...]
    values: dict[str, Any]


def _known(stem: str, lists: Mapping[str, _List | None], bbox: bool) -> tuple[dict[str, Any], str]:
    """What the lists say of a picture, and what is wrong with that, or "". bbox: whether its box is needed."""
    there = {key: rows for key, rows in lists.items() if rows is not None}
    found = {key: rows.values.get(stem) for key, rows in there.items()}
    if "bbox" in found and found["bbox"] is None and not bbox:
        found["bbox"] = _NO_BOX
    absent = [rows.file for key, rows in there.items() if found[key] is None]
    known = {key: value for key, value in found.items() if value is not None}
    return known, f"not in {absent[0]}" if absent else ""


def _stem(name: str) -> str:
    # The lists write .jpg for every variant.
    return os.path.splitext(name)[0]


def _attributes(row: np.ndarray) -> np.ndarray:
    return (row > 0).astype(np.uint8)  # the list has 1 and -1


def _partition(row: np.ndarray) -> str:
    if not 0 <= row[0] < len(PARTITIONS):
        raise ValueError(f"partition {row[0]}; wanted 0 (train), 1 (val) or 2 (test)")
    return PARTITIONS[row[0]]


def _read_list(
    root: Path, name: str, width: int, parse: Callable[[np.ndarray], Any] = lambda row: row, named: bool = False
) -> _List | None:
    """A list of CelebA, or None if it is not there. width: numbers in a row. parse(numbers): what a row says of its picture; it
    may raise ValueError. named: whether the columns must have names."""
    choices = [root / place / f"{name}{end}" for place in ("Anno", "Eval", ".") for end in (".txt", ".csv")]
    path = next((one for one in choices if one.is_file()), None)
    if path is None:
        return None
    lines = path.read_text(encoding="utf-8-sig", errors="surrogateescape").splitlines()
    separator = "," if path.suffix == ".csv" else None
    columns: tuple[str, ...] = ()
    values: dict[str, Any] = {}
    for number, line in enumerate(lines, 1):
        words = line.split(separator)
        if not line.strip():
            continue
        if _is_header(words, number):
            columns = tuple(word.strip() for word in words if word.strip() not in ("", "image_id")) or columns
            continue
        try:
            row: np.ndarray | None = np.array(words[1:], np.int32)
        except (ValueError, OverflowError):
            row = None
        if row is None or len(row) != width:
            raise UserError(f"{path}, line {number}: {line.strip()[:60]!r}; wanted a file name and {width} whole numbers")
        try:
            values[_stem(words[0])] = parse(row)
        except ValueError as error:
            raise UserError(f"{path}, line {number}: {error}") from error
    if named and len(columns) != width:
        raise UserError(f"{path}: {len(columns)} names before the first picture; wanted those of the {width} attributes")
    return _List(path.name, tuple(map(readable, columns)), values)


def _is_header(words: Sequence[str], number: int) -> bool:
    """The published lists begin with a count and column names, Kaggle's with column names, some with neither."""
    return number <= 2 and not words[0].strip().lower().endswith((".jpg", ".png"))


def _missing_pictures(names: Sequence[str], folder: Path, listed: _List | None) -> tuple[str, ...]:
    absent = len(set(listed.values) - {_stem(name) for name in names}) if listed else 0
    if listed is None or not absent:
        return ()
    return (f"{absent:,} of the {len(listed.values):,} pictures in {listed.file} are not in {folder}",)
