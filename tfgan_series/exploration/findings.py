"""What an exploration finds, and the files it leaves."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from tfgan_series import files, pictures


@dataclass(frozen=True)
class Finding:
    """pictures: {file name: PIL image, or a list of them for a GIF}. text: what is to be seen on them, in a few sentences.
    numbers: whatever else is of interest, as JSON can hold it."""

    title: str
    text: str
    pictures: dict[str, Image.Image | list[Image.Image]]
    numbers: dict = field(default_factory=dict)


def write(finding, name, out):
    """OUT/NAME.json and the pictures beside it, each whole, the JSON last."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    for file, picture in finding.pictures.items():
        with files.whole(out / file) as partial:
            if isinstance(picture, list):
                pictures.animation(picture, partial, milliseconds=50, hold=50)
            else:
                picture.save(partial)
    record = {"title": finding.title, "text": finding.text, "pictures": list(finding.pictures), **finding.numbers}
    files.write_whole(out / f"{name}.json", json.dumps(record, indent=2) + "\n")
