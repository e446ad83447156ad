"""The scores as functions of arrays: features of real pictures [N, D] and of generated ones [M, D].

METRICS at the end is the table of all of them. A new metric is a function here and an entry there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import svdvals
from scipy.stats import entropy
from sklearn.metrics import pairwise_distances_chunked
from sklearn.metrics.pairwise import polynomial_kernel
from sklearn.neighbors import NearestNeighbors

SMALLEST = 20  # features of each side that a score needs
_BLOCKS = 10  # of the kernel distance
WORKING_MIB = 128  # of distances that are in memory at a time

Value = tuple[float, float | None]  # a score and its standard error, if it has one


def frechet_distance(real: np.ndarray, fake: np.ndarray) -> float:
    """The Fréchet distance of two normal distributions with the features' means m and covariances S (Heusel et al. 2017).

    |m_1 - m_2|^2 + tr S_1 + tr S_2 - 2 tr (S_1 S_2)^(1/2), in float64; at least 0. The matrix root is not computed: with the
    centred features A / sqrt(N - 1) = Q R the covariance is S = R^T R, and the trace of the root of R_1^T R_1 R_2^T R_2 is the
    sum of the singular values of R_1 R_2^T. This is exact for singular covariances too, as for fewer pictures than features.
    """
    real, fake = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    shift = real.mean(axis=0) - fake.mean(axis=0)
    of_real, of_fake = (_root(one) for one in (real, fake))
    trace_of_root = svdvals(of_real @ of_fake.T).sum()
    return float(max(shift @ shift + (of_real**2).sum() + (of_fake**2).sum() - 2 * trace_of_root, 0))


def _root(features: np.ndarray) -> np.ndarray:
    """An R with R^T R = the covariance of features [N, D]: [min(N, D), D]."""
    scaled = (features - features.mean(axis=0)) / np.sqrt(len(features) - 1)
    found: Any = np.linalg.qr(scaled, mode="r")  # NumPy's type is that of the other modes
    return found


def kernel_distance(real: np.ndarray, fake: np.ndarray) -> Value:
    """(the kernel distance, its standard error): KID (Binkowski et al. 2018).

    The mean of squared_mmd over disjoint blocks of the rows, in their order: block i of real against block i of fake. If the
    rows do not divide evenly, the last few are left out. The standard error is that of this mean. The mean may be below 0.
    """
    pairs = zip(_blocks(real), _blocks(fake), strict=True)
    found = [squared_mmd(one, other) for one, other in pairs]
    return float(np.mean(found)), float(np.std(found, ddof=1) / np.sqrt(_BLOCKS))


def squared_mmd(real: np.ndarray, fake: np.ndarray) -> float:
    """The unbiased estimate of the squared maximum mean discrepancy (Gretton et al. 2012, lemma 6), in float64.

    With scikit-learn's usual polynomial kernel, (x . y / D + 1)^3. It may be below 0.
    """
    real, fake = np.asarray(real, np.float64), np.asarray(fake, np.float64)

    def between_different(x: np.ndarray) -> float:
        matrix = polynomial_kernel(x)
        return (matrix.sum() - np.trace(matrix)) / (len(x) * (len(x) - 1))

    return float(between_different(real) + between_different(fake) - 2 * polynomial_kernel(real, fake).mean())


def manifolds(real: np.ndarray, fake: np.ndarray, k: int = 3, k_real: int = 5) -> tuple[float, float, float, float]:
    """(precision, recall, density, coverage), by Kynkäänniemi et al. 2019 and Naeem et al. 2020.

    Each picture has a ball up to its k-th nearest neighbour of its own side. precision: the share of the generated pictures
    that are in the ball of a real one. recall: the share of the real pictures that are in the ball of a generated one.
    Density and coverage use real balls alone, up to the k_real-th nearest neighbour. density: the number of balls that a
    generated picture is in, divided by k_real, as a mean; it may be above 1. coverage: the share of the balls that a generated
    picture is in.
    """
    real, fake = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    radii, wide_radii, fake_radii = _radii(real, k), _radii(real, k_real), _radii(fake, k)
    precise, inside, first = 0, 0, 0
    recalled, nearest = np.zeros(len(real), bool), np.full(len(real), np.inf)
    for distances in pairwise_distances_chunked(fake, real, working_memory=WORKING_MIB):
        of_rows = fake_radii[first : first + len(distances), None]
        precise += (distances <= radii).any(axis=1).sum()
        inside += (distances <= wide_radii).sum()
        recalled |= (distances <= of_rows).any(axis=0)
        nearest = np.minimum(nearest, distances.min(axis=0))
        first += len(distances)
    density = inside / (k_real * len(fake))
    return float(precise / len(fake)), float(recalled.mean()), float(density), float((nearest <= wide_radii).mean())


def classes_and_confidence(real: np.ndarray, fake: np.ndarray) -> tuple[float, float]:
    """(the effective number of classes of the generated pictures, the classifier's mean confidence in them).

    real, fake: probabilities [N, classes]. A picture counts for its most probable class. classes: exp(entropy) of the shares of
    the classes; K equally frequent classes give K. confidence: the mean of the largest probability. The real pictures are not
    used: these two numbers are compared with those of real pictures.
    """
    shares = np.bincount(fake.argmax(axis=1), minlength=fake.shape[1])
    return float(np.exp(entropy(shares))), float(fake.max(axis=1).mean())


def as_asked(asked: np.ndarray, found: np.ndarray) -> float:
    """The share of the pictures that a classifier takes for exactly what was asked.

    asked, found: [N, K], 1 for what a picture shall have, or has, and else 0.
    """
    return float((asked == found).all(axis=1).mean())


def _blocks(features: np.ndarray) -> np.ndarray:
    """[N, D] -> [_BLOCKS, N // _BLOCKS, D]."""
    size = len(features) // _BLOCKS
    return features[: size * _BLOCKS].reshape(_BLOCKS, size, -1)


def _radii(features: np.ndarray, k: int) -> np.ndarray:
    """The distance from each row to its k-th nearest other row."""
    return NearestNeighbors(n_neighbors=k, algorithm="brute").fit(features).kneighbors()[0][:, -1]


@dataclass(frozen=True)
class Metric:
    """One or several scores that are measured together.

    names: of the scores. measure(real, fake): a value for each name. takes: what measure takes: "features" [N, D]; "classes", the
    probabilities of classes [N, K]; or "asked", what the generated pictures were asked for and what a classifier takes them for,
    both [N, K]. by_class: whether it is also measured on the pictures that were asked for each class.
    """

    names: tuple[str, ...]
    measure: Callable[[np.ndarray, np.ndarray], list[Value]]
    takes: str = "features"
    by_class: bool = False


def _without_error(measure: Callable[[np.ndarray, np.ndarray], tuple[float, ...]]) -> Callable[..., list[Value]]:
    return lambda real, fake: [(value, None) for value in measure(real, fake)]


METRICS = (
    Metric(("fid",), lambda real, fake: [(frechet_distance(real, fake), None)], by_class=True),
    Metric(("kid",), lambda real, fake: [kernel_distance(real, fake)]),
    Metric(("precision", "recall", "density", "coverage"), _without_error(manifolds)),
    Metric(("classes", "confidence"), _without_error(classes_and_confidence), takes="classes"),
    Metric(("as_asked",), lambda asked, found: [(as_asked(asked, found), None)], takes="asked", by_class=True),
)
