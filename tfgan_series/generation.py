"""Pictures from a trained generator."""

import math
from pathlib import Path

from tfgan_series import latent, pictures, runs


def generate(generator_file, out, *, count=16, seed=0, singles=False):
    """Draw `count` pictures for z of a seed: OUT/seed-SEED.png, one grid; with singles OUT/seed-SEED/000001.png too.

    The same seed, count and generator give the same pictures; a run's own seed and 16 those of its epoch grids.
    Returns the grid's path. Raises UserError where the generator cannot be read.
    """
    generator = runs.load_generator(generator_file)
    images = pictures.to_uint8(latent.sample(generator, latent.noise(count, generator.input_shape[-1], seed)))
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    grid = out / f"seed-{seed}.png"
    pictures.grid(images, columns=math.ceil(math.sqrt(count))).save(grid)
    if singles:
        folder = out / f"seed-{seed}"
        folder.mkdir(exist_ok=True)
        for number, image in enumerate(images, 1):
            pictures.to_image(image).save(folder / f"{number:06d}.png")
    return grid
