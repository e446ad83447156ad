import dataclasses
import re

import numpy as np
import pytest
import tensorflow as tf

from tfgan_series import latent, runs, series
from tfgan_series.data import conversion, pipeline
from tfgan_series.errors import UserError
from tfgan_series.exploration import neighbours
from tfgan_series.generators import load_generator

from conftest import write_mnist


def blocks(images, size):
    return (images[start : start + size] for start in range(0, len(images), size))


@pytest.mark.parametrize("size", [3, 7, 50])
def test_nearest_of_a_stream_is_nearest_of_all(size):
    rng = np.random.default_rng(0)
    stored, asked = rng.uniform(-1, 1, (50, 2, 2, 1)), rng.uniform(-1, 1, (6, 2, 2, 1))
    distances, images = neighbours.nearest(neighbours.pixels, asked, 4, blocks(stored, size))
    full = np.sqrt(((127.5 * (asked[:, None] - stored[None])) ** 2).mean(axis=(2, 3, 4)))
    order = np.argsort(full, axis=1)[:, :5]
    np.testing.assert_allclose(distances, np.take_along_axis(full, order, axis=1), rtol=1e-6)
    assert np.array_equal(images, stored[order[:4]])


def test_of_fewer_pictures_all():
    stored = np.linspace(-1, 1, 3).reshape(3, 1, 1, 1)
    distances, images = neighbours.nearest(neighbours.pixels, stored[:2], 2, blocks(stored, 2))
    assert distances.tolist() == [[0, 127.5, 255], [0, 127.5, 127.5]]
    assert images.shape == (2, 3, 1, 1, 1)


class Parrot:
    """A generator that returns training pictures."""

    input_shape = (None, 100)

    def __init__(self, images):
        self.images = images

    def __call__(self, z, training):
        return tf.gather(self.images, tf.argmax(z, axis=1))


def test_a_generator_that_remembers_is_found_out(digits, tiny, trained):
    stored = np.concatenate([known["image"] for known in pipeline.in_order(digits[1], tiny)])
    parrot, own = (
        neighbours.neighbours(generator, digits[1], tiny, [1, 2]).numbers["medians"]["pixels"]
        for generator in (Parrot(stored), load_generator(trained / runs.GENERATOR))
    )
    assert parrot["samples"] == pytest.approx(0, abs=1e-4)
    assert parrot["real pictures of test"] == own["real pictures of test"] > 5
    assert own["samples"] > own["real pictures of test"]


def test_the_text_says_how_many_real_pictures_there_were(tiny, tmp_path):
    found = conversion.convert(tiny, dataset_path=write_mnist(tmp_path / "files", train=100, test=20), tfrecord_path=tmp_path)
    stored = np.concatenate([known["image"] for known in pipeline.in_order(found, tiny)])
    text = neighbours.neighbours(Parrot(stored), found, tiny, [1]).text
    assert re.search(r"median distance of [\d.e-]+ from 256 samples and [\d.]+ from 20 real pictures of test\.", text)


def test_without_other_pictures_the_training_pictures_are_the_measure(digits, tiny):
    alone = dataclasses.replace(digits[1], counts={"train": digits[1].counts["train"]})
    stored = np.concatenate([known["image"] for known in pipeline.in_order(alone, tiny)])
    medians = neighbours.neighbours(Parrot(stored), alone, tiny, [1]).numbers["medians"]["pixels"]
    vectors = neighbours.pixels(stored)
    distances = np.sqrt(((vectors[:256, None] - vectors[None]) ** 2).sum(axis=2))
    wanted = np.median(np.sort(distances, axis=1)[:, 1])
    assert medians["training pictures, each to the nearest other one"] == pytest.approx(wanted, rel=1e-4)
    assert medians["samples"] == pytest.approx(0, abs=1e-4) != wanted


def test_real_pictures_show_what_the_samples_were_asked_for(digits):
    """Ones are nearer to each other than other digits are, whoever drew them."""
    experiment = series.resolve("digits", "cgan", image_size=8).fitted(digits[1])
    known = next(pipeline.in_order(digits[1], experiment.change(partition="test"), block=1000))
    sevens = known["image"][known["label"] == 7]
    parrot = Parrot(np.resize(sevens, (100, 8, 8, 1)))
    found = neighbours.neighbours(parrot, digits[1], experiment, [1], condition=np.eye(10)[7])
    kind = "real pictures of test that show what was asked for"
    stored = neighbours.pixels(pipeline.first_images(digits[1], experiment, "", 10_000))
    distances = np.linalg.norm(neighbours.pixels(sevens)[:256, None] - stored[None], axis=2).min(axis=1)
    assert found.numbers["medians"]["pixels"][kind] == pytest.approx(np.median(distances), rel=1e-3)
    assert f"from {min(len(sevens), 256)} {kind}" in found.text
    with pytest.raises(UserError, match="no picture of test shows what --label asks for"):
        neighbours.neighbours(parrot, digits[1], experiment, [1], condition=np.ones(10))


def test_the_medians_are_those_of_all_distances(digits, tiny, trained):
    """Compares medians, in pixels and in features, with all distances from 256 pictures to every training picture."""

    class Halves:
        """A classifier whose features are the means of a picture's upper and lower half."""

        def features(self, images):
            return images.reshape(len(images), 2, -1).mean(axis=2)

    generator, judge = load_generator(trained / runs.GENERATOR), Halves()
    found = neighbours.neighbours(generator, digits[1], tiny, [1], seed=3, judge=judge)
    stored = np.concatenate([known["image"] for known in pipeline.in_order(digits[1], tiny)])
    test = tiny.change(partition="test")
    asked = {
        "samples": latent.sample(generator, latent.noise(256, 100, seed=3), 64),
        "real pictures of test": pipeline.first_images(digits[1], test, "", 256),
    }
    for space, embed in {"pixels": neighbours.pixels, "features": judge.features}.items():
        for kind, images in asked.items():
            distances = np.linalg.norm(embed(images)[:, None] - embed(stored)[None], axis=2).min(axis=1)
            assert found.numbers["medians"][space][kind] == pytest.approx(np.median(distances), rel=1e-3)


def test_the_picture_shows_sample_and_neighbours(digits, tiny):
    stored = np.concatenate([known["image"] for known in pipeline.in_order(digits[1], tiny)])
    found = neighbours.neighbours(Parrot(stored), digits[1], tiny, [4, 2])
    page = np.asarray(found.pictures["neighbours.png"])[26 + 22 :]
    picks = np.argmax(latent.numbered([4, 2], 100, 0), axis=1)
    for row, pick in enumerate(picks):
        cells = [page[2 + 98 * row :, 2 + 98 * column :][:96:12, :96:12][3:] for column in range(6)]
        expected = np.round((stored[pick, 3:, :, 0] + 1) * 127.5)
        assert np.array_equal(cells[0], expected)
        assert np.array_equal(cells[1], expected)
        assert not np.array_equal(cells[2], expected)
