"""The scores against independent implementations, hand-made cases, and damaged pictures."""

import numpy as np
import pytest
from scipy import linalg
from scipy.ndimage import gaussian_filter
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits

from tfgan_series.evaluation import metrics


def drawn(count, dimensions, seed, rank=None):
    """Correlated features around a mean; their covariance has at most this rank."""
    draw = np.random.default_rng(seed)
    rank = rank or dimensions
    return draw.normal(size=(count, rank)) @ draw.normal(size=(rank, dimensions)) + draw.normal(size=dimensions)


def frechet_by_sqrtm(real, fake, rounding):
    """The published code's formula. rounding: what it adds to the diagonals where a root of a singular product fails."""
    means, covariances = zip(*((one.mean(axis=0), np.cov(one, rowvar=False)) for one in (real, fake)), strict=True)
    offset = rounding * np.eye(real.shape[1])
    root = linalg.sqrtm((covariances[0] + offset) @ (covariances[1] + offset))
    return ((means[0] - means[1]) ** 2).sum() + np.trace(covariances[0] + covariances[1] - 2 * root.real)


@pytest.mark.parametrize(
    ("sizes", "rank", "rounding"),
    [((300, 200), None, 0), ((400, 400), 8, 1e-10), ((12, 15), None, 1e-10)],
    ids=["full rank", "singular", "fewer rows than dimensions"],
)
def test_frechet_distance_is_that_of_scipys_matrix_root(sizes, rank, rounding):
    real, fake = drawn(sizes[0], 24, 0, rank), 1.5 * drawn(sizes[1], 24, 1, rank)
    assert metrics.frechet_distance(real, fake) == pytest.approx(frechet_by_sqrtm(real, fake, rounding), rel=1e-3)


def test_frechet_distance_by_hand():
    """In one dimension (m_1 - m_2)^2 + (s_1 - s_2)^2. Then in two, with covariances of rank one, (2, 1)^T (2, 1) and
    (1, 2)^T (1, 2): the trace of the root of their product is (2, 1) . (1, 2)."""
    real, fake = np.array([[0.0], [2.0], [4.0]]), np.array([[5.0], [6.0], [7.0]])  # s = 2 and 1
    assert metrics.frechet_distance(real, fake) == pytest.approx(4**2 + 1)
    assert metrics.frechet_distance(np.hstack([real, fake]), np.hstack([fake, real])) == pytest.approx(2 * 4**2 + 5 + 5 - 2 * 4)


def mmd_by_loops(real, fake):
    def kernel(x, y):
        return (np.dot(x, y) / len(x) + 1) ** 3

    def same(rows):
        return np.mean([kernel(x, y) for i, x in enumerate(rows) for j, y in enumerate(rows) if i != j])

    return same(real) + same(fake) - 2 * np.mean([kernel(x, y) for x in real for y in fake])


def test_kernel_distance_is_the_mean_over_blocks_with_its_standard_error():
    real, fake = drawn(83, 6, 0), drawn(45, 6, 1)
    blocks = [mmd_by_loops(real[8 * block : 8 * block + 8], fake[4 * block : 4 * block + 4]) for block in range(10)]
    value, error = metrics.kernel_distance(real, fake)
    assert value == pytest.approx(np.mean(blocks), rel=1e-9)
    assert error == pytest.approx(np.std(blocks, ddof=1) / np.sqrt(10), rel=1e-9)


def test_kernel_distance_is_unbiased():
    """Of one distribution against itself it is 0 within its error: also below 0."""
    draw = np.random.default_rng(0)
    found = [metrics.kernel_distance(*draw.normal(size=(2, 200, 4))) for _ in range(40)]
    values, errors = np.array(found).T
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(40)
    assert (values < 0).any()
    assert np.mean(np.abs(values) < 2 * errors) > 0.8


LINE = np.arange(6.0)[:, None]  # real pictures at 0, 1, ..., 5


