"""Pictures from a trained generator."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tfgan_series import files, invocation, latent, naming, pictures, runs
from tfgan_series.errors import UserError
from tfgan_series.generators import load_asked
from tfgan_series.inference import each_batch, input_shapes, of_each


def generate(
    generator_file: Path | str,
    out: Path | str,
    *,
    labels: Sequence[str] = (),
    count: int = 16,
    seed: int = 0,
    grid: bool = True,
    singles: bool = False,
    numbered: bool = False,
) -> list[Path]:
    """Draw `count` pictures for z of a seed. Returns the paths of the grid and of the folder of the single pictures.

    grid: write all as one grid, OUT/seed-SEED-count-COUNT.png. numbered: write each picture's number on it, for `explore`; the
    grid's name then ends with -numbered. singles: write each picture to OUT/seed-SEED/000001.png and so on, in place of those of
    an earlier call. The same seed and generator give the same pictures; a larger count adds more. With the run's own seed the
    first 16 are those of its epoch grids.
    A conditional generator draws `count` pictures of each label, in a row: the same z in a column. labels: what to draw; () for
    every class, or for each attribute alone. The chosen labels stand in the grid's name. The single pictures of each label are in
    a folder of its name. If the file is not named generator.keras, its name comes first in all names.
    Raises UserError as draw does.
    """
    generator, inputs, asked = _load(generator_file, labels, count, seed)
    # Batch by batch, because uint8 needs a quarter of the memory of float32.
    images = np.concatenate([pictures.to_uint8(batch) for batch in each_batch(generator, inputs, latent.BATCH)])
    numbers = [str(1 + place % count) for place in range(len(images))] if numbered else ()
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    file = Path(generator_file)
    other = "" if file.is_dir() or file.name == runs.GENERATOR else f"{naming.as_name(file.stem)}-"
    drawn = out / f"{other}seed-{seed}"
    if singles:
        for label, of_label in zip(asked or ("",), np.split(images, len(asked) or 1), strict=True):
            _save_singles(of_label, drawn / naming.as_name(label))
    if not grid:
        return [drawn]
    chosen = naming.as_name(naming.joined(["label", *labels])) if labels else ""
    sheet = out / f"{'-'.join(filter(None, [drawn.name, f'count-{count}', chosen, 'numbered' * numbered]))}.png"
    with files.whole(sheet) as partial:
        pictures.grid(images, count if asked else None, corners=numbers, rows=asked).save(partial)
    return [sheet, drawn] if singles else [sheet]


def draw(
    generator_file: Path | str, *, labels: Sequence[str] = (), count: int = 16, seed: int = 0
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Pictures for `count` z of a seed, [N, H, W, C] float32 in [-1, 1], and the labels that were drawn; () if the generator is
    not conditional. Of a conditional generator, the pictures of one label come after those of the other.

    generator_file: a .keras file, or a run folder that has one. Raises UserError if the generator cannot be read or does not draw
    from z, for a label that does not exist, and for labels if nothing can be asked for.
    """
    generator, inputs, asked = _load(generator_file, labels, count, seed)
    return latent.sample(generator, inputs), asked


def _load(generator_file: Path | str, labels: Sequence[str], count: int, seed: int) -> tuple[keras.Model, Any, tuple[str, ...]]:
    """The generator, its inputs, and the labels that they ask for."""
    if Path(generator_file).is_dir():
        runs.read_experiment(generator_file, "noise")
    generator, asked = load_asked(generator_file, labels)
    noise_shape, *_ = input_shapes(generator)
    if len(noise_shape) != 2:
        raise UserError(f"{generator_file} draws from pictures, not from z: use {invocation.command('translate')}")
    return generator, of_each(asked, latent.noise(count, noise_shape[-1], seed)), tuple(asked)


def _save_singles(images: np.ndarray, folder: Path) -> None:
    """Write the images [N, H, W, C] as 000001.png and so on, in place of those of an earlier call. Other files stay."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.png"):
        if re.fullmatch(r"\d{6,}", path.stem, re.ASCII):  # of a larger count, and of another generator if the run has gone on
            path.unlink()
    for number, image in enumerate(images, 1):
        with files.whole(folder / f"{number:06d}.png") as partial:
            pictures.to_image(image).save(partial)
