"""The Request that every source gets, and the Source that it returns."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tfgan_series.errors import NeedsFiles, UserError


@dataclass(frozen=True)
class Request:
    """What a source is asked for.

    path: the folder of the source's files, or None if none was given. downloads: the folder into which a source may fetch its
    files. bbox: whether pictures will be cut out by their boxes.
    """

    image_type: str
    path: Path | None
    downloads: Path
    bbox: bool = False

    def folder(self, wanted: str) -> Path:
        """The source's folder; `wanted` tells the user what must be in it.

        Raises NeedsFiles if none was given, UserError if it does not exist.
        """
        if self.path is None:
            raise NeedsFiles(f"{self.image_type} needs --DatasetPath=FOLDER, {wanted}")
        if not self.path.is_dir():
            problem = "is no folder" if self.path.exists() else "no such folder"
            raise UserError(f"--DatasetPath={self.path}: {problem}; give {wanted}")
        return self.path


_NOTHING: Mapping[str, Any] = {}  # one for all examples: a million empty dictionaries would take 64 MB


@dataclass(frozen=True, slots=True)
class Example:
    """One picture, unopened.

    filename: relative to the picture folder with forward slashes; PARTITION/000123 if the pictures are not files.
    image: the path of a file, the bytes of one, or uint8 pixels [H, W] or [H, W, C]. The path is a string, because there may be
    millions of them, and a Path takes four times the memory.
    label: index into the source's class names, -1 for none.
    known: the values that the source has, out of these: bbox (x, y, width, height) and landmarks (x, y of five points), both
    in pixels of the picture; identity, a whole number; attributes, 0 or 1 each.
    problem: why the picture cannot be used, if the source knows.
    """

    filename: str
    image: str | bytes | np.ndarray
    label: int = -1
    known: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    problem: str = ""


@dataclass(frozen=True)
class Source:
    """All pictures of a source: {partition: examples}; class and attribute names; remarks for the user."""

    partitions: dict[str, list[Example]]
    class_names: tuple[str, ...] = ()
    attribute_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def array_examples(partition: str, images: Iterable[np.ndarray | bytes], labels: Iterable[int]) -> list[Example]:
    """Examples of pictures that have no names: they are numbered.

    images: an array [N, H, W] or [N, H, W, C] uint8, or the bytes of N picture files. labels: [N].
    """
    return [
        Example(f"{partition}/{index:06d}", image, int(label))
        for index, (image, label) in enumerate(zip(images, labels, strict=True))
    ]
