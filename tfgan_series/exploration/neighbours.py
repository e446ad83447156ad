"""Finds the training pictures nearest to samples: they show whether the generator only remembers its training pictures."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from sklearn.neighbors import NearestNeighbors

from tfgan_series import classifier, latent, pictures
from tfgan_series.data import pipeline
from tfgan_series.data.records import Records
from tfgan_series.exploration.findings import Finding
from tfgan_series.inference import Network
from tfgan_series.series import Experiment

_NEAREST = 5
_MEASURED = 256  # samples, and at most as many real pictures, whose distances are compared
_BATCH = 64


def neighbours(
    generator: Network,
    found: Records,
    experiment: Experiment,
    numbers: Sequence[int],
    *,
    seed: int = 0,
    judge: classifier.Classifier | None = None,
) -> Finding:
    """Find the training pictures nearest to samples of a seed: in pixels, and in the features of `judge` if there is one.

    The text gives the median distance from 256 samples to their nearest training pictures. It gives the same distance for at most
    256 real pictures of a partition that was not trained on, or if there is none, for training pictures, each to the nearest
    other one.
    The samples of a generator that only remembers come nearer to training pictures than these real pictures do. Returns a
    Finding. Raises UserError for a number that no sample has.
    """
    noise_dim = generator.input_shape[-1]
    samples = latent.sample(generator, latent.numbered(numbers, noise_dim, seed))
    queries = {"samples": latent.sample(generator, latent.noise(_MEASURED, noise_dim, seed), _BATCH)}
    other = classifier.held_out(found, experiment)
    partition = other.partition if other else experiment.partition
    real = f"real pictures of {partition}" if other else "training pictures, each to the nearest other one"
    queries[real] = pipeline.first_images(found, other or experiment, partition, "", _MEASURED)
    spaces = {"pixels": pixels, **({"features": judge.features} if judge else {})}

    rows, labels = [samples[:, None]], [[str(number)] for number in numbers]
    medians: dict[str, dict[str, float]] = {}
    for space, embed in spaces.items():
        asked = np.concatenate([samples, *queries.values()])
        distances, images = nearest(embed, asked, len(samples), pipeline.in_order(found, experiment))
        rows.append(images)
        for row, found_distances in zip(labels, distances, strict=False):
            row += [f"{distance:.3g}" for distance in found_distances]
        of_samples, of_real = np.split(distances[len(samples) :], [len(queries["samples"])])
        itself = 0 if other else min(1, distances.shape[1] - 1)  # the nearest to a training picture is the picture itself
        medians[space] = {"samples": float(np.median(of_samples[:, 0])), real: float(np.median(of_real[:, itself]))}
    images = pictures.to_uint8(np.concatenate(rows, axis=1))
    ranks = range(1, 1 + (images.shape[1] - 1) // len(spaces))
    caption = "a sample, and its nearest training pictures with their distances in " + " and in ".join(spaces)
    page = pictures.grid(
        images.reshape(-1, *images.shape[2:]),
        columns=images.shape[1],
        caption=caption,
        heads=["sample", *(f"{space} {rank}" for space in spaces for rank in ranks)],
        labels=[label for row in labels for label in row],
    )
    told = [
        f"In {space}{' (grey levels)' if space == 'pixels' else ''} the nearest training picture is at a median distance of "
        + " and ".join(f"{distance:.3g} from {len(queries[kind])} {kind}" for kind, distance in by_kind.items())
        + "."
        for space, by_kind in medians.items()
    ]
    hint = "If the generator only remembers, its samples come much nearer than these real pictures."
    return Finding(
        title="Nearest training pictures",
        text=" ".join([*told, hint]),
        pictures={"neighbours.png": page},
        numbers={"samples": list(numbers), "seed": seed, "medians": medians},
    )


def pixels(images: np.ndarray) -> np.ndarray:
    """[N, H, W, C] in [-1, 1] as vectors whose Euclidean distance is the root mean square difference in grey levels."""
    return images.reshape(len(images), -1) * (127.5 / np.sqrt(images[0].size))


def nearest(
    embed: Callable[[np.ndarray], np.ndarray], asked: np.ndarray, shown: int, blocks: Iterable[tuple]
) -> tuple[np.ndarray, np.ndarray]:
    """Find the nearest pictures in a stream. Only one block of the stream is in memory at a time.

    embed: images [N, H, W, C] -> vectors. asked: images. blocks: (images, ...) tuples. Returns (distances [asked, k], the
    smallest first; the pictures [shown, k, H, W, C] nearest to the first `shown`). k is 5, or the number of pictures if there
    are fewer.
    """
    asked = embed(asked)
    distances, images = np.empty((len(asked), 0)), np.empty(0)
    for block, *_ in blocks:
        search = NearestNeighbors(n_neighbors=min(_NEAREST, len(block)), algorithm="brute").fit(embed(block))
        near, index = search.kneighbors(asked)
        candidates = block[index[:shown]]
        images = np.concatenate([images, candidates], axis=1) if images.size else candidates
        distances = np.concatenate([distances, near], axis=1)
        best = np.argsort(distances, axis=1, kind="stable")[:, :_NEAREST]
        distances = np.take_along_axis(distances, best, axis=1)
        images = images[np.arange(shown)[:, None], best[:shown]]
    return distances, images
