"""Finds the training pictures nearest to samples: they show whether the generator only remembers its training pictures."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
from PIL import Image
from sklearn.neighbors import NearestNeighbors

from tfgan_series import classifier, latent, pictures
from tfgan_series.data import pipeline
from tfgan_series.data.records import Records
from tfgan_series.errors import UserError
from tfgan_series.exploration.findings import Finding
from tfgan_series.inference import Network
from tfgan_series.series import Experiment

_NEAREST = 5
_MEASURED = 256  # samples, and at most as many real pictures, whose distances are compared
_BATCH = 64

Near = tuple[np.ndarray, np.ndarray]  # what `nearest` returns


def neighbours(
    generator: Network,
    records: Records,
    experiment: Experiment,
    numbers: Sequence[int],
    *,
    condition: np.ndarray | None = None,
    seed: int = 0,
    judge: classifier.Classifier | None = None,
) -> Finding:
    """Find the training pictures nearest to samples of a seed: in pixels, and in the features of `judge` if there is one.

    The text gives the median distance from 256 samples to their nearest training pictures. It gives the same distance for at most
    256 real pictures of a partition that was not trained on, or if there is none, for training pictures, each to the nearest
    other one. condition: [K], if the generator draws what was asked for; then these real pictures show it too.
    The samples of a generator that only remembers come nearer to training pictures than these real pictures do. Returns a
    Finding. Raises UserError for a number that no sample has, and if no real picture shows what was asked for.
    """
    samples = latent.sample(generator, latent.numbered(numbers, generator.input_shape[-1], seed))
    other = classifier.held_out(records, experiment)
    queries = _queries(generator, records, experiment, other, condition, seed)
    asked = np.concatenate([samples, *queries.values()])
    spaces = {"pixels": pixels, **({"features": judge.features} if judge else {})}
    near = {space: nearest(embed, asked, len(samples), _stored(records, experiment)) for space, embed in spaces.items()}
    medians = {space: _medians(distances[len(samples) :], queries, other) for space, (distances, _) in near.items()}
    return Finding(
        title="Nearest training pictures",
        text=_told(medians, queries),
        pictures={"neighbours.png": _page(samples, numbers, near)},
        numbers={"samples": list(numbers), "seed": seed, "medians": medians},
    )


def _stored(records: Records, experiment: Experiment) -> Iterator[np.ndarray]:
    return (known["image"] for known in pipeline.in_order(records, experiment))


def _queries(
    generator: Network,
    records: Records,
    experiment: Experiment,
    other: Experiment | None,
    condition: np.ndarray | None,
    seed: int,
) -> dict[str, np.ndarray]:
    """The pictures whose distances are compared, {what they are: [n, H, W, C]}: samples first, then real ones. other: the
    experiment of a partition that was not trained on, or None. condition: as in neighbours."""
    shown = "" if condition is None else " that show what was asked for"
    real = f"real pictures of {other.partition}{shown}" if other else f"training pictures{shown}, each to the nearest other one"
    return {
        "samples": latent.sample(generator, latent.noise(_MEASURED, generator.input_shape[-1], seed), _BATCH),
        real: _real(records, other or experiment, condition),
    }


def _real(records: Records, experiment: Experiment, condition: np.ndarray | None) -> np.ndarray:
    """The first 256 pictures of the experiment's partition that show what the condition asks for, or fewer: [n, H, W, C]."""
    blocks: list[np.ndarray] = []
    for known in pipeline.in_order(records, experiment):
        images = known["image"]
        if condition is not None:
            shown = pipeline.conditions_of(known, records, experiment.conditions).numpy()
            images = images[(shown == condition).all(axis=1)]
        blocks.append(images)
        if sum(map(len, blocks)) >= _MEASURED:
            break
    images = np.concatenate(blocks)[:_MEASURED]
    if not len(images):
        raise UserError(f"no picture of {experiment.partition} shows what --label asks for: give another")
    return images


def _medians(distances: np.ndarray, queries: Mapping[str, np.ndarray], other: Experiment | None) -> dict[str, float]:
    """The median distance of each kind of query to its nearest training picture. distances: [all queries, k]. other: as in
    _queries."""
    samples, real = queries
    of_samples, of_real = np.split(distances, [len(queries[samples])])
    itself = 0 if other else min(1, distances.shape[1] - 1)  # the nearest to a training picture is the picture itself
    return {samples: float(np.median(of_samples[:, 0])), real: float(np.median(of_real[:, itself]))}


def _page(samples: np.ndarray, numbers: Sequence[int], near: Mapping[str, Near]) -> Image.Image:
    """A row for each sample: itself, and its nearest training pictures in each space."""
    images = pictures.to_uint8(np.concatenate([samples[:, None], *(images for _, images in near.values())], axis=1))
    ranks = range(1, 1 + (images.shape[1] - 1) // len(near))
    corners = []
    for row, number in enumerate(numbers):
        corners += [str(number), *(f"{distance:.3g}" for distances, _ in near.values() for distance in distances[row])]
    return pictures.grid(
        images.reshape(-1, *images.shape[2:]),
        columns=images.shape[1],
        caption="a sample, and its nearest training pictures with their distances in " + " and in ".join(near),
        heads=["sample", *(f"{space} {rank}" for space in near for rank in ranks)],
        corners=corners,
    )


def _told(medians: Mapping[str, Mapping[str, float]], queries: Mapping[str, np.ndarray]) -> str:
    told = [
        f"In {space}{' (grey levels)' if space == 'pixels' else ''} the nearest training picture is at a median distance of "
        + " and ".join(f"{distance:.3g} from {len(queries[kind])} {kind}" for kind, distance in by_kind.items())
        + "."
        for space, by_kind in medians.items()
    ]
    told.append(
        "If the generator only remembers, its samples come much nearer than these real pictures. Blurred ones come nearer too."
    )
    return " ".join(told)


def pixels(images: np.ndarray) -> np.ndarray:
    """[N, H, W, C] in [-1, 1] as vectors whose Euclidean distance is the root mean square difference in grey levels."""
    return images.reshape(len(images), -1) * (127.5 / np.sqrt(images[0].size))


def nearest(embed: Callable[[np.ndarray], np.ndarray], asked: np.ndarray, shown: int, blocks: Iterable[np.ndarray]) -> Near:
    """Find the nearest pictures in a stream. Only one block of the stream is in memory at a time.

    embed: images [N, H, W, C] -> vectors. asked, and each of blocks: images. Returns (distances [asked, k], the smallest
    first; the pictures [shown, k, H, W, C] nearest to the first `shown`). k is 5, or the number of pictures if there are fewer.
    """
    asked = embed(asked)
    distances, images = np.empty((len(asked), 0)), np.empty(0)
    for block in blocks:
        search = NearestNeighbors(n_neighbors=min(_NEAREST, len(block)), algorithm="brute").fit(embed(block))
        near, index = search.kneighbors(asked)
        candidates = block[index[:shown]]
        images = np.concatenate([images, candidates], axis=1) if images.size else candidates
        distances = np.concatenate([distances, near], axis=1)
        best = np.argsort(distances, axis=1, kind="stable")[:, :_NEAREST]
        distances = np.take_along_axis(distances, best, axis=1)
        images = images[np.arange(shown)[:, None], best[:shown]]
    return distances, images