@pytest.mark.parametrize(
    ("fake", "precision", "recall", "density", "coverage"),
    [
        # With k = 2 the real balls reach from -2 to 2, 0 to 2, 1 to 3, 2 to 4, 3 to 5 and 3 to 7.
        (LINE, 1, 1, (2 + 3 + 4 + 4 + 3 + 2) / 12, 1),
        # The fake balls reach from -2 to 2, 0 to 2, 1 to 3 and 1 to 5.
        (LINE[:4], 1, 1, (2 + 3 + 4 + 4) / 8, 1),
        # One place far away: in no ball, and its own balls have radius 0.
        (np.full((3, 1), 50.0), 0, 0, 0, 0),
        # One real picture remembered: precise, and only the balls of 0, 1 and 2 hold it.
        (np.full((3, 1), 1.0), 1, 1 / 6, 3 / 2, 3 / 6),
        # On the edges of the outer balls, and beyond them. The fake balls are as wide as the gap between the fakes.
        (np.array([[-2.0], [-2.5], [7.0], [9.0]]), 2 / 4, 1, (1 + 1) / 8, 2 / 6),
        # A narrow ball between 2 and 3: no real picture is in it.
        (np.array([[2.4], [2.5], [2.6]]), 1, 0, (2 + 2 + 2) / 6, 2 / 6),
    ],
    ids=["the same", "a part", "elsewhere", "one remembered", "at the edges", "between"],
)
def test_manifolds_by_hand(fake, precision, recall, density, coverage):
    assert metrics.manifolds(LINE, fake, k=2, k_real=2) == pytest.approx((precision, recall, density, coverage))


def test_manifolds_are_those_of_the_definitions(monkeypatch):
    """On random features, in many chunks, against a whole matrix of distances."""
    monkeypatch.setattr(metrics, "WORKING_MIB", 0.01)
    real, fake = drawn(150, 5, 0), drawn(90, 5, 1)
    across = cdist(real, fake)

    def radii(rows, k):
        return np.sort(cdist(rows, rows), axis=1)[:, k]

    balls, wide = (across <= radii(real, k)[:, None] for k in (3, 5))
    recall = (across <= radii(fake, 3)).any(axis=1).mean()
    wanted = balls.any(axis=0).mean(), recall, wide.sum() / 5 / 90, wide.any(axis=1).mean()
    assert metrics.manifolds(real, fake) == pytest.approx(wanted)


def test_classes_by_hand():
    sure = np.eye(4)[[0, 1, 2, 3, 0, 1, 2, 3]] * 0.9
    classes, confidence = metrics.classes_and_confidence(sure, sure)
    assert (classes, confidence) == pytest.approx((4, 0.9))
    classes, confidence = metrics.classes_and_confidence(sure, sure[[0, 0, 0, 1]] / 3)
    assert (classes, confidence) == pytest.approx((4 / 27**0.25, 0.3))  # exp of 3/4 log 4/3 + 1/4 log 4


@pytest.fixture(scope="module")
def digits():
    """scikit-learn's 8x8 digits: (real [500, 64], as many others, the labels of the others), in 0..1."""
    pixels, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(pixels))
    pixels, labels = pixels[order] / 16, labels[order]
    return pixels[:500], pixels[500:1000], labels[500:1000]


def test_scores_of_real_pictures_are_good_and_grow_worse_with_every_damage(digits):
    real, other, labels = digits
    draw = np.random.default_rng(0)
    noise = draw.normal(size=other.shape)
    blurred = [gaussian_filter(other.reshape(-1, 8, 8), (0, width, width)).reshape(other.shape) for width in (0.5, 1)]
    damages = {
        "noise": [other, other + 0.1 * noise, other + 0.3 * noise],
        "blur": [other, *blurred],
        "dropped classes": [other, other[labels > 0], other[labels > 4]],
        "duplicates": [other, other[draw.integers(0, 40, 500)], other[draw.integers(0, 10, 500)]],
    }
    for damage, steps in damages.items():
        frechet = [metrics.frechet_distance(real, step) for step in steps]
        kernel = [metrics.kernel_distance(real, step)[0] for step in steps]
        coverage = [metrics.manifolds(real, step)[3] for step in (steps[0], steps[2])]
        assert frechet == sorted(frechet), damage
        assert kernel == sorted(kernel), damage
        assert coverage[0] > 0.95 > 0.8 > coverage[1], damage
        assert frechet[0] < 0.3 * frechet[2], damage
    whole, noisy, half = (metrics.manifolds(real, one) for one in (other, damages["noise"][2], damages["dropped classes"][2]))
    assert whole[0] > 0.85 > 0.75 > noisy[0]
    assert whole[1] > 0.8 > 0.7 > half[1]


def test_every_metric_gives_a_value_for_each_of_its_names():
    real, fake = np.abs(drawn(40, 3, 0)), np.abs(drawn(40, 3, 1))
    names = [name for metric in metrics.METRICS for name in metric.names]
    assert len(set(names)) == len(names)
    for metric in metrics.METRICS:
        assert len(metric.measure(real, fake)) == len(metric.names)
