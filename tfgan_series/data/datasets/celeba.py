"""CelebA in three variants and three layouts.

The layouts are the published tree (Img/ Anno/ Eval/), the flat one that torchvision leaves (folders and .txt lists side by
side), and Kaggle's (img_align_celeba/img_align_celeba/ and .csv lists). Only the chosen variant must exist, and the list of
boxes if boxes are cut out. The other lists are read if they exist.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfgan_series.data.datasets.folder import find_files, readable
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
        "identity": _read_list(root, "identity_CelebA", 1),
        "attributes": _read_list(root, "list_attr_celeba", 40),
        "partition": _read_list(root, "list_eval_partition", 1),
    }
    if request.bbox and lists["bbox"] is None:
        raise UserError(f"{root}: has no list_bbox_celeba.txt (or .csv) for the boxes; add it, or give --nobbox")

    partitions: dict[str, list[Example]] = {name: [] for name in PARTITIONS}
    for name in names:
        known: dict[str, Any] = {}
        problem = ""
        for key, rows in lists.items():
            if rows is not None:
                known[key] = rows.values.get(_stem(name), None if key != "bbox" or request.bbox else _NO_BOX)
                if known[key] is None and not problem:
                    problem = f"not in {rows.file}"
        partition = 0 if known.get("partition") is None else int(known["partition"][0])
        known.pop("partition", None)
        if problem:
            known = {}
        elif "identity" in known:
            known["identity"] = known["identity"][0]
        partitions[PARTITIONS[partition]].append(
            Example(readable(name), os.path.join(folder, name), known=known, problem=problem)
        )
    return Source(
        {name: examples for name, examples in partitions.items() if examples},
        attribute_names=lists["attributes"].columns if lists["attributes"] else (),
        notes=_missing_pictures(names, folder, lists["partition"]),
    )


@dataclass(frozen=True)
class _List:
    """One annotation list: the file's name, the column names if the file has them, {stem: values}."""

    file: str
    columns: tuple[str, ...]
    values: dict[str, np.ndarray]


def _stem(name: str) -> str:
    # The lists write .jpg for every variant.
    return os.path.splitext(name)[0]


def _read_list(root: Path, name: str, width: int) -> _List | None:
    choices = [root / place / f"{name}{end}" for place in ("Anno", "Eval", ".") for end in (".txt", ".csv")]
    path = next((one for one in choices if one.is_file()), None)
    if path is None:
        return None
    lines = path.read_text(encoding="utf-8-sig", errors="surrogateescape").splitlines()
    separator = "," if path.suffix == ".csv" else None
    columns: tuple[str, ...] = ()
    values: dict[str, np.ndarray] = {}
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
        if name == "list_eval_partition" and not 0 <= row[0] < len(PARTITIONS):
            raise UserError(f"{path}, line {number}: partition {row[0]}; wanted 0 (train), 1 (val) or 2 (test)")
        values[_stem(words[0])] = (row > 0).astype(np.uint8) if name == "list_attr_celeba" else row
    if name == "list_attr_celeba" and len(columns) != width:
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
