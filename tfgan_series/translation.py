"""Translates pictures of any size with a trained CycleGAN."""

import io
import json
import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from tfgan_series import files, pictures, progress, runs
from tfgan_series.data import preprocess
from tfgan_series.data.datasets.listing import Found, find_files, no_picture
from tfgan_series.data.preprocess import ENDINGS
from tfgan_series.errors import UserError, nearest, printable
from tfgan_series.generators import load_generator
from tfgan_series.inference import Network
from tfgan_series.series import MODELS

MULTIPLE = 4  # a generator halves the size twice and doubles it twice
SMALLEST = 8  # pixels of a side; a generator mirrors 3 pixels at the borders, and 1 pixel at a quarter of the size


def translate_files(
    run: Path | str, source: Path | str, out: Path | str | None = None, *, direction: str = "ab", batch_size: int = 1
) -> Path:
    """Translate a picture file, or all pictures below a folder, with a run's generator, into OUT under the same names. Returns
    OUT.

        zebras = tg.translate("runs/cyclegan/horse2zebra-256", "my_horses")

    out: default: RUN/translated/DIRECTION. direction: "ab" or "ba". Pictures keep their size. Successive pictures of one size go
    through the generator together, up to batch_size of them. Pictures that cannot be read are skipped, and their names printed.
    Raises UserError if the folder is no run of a CycleGAN, for another direction, if the generator or the source cannot be read,
    if no picture can be used, or if OUT is in the source's folder or around it.
    """
    if batch_size < 1:
        raise UserError(f"batch_size={batch_size}: give 1 or more")
    source, out = Path(source), Path(out) if out else Path(run) / runs.TRANSLATED / direction
    folder, names = _checked(source, out)
    generator = _load(run, direction)
    channels, step = generator.input_shape[-1], runs.last_step(run)
    rejected: list[tuple[str, str]] = []
    done: list[str] = []
    for batch in _batches(folder, names, channels, batch_size, rejected):
        done += _translate_batch(generator, batch, out)
    if not done:
        raise UserError(f"--input={source}: none of the {len(names)} pictures can be read; the first: {': '.join(rejected[0])}")
    record = {"source": str(folder.resolve()), "direction": direction, "names": done, "step": step}
    files.write_whole(out / runs.TRANSLATION, json.dumps(record, indent=2) + "\n")
    for name, reason in rejected:
        print(printable(f"{name} was skipped: {reason}"))
    return out


def _checked(source: Path, out: Path) -> tuple[Path, list[str]]:
    """The folder of the originals, and the names of the pictures in it. Raises UserError if there are none, or for an OUT in
    it or around it or that is a file."""
    if out.is_file():
        raise UserError(f"--out={out} is a file: give a folder")
    if not source.exists():
        raise UserError(f"--input={source}: no such file or folder")
    found = find_files(source) if source.is_dir() else Found([source.name], Counter())
    folder = source if source.is_dir() else source.parent
    if not found.names:
        raise UserError(f"--input={source}: {no_picture(found)}")
    if folder.resolve() == out.resolve() or (source.is_dir() and out.resolve().is_relative_to(folder.resolve())):
        raise UserError(f"--out={out} is in the folder of the originals, {folder}: give another")
    if folder.resolve().is_relative_to(out.resolve()):
        raise UserError(f"--out={out} has the folder of the originals in it, {folder}: give another")
    if source.is_file() and source.suffix.lower() not in ENDINGS:
        raise UserError(f"--input={source}: wanted {', '.join(ENDINGS)}")
    return folder, found.names


def _batches(
    folder: Path, names: list[str], channels: int, batch_size: int, rejected: list[tuple[str, str]]
) -> Iterator[list[tuple[str, np.ndarray]]]:
    """Successive pictures of one size, up to batch_size of them: [(name, pixels)]. rejected: gets (name, reason) of the pictures
    that cannot be read."""
    waiting: list[tuple[str, np.ndarray]] = []
    for name in progress.bar(names, unit=" images"):
        try:
            picture = preprocess.to_channels(preprocess.open_picture(folder / name), channels)
        except preprocess.BadPicture as problem:
            rejected.append((name, str(problem)))
            continue
        pixels = np.asarray(picture, np.uint8).reshape(picture.height, picture.width, channels)
        if waiting and (waiting[0][1].shape != pixels.shape or len(waiting) == batch_size):
            yield waiting
            waiting = []
        waiting.append((name, pixels))
    if waiting:
        yield waiting


def _load(run: Path | str, direction: str) -> Network:
    """The run's generator of a direction. Raises UserError if it has none, or if it cannot be read."""
    translates = MODELS[runs.read_experiment(run, "pictures").model].translates
    directions = {"".join(ends).lower(): name for name, ends in translates.items()}
    if direction not in directions:
        raise UserError(f"--direction={direction}: choose one of {', '.join(directions)}{nearest(direction, directions)}")
    return load_generator(Path(run) / runs.saved_name(directions[direction]))


def translate(generator: Network, images: np.ndarray) -> np.ndarray:
    """A generator's pictures for uint8 pictures [B, H, W, C] of any size, as uint8 of the same shape.

    The generator needs sides of 8 or more that are multiples of 4. Other pictures are extended by mirroring, and the results
    are cut back to the old size.
    """
    height, width = images.shape[1:3]
    below, right = (max(SMALLEST, math.ceil(side / MULTIPLE) * MULTIPLE) - side for side in (height, width))
    padded = np.pad(images, [(0, 0), (0, below), (0, right), (0, 0)], mode="symmetric")
    there = generator(pictures.to_float(padded), training=False)
    return pictures.to_uint8(np.asarray(there)[:, :height, :width])


def _translate_batch(generator: Network, batch: list[tuple[str, np.ndarray]], out: Path) -> list[str]:
    """Translate and save pictures of one size, [(name, pixels)]. Returns their names."""
    (out / runs.TRANSLATION).unlink(missing_ok=True)  # it names the originals of an earlier call
    for (name, _), image in zip(batch, translate(generator, np.stack([pixels for _, pixels in batch])), strict=True):
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        form = Image.registered_extensions()[path.suffix.lower()]
        picture = pictures.to_image(image)
        data = io.BytesIO()
        (picture.convert("RGB") if form == "QOI" else picture).save(data, format=form, quality=95)  # QOI has no grey
        with files.whole(path) as partial:
            partial.write_bytes(data.getvalue())  # not by Pillow: it raises no error if a full disk cuts a JPEG short
    return [name for name, _ in batch]
