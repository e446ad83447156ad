"""Walks between samples: pictures for the z in between."""

import itertools
from collections.abc import Sequence

import numpy as np
from scipy.spatial import geometric_slerp

from tfgan_series import latent, pictures
from tfgan_series.errors import UserError
from tfgan_series.exploration.findings import Finding
from tfgan_series.inference import Network

_SAME = 1e-3  # degrees: directions so close count as one, and so close to 180 as opposites
_FRAMES = 24  # pictures of the animation from one sample to the next


def interpolate(generator: Network, numbers: Sequence[int], *, seed: int = 0, spherical: bool = True, steps: int = 9) -> Finding:
    """Walk from sample to sample of a seed, by their numbers: two or more. Returns a Finding.

    interpolate.png is the first walk, a strip of `steps` pictures. walks.png has a row for each walk. interpolate.gif goes
    through all of them and back. Raises UserError for fewer than two numbers, for a number that no sample has, and for
    samples that lie opposite each other, as no way between them is the shortest.
    """
    if len(numbers) < 2:
        raise UserError(f"--samples={','.join(map(str, numbers))}: a walk needs two samples or more")
    way = sphere if spherical else line
    pairs = list(itertools.pairwise(numbers))
    legs = list(itertools.pairwise(latent.numbered(numbers, generator.input_shape[-1], seed)))
    strips = np.concatenate([way(*leg, steps) for leg in legs])
    there = np.concatenate([way(*leg, _FRAMES + 1)[bool(index) :] for index, leg in enumerate(legs)])
    images, frames = (pictures.to_uint8(latent.sample(generator, z)) for z in (strips, there))
    pages = [pictures.grid(frame[None], columns=1) for frame in frames]
    labels = [label for pair in pairs for label in (str(pair[0]), *[""] * (steps - 2), str(pair[1]))]
    angles = [round(angle(*leg), 1) for leg in legs]
    return Finding(
        title="Walks between samples",
        text=(
            f"From sample {pairs[0][0]} to sample {pairs[0][1]} in {steps - 1} {'step' if steps == 2 else 'steps'} "
            f"{'of equal angle' if spherical else 'on the straight line'}; they lie {angles[0]:.0f} degrees apart. "
            f"{_lengths(*legs[0], spherical)}"
        ),
        pictures={
            "interpolate.png": pictures.grid(images[:steps], columns=steps, labels=labels[:steps]),
            "walks.png": pictures.grid(images, columns=steps, labels=labels),
            "interpolate.gif": pages + pages[-2:0:-1],
        },
        numbers={"samples": list(numbers), "seed": seed, "spherical": spherical, "degrees": angles},
    )


def _lengths(start: np.ndarray, end: np.ndarray, spherical: bool) -> str:
    """How long z is halfway, in a sentence."""
    straight = f"{np.linalg.norm(line(start, end, 3)[1]):.1f}"
    halfway = f"{np.linalg.norm(sphere(start, end, 3)[1]):.1f}" if spherical else straight
    instead = f", on the straight line it would be {straight}" if spherical else ""
    return f"Halfway z is {halfway} long{instead}; samples are about {np.sqrt(len(start)):.1f} long."


def angle(start: np.ndarray, end: np.ndarray) -> float:
    """Degrees between two z."""
    # Kahan's formula: the arc cosine is coarse near 0 and 180.
    start, end = (z / np.linalg.norm(z) for z in np.asarray([start, end], np.float64))
    return float(np.degrees(2 * np.arctan2(np.linalg.norm(start - end), np.linalg.norm(start + end))))


def sphere(start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
    """`steps` z from start to end, both included to the last bit, each the same angle further: [steps, noise_dim] float32.

    The directions follow slerp (Shoemake 1985), and the length grows evenly from the one's to the other's. Slerp of the z
    themselves (White 2016) takes unequal angles where the lengths differ. Raises UserError for ends that lie opposite.
    """
    degrees = angle(start, end)
    if degrees > 180 - _SAME:
        raise UserError("these samples lie opposite each other, every way round is as short: choose others, or give --linear")
    if degrees < _SAME:
        return line(start, end, steps)
    ends = np.asarray([start, end], np.float64)
    lengths = np.linalg.norm(ends, axis=1)
    # tol is SciPy's own measure of opposites: it would warn of ends that we have let pass.
    directions = geometric_slerp(*(ends / lengths[:, None]), np.linspace(0, 1, steps), tol=1e-12)
    return _with_ends(directions * np.linspace(lengths[0], lengths[1], steps)[:, None], start, end)


def line(start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
    """`steps` z evenly on the straight line from start to end, both included to the last bit."""
    return _with_ends(np.linspace(np.asarray(start, np.float64), np.asarray(end, np.float64), steps), start, end)


def _with_ends(path: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    path = path.astype(np.float32)
    path[0], path[-1] = start, end
    return path
