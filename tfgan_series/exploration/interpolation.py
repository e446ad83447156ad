"""Walks between samples: pictures for the z in between."""

import itertools

import numpy as np

from tfgan_series import latent, pictures
from tfgan_series.errors import UserError
from tfgan_series.exploration.findings import Finding

_SAME = 1e-3  # degrees
_FRAMES = 24  # pictures of the animation from one sample to the next


def interpolate(generator, numbers, *, seed=0, spherical=True, steps=9):
    """Walk from sample to sample of a seed, by their numbers: two or more. Returns a Finding.

    interpolate.png is the first walk, a strip of `steps` pictures; walks.png has a row for each; interpolate.gif goes
    through all of them and back. Raises UserError for fewer than two numbers, for one that is none, and for samples
    with no shortest way between them.
    """
    if len(numbers) < 2:
        raise UserError(f"--samples={','.join(map(str, numbers))}: a walk needs two samples or more")
    way = sphere if spherical else line
    pairs = list(itertools.pairwise(numbers))
    legs = list(itertools.pairwise(latent.numbered(numbers, generator.input_shape[-1], seed)))
    strips = np.concatenate([way(*leg, steps) for leg in legs])
    there = np.concatenate([way(*leg, _FRAMES + 1)[bool(index) :] for index, leg in enumerate(legs)])
    images, frames = (pictures.to_uint8(latent.sample(generator, z)) for z in (strips, there))
    frames = [pictures.grid(frame[None], columns=1) for frame in frames]
    labels = [label for pair in pairs for label in (str(pair[0]), *[""] * (steps - 2), str(pair[1]))]
    middles = [float(np.linalg.norm(kind(*legs[0], 3)[1])) for kind in (way, line)]
    angles = [round(angle(*leg), 1) for leg in legs]
    word = "step" if steps == 2 else "steps"
    kind = f"{steps - 1} {word} of equal angle" if spherical else f"{steps - 1} {word} on the straight line"
    straight = f", on the straight line it would be {middles[1]:.1f}" if spherical else ""
    text = (
        f"From sample {pairs[0][0]} to sample {pairs[0][1]} in {kind}; they lie {angles[0]:.0f} degrees apart. "
        f"Halfway z is {middles[0]:.1f} long{straight}; samples are about {np.sqrt(strips.shape[1]):.1f} long."
    )
    return Finding(
        title="Walks between samples",
        text=text,
        pictures={
            "interpolate.png": pictures.grid(images[:steps], columns=steps, labels=labels[:steps]),
            "walks.png": pictures.grid(images, columns=steps, labels=labels),
            "interpolate.gif": frames + frames[-2:0:-1],
        },
        numbers={"samples": list(numbers), "seed": seed, "spherical": spherical, "degrees": angles},
    )


def angle(start, end):
    """Degrees between two z."""
    # Kahan's form: the arc cosine is coarse near 0 and 180.
    start, end = (z / np.linalg.norm(z) for z in np.asarray([start, end], np.float64))
    return float(np.degrees(2 * np.arctan2(np.linalg.norm(start - end), np.linalg.norm(start + end))))


def sphere(start, end, steps):
    """`steps` z from start to end, both included to the last bit, each the same angle further: [steps, noise_dim] float32.

    Slerp (Shoemake 1985) of the directions, the length growing evenly from one's to the other's; slerp of the z
    themselves (White 2016) takes unequal angles where the lengths differ. Raises UserError for ends that lie opposite.
    """
    degrees = angle(start, end)
    if degrees > 180 - _SAME:
        raise UserError("these samples lie opposite each other, every way round is as short: choose others, or give --linear")
    if degrees < _SAME:
        return line(start, end, steps)
    ends = np.asarray([start, end], np.float64)
    lengths = np.linalg.norm(ends, axis=1, keepdims=True)
    share = np.linspace(0, 1, steps)[:, None]
    shares = np.hstack([1 - share, share])
    weights = np.sin(shares * np.radians(degrees)) / np.sin(np.radians(degrees))
    return _with_ends((weights @ (ends / lengths)) * (shares @ lengths), start, end)


def line(start, end, steps):
    """`steps` z evenly on the straight line from start to end, both included to the last bit."""
    share = np.linspace(0, 1, steps)[:, None]
    return _with_ends((1 - share) * np.asarray(start, np.float64) + share * np.asarray(end, np.float64), start, end)


def _with_ends(path, start, end):
    path = path.astype(np.float32)
    path[0], path[-1] = start, end
    return path
