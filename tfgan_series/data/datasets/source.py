"""What every source answers, and with what."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tfgan_series.errors import NeedsFiles, UserError


@dataclass(frozen=True)
class Request:
    """What a source is asked for.

    path: the source's own files, None where none was given. downloads: where a source that can fetch itself puts
    what it fetches. bbox: whether pictures will be cut out by their boxes.
    """

    image_type: str
    path: Path | None
    downloads: Path
    bbox: bool = False

    def folder(self, wanted):
        """The source's folder. Raises NeedsFiles where none was given and UserError where it is not there."""
        if self.path is None:
            raise NeedsFiles(f"{self.image_type} needs --DatasetPath=FOLDER, {wanted}")
        if not self.path.is_dir():
            raise UserError(f"--DatasetPath={self.path}: no such folder; give {wanted}")
        return self.path


@dataclass(frozen=True, slots=True)
class Example:
    """One picture, unopened.

    filename: relative to the picture folder with forward slashes; for arrays PARTITION/000123.
    image: a file, or uint8 pixels [H, W] or [H, W, C].
    label: index into the source's class names, -1 for none.
    known: whatever the source tells of bbox (x, y, width, height), landmarks (x, y of five points; both in
    pixels of the picture), identity, attributes (0 or 1 each).
    problem: why the picture cannot be used, if the source knows.
    """

    filename: str
    image: Path | np.ndarray
    label: int = -1
    known: dict = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True)
class Source:
    """All pictures of a source: {partition: examples}; class and attribute names; remarks for the user."""

    partitions: dict[str, list[Example]]
    class_names: tuple[str, ...] = ()
    attribute_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def array_examples(partition, images, labels):
    """Examples of a source that is one array: images [N, H, W] or [N, H, W, C] uint8, labels [N]."""
    return [
        Example(f"{partition}/{index:06d}", image, int(label))
        for index, (image, label) in enumerate(zip(images, labels, strict=True))
    ]
