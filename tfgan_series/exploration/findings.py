"""What an exploration finds, and the files that it writes."""

import json
import operator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from tfgan_series import files, pictures


@dataclass(frozen=True)
class Finding:
    """pictures: {file name: PIL image, or a list of them for a GIF}. text: what they show, in a few sentences.
    numbers: all other results, as JSON can hold them."""

    title: str
    text: str
    pictures: dict[str, Image.Image | list[Image.Image]]
    numbers: dict[str, Any] = field(default_factory=dict)

    @property
    def picture(self) -> Image.Image:
        """The one that is no GIF."""
        return next(one for one in self.pictures.values() if not isinstance(one, list))


def write(finding: Finding, name: str, out: Path | str, step: int | None) -> None:
    """Write OUT/NAME.json and the pictures beside it. Each file appears only when it is complete; the JSON comes last.

    step: the generator's, of its run, so that the report can tell when the run has gone on since.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    for file, picture in finding.pictures.items():
        with files.whole(out / file) as partial:
            if isinstance(picture, list):
                pictures.animation(picture, partial, milliseconds=50, hold=50)
            else:
                picture.save(partial)
    record = {"title": finding.title, "text": finding.text, "pictures": list(finding.pictures), "step": step, **finding.numbers}
    files.write_whole(out / f"{name}.json", json.dumps(record, indent=2, default=operator.index) + "\n")
