"""Pictures from a trained generator."""

import math
from pathlib import Path

from tfgan_series import files, latent, pictures, runs
from tfgan_series.errors import UserError


def generate(
    generator_file: Path | str,
    out: Path | str,
    *,
    count: int = 16,
    seed: int = 0,
    singles: bool = False,
    numbered: bool = False,
) -> Path:
    """Draw `count` pictures for z of a seed as one grid, OUT/seed-SEED.png. Returns its path.

    singles: also write each picture to OUT/seed-SEED/000001.png and so on. numbered: write each picture's number on the grid;
    explore.py takes these numbers. The same seed and generator give the same pictures; a larger count adds more. With the
    run's own seed the first 16 are those of its epoch grids.
    Raises UserError if the generator cannot be read or does not draw from z.
    """
    generator = runs.load_generator(generator_file)
    if len(generator.input_shape) != 2:
        raise UserError(f"{generator_file} draws from pictures, not from z: use translate.py")
    images = pictures.to_uint8(latent.sample(generator, latent.noise(count, generator.input_shape[-1], seed)))
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    grid = out / f"seed-{seed}.png"
    labels = [str(number) for number in range(1, count + 1)] if numbered else ()
    with files.whole(grid) as partial:
        pictures.grid(images, columns=math.ceil(math.sqrt(count)), labels=labels).save(partial)
    if singles:
        folder = out / f"seed-{seed}"
        folder.mkdir(exist_ok=True)
        for number, image in enumerate(images, 1):
            with files.whole(folder / f"{number:06d}.png") as partial:
                pictures.to_image(image).save(partial)
    return grid
