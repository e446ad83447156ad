"""Walks between samples: the pictures for the z between them. And walks between the labels of a conditional generator."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image
from scipy.spatial import geometric_slerp

from tfgan_series import latent, pictures
from tfgan_series.errors import UserError
from tfgan_series.exploration import STEPS
from tfgan_series.exploration.findings import Finding
from tfgan_series.inference import Fixed, Network, input_shapes
from tfgan_series.series import counted

_SAME = 1e-3  # degrees: two directions at a smaller angle count as the same; so near to 180, as opposite
_FRAMES = 24  # pictures of the animation from one sample to the next


def interpolate(
    generator: Network, numbers: Sequence[int], *, seed: int = 0, spherical: bool = True, steps: int = STEPS
) -> Finding:
    """Walk from sample to sample. numbers: those of two or more samples of the seed. Returns a Finding.

    interpolate.png has a row of `steps` pictures for each walk. interpolate.gif goes through all walks and back. Raises UserError
    for fewer than two numbers, for a number that no sample has, and for samples that lie opposite each other, because then all
    ways between them are equally short.
    """
    if len(numbers) < 2:
        raise UserError(f"--samples={','.join(map(str, numbers))}: a walk needs two samples or more")
    way = sphere if spherical else line
    pairs = list(itertools.pairwise(numbers))
    legs = list(itertools.pairwise(latent.numbered(numbers, generator.input_shape[-1], seed)))
    angles = [round(angle(*leg), 1) for leg in legs]
    return Finding(
        title="Walks between samples",
        text=(
            f"{_told(pairs, steps, 'sample ')} {'of equal angle' if spherical else 'on the straight line'}; "
            f"they are {angles[0]:.0f} degrees apart. {_lengths(*legs[0], spherical)}"
        ),
        pictures=_draw(generator, pairs, [way(*leg, steps) for leg in legs], [way(*leg, _FRAMES + 1) for leg in legs]),
        numbers={"samples": list(numbers), "seed": seed, "spherical": spherical, "degrees": angles},
    )


def between_labels(
    generator: Network, asked: Mapping[str, np.ndarray], number: int, *, seed: int = 0, steps: int = STEPS
) -> Finding:
    """Walk from label to label with the z of one sample, and draw the pictures that interpolate draws. Returns a Finding.

    generator: a conditional one, of [z, condition]. asked: {label: condition [K]}, two or more. A walk goes on the straight line
    from condition to condition. Raises UserError for a number that no sample has.
    """
    (z,) = latent.numbered([number], input_shapes(generator)[0][-1], seed)
    pairs, legs = list(itertools.pairwise(asked)), list(itertools.pairwise(asked.values()))
    return Finding(
        title="Walks between labels",
        text=(
            f"{_told(pairs, steps)}, with the z of sample {number}. "
            "Halfway the condition asks for one half of each: training never showed such a condition."
        ),
        pictures=_draw(
            Fixed(generator, 0, z), pairs, [line(*leg, steps) for leg in legs], [line(*leg, _FRAMES + 1) for leg in legs]
        ),
        numbers={"labels": list(asked), "sample": number, "seed": seed},
    )


def _told(pairs: Sequence[tuple], steps: int, what: str = "") -> str:
    """The beginning of a sentence about the first walk."""
    (start, end), *others = pairs
    begin = "A row for each walk. The first goes from" if others else "From"
    return f"{begin} {what}{start} to {what}{end} in {counted(steps - 1, 'steps')}"


def _draw(
    network: Network, pairs: Sequence[tuple], strips: Sequence[np.ndarray], frames: Sequence[np.ndarray]
) -> dict[str, Image.Image | list[Image.Image]]:
    """The pictures of walks. pairs: the names of each walk's ends. strips, frames: the network's inputs [steps, n] on each walk,
    for its row and for the animation."""
    there = np.concatenate([walk[bool(index) :] for index, walk in enumerate(frames)])  # an end is the next walk's start
    images, moving = (pictures.to_uint8(latent.sample(network, one)) for one in (np.concatenate(strips), there))
    pages = [pictures.grid(frame[None], columns=1) for frame in moving]
    steps = len(strips[0])
    labels = [label for start, end in pairs for label in (str(start), *[""] * (steps - 2), str(end))]
    return {
        "interpolate.png": pictures.grid(images, columns=steps, corners=labels),
        "interpolate.gif": pages + pages[-2:0:-1],
    }


def _lengths(start: np.ndarray, end: np.ndarray, spherical: bool) -> str:
    """The length of z halfway, in a sentence."""
    straight = f"{np.linalg.norm(line(start, end, 3)[1]):.1f}"
    halfway = f"{np.linalg.norm(sphere(start, end, 3)[1]):.1f}" if spherical else straight
    instead = f" (on the straight line it would be {straight})" if spherical else ""
    return f"Halfway the length of z is {halfway}{instead}; the length of a sample is about {np.sqrt(len(start)):.1f}."


def angle(start: np.ndarray, end: np.ndarray) -> float:
    """Degrees between two z."""
    # Kahan's formula: the arc cosine is not exact near 0 and 180 degrees.
    start, end = (z / np.linalg.norm(z) for z in np.asarray([start, end], np.float64))
    return float(np.degrees(2 * np.arctan2(np.linalg.norm(start - end), np.linalg.norm(start + end))))


def sphere(start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
    """`steps` z from start to end, at equal angles: [steps, noise_dim] float32. The first and the last are exactly start and end.

    The directions follow slerp (Shoemake 1985). The length changes evenly from that of start to that of end. Slerp of the z
    themselves (White 2016) gives unequal angles if the lengths differ. Raises UserError for ends that lie opposite each other.
    """
    degrees = angle(start, end)
    if degrees > 180 - _SAME:
        raise UserError("these samples lie opposite each other, so no way round is the shortest: choose others, or give --linear")
    if degrees < _SAME:
        return line(start, end, steps)
    ends = np.asarray([start, end], np.float64)
    lengths = np.linalg.norm(ends, axis=1)
    # tol: within this distance SciPy warns of opposite ends. It is tiny here, because we have checked the ends ourselves.
    directions = geometric_slerp(*(ends / lengths[:, None]), np.linspace(0, 1, steps), tol=1e-12)
    return _with_ends(directions * np.linspace(lengths[0], lengths[1], steps)[:, None], start, end)


def line(start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
    """`steps` z at equal distances on the straight line from start to end. The first and the last are exactly start and end."""
    return _with_ends(np.linspace(np.asarray(start, np.float64), np.asarray(end, np.float64), steps), start, end)


def _with_ends(path: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    path = path.astype(np.float32)
    path[0], path[-1] = start, end
    return path
