"""From generators to scores."""

import dataclasses
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_series import classifier, latent, pictures, runs, series
from tfgan_series.data import conversion, pipeline
from tfgan_series.errors import UserError
from tfgan_series.evaluation import evaluate, features, metrics, scores
from tfgan_series.evaluation.evaluate import Slice
from tfgan_series.generators import load_generator

from conftest import write_squares

COUNT = 200


@pytest.fixture(scope="module")
def real(digits, tiny):
    """The reference of the shared records through the random network."""
    seen = features.load("random", digits[1], tiny)
    return evaluate.reference(digits[1], tiny, seen, count=COUNT)


@pytest.fixture(scope="module")
def generator(trained):
    return load_generator(trained / runs.GENERATOR)


def stored(records, experiment, partition, side=""):
    """All pictures of a partition."""
    blocks = pipeline.in_order(records, experiment.change(partition=partition), side)
    return np.concatenate([known["image"] for known in blocks])


def test_scores_are_those_of_the_seeds_pictures_as_they_would_be_saved(real, generator, digits, tiny):
    """Against the same by hand, with the floor of training pictures."""
    z = latent.noise(COUNT, generator.input_shape[-1], 3)
    saved = pictures.to_uint8(latent.sample(generator, z, 50)) / np.float32(127.5) - 1
    test, train = (
        stored(digits[1], tiny, partition)[one] for partition, one in (("test", slice(COUNT)), ("train", slice(-COUNT, None)))
    )
    looked = [real.features.extract(images) for images in (test, saved, train)]
    found = {score.metric: score for score in evaluate.evaluate({"generator": generator}, real, seed=3)}
    fid = found["fid200_test_random"]
    assert fid.value == pytest.approx(metrics.frechet_distance(looked[0], looked[1]), rel=1e-4)
    assert fid.floor == pytest.approx(metrics.frechet_distance(looked[0], looked[2]), rel=1e-4)
    kid = found["kid200_test_random"]
    assert (kid.value, kid.error) == pytest.approx(metrics.kernel_distance(looked[0], looked[1]), rel=1e-3)
    assert (fid.n_real, fid.n_fake, fid.n_floor, fid.partition, fid.seed) == (COUNT, COUNT, COUNT, "test", 3)
    assert list(found) == [f"{name}200_test_random" for name in ("fid", "kid", "precision", "recall", "density", "coverage")]
    assert all(score.floor < score.value for score in (fid, kid))


def test_which_scores_a_comparison_takes(real, generator):
    found, *_ = evaluate.evaluate({"generator": generator}, real)
    assert evaluate.is_of(found, real)
    for other in (
        {"n_fake": COUNT - 1},
        {"n_real": COUNT + 1},
        {"features_digest": "other"},
        {"partition": "train"},
        {"seed": 1},
    ):
        assert not evaluate.is_of(dataclasses.replace(found, **other), real)


def test_the_batch_size_changes_no_score(real, generator):
    one, other = (evaluate.evaluate({"generator": generator}, real, batch_size=size) for size in (7, 256))
    for before, after in zip(one, other, strict=True):
        assert after == dataclasses.replace(before, value=pytest.approx(before.value, rel=1e-5), error=after.error)
    again = evaluate.evaluate({"generator": generator}, real, batch_size=7)
    assert again == one
    assert evaluate.evaluate({"generator": generator}, real, seed=1) != one


class Remembering:
    """A generator that draws stored pictures, at most a tenth of a grey level off."""

    def __init__(self, images):
        self.images, self.input_shape, self.drawn = tf.constant(images), (None, 4), tf.Variable(0)

    def __call__(self, z, *, training):
        last = self.drawn.assign_add(tf.shape(z)[0])
        return self.images[last - tf.shape(z)[0] : last] + 0.1 / 127.5

    def get_weights(self):
        return [self.images.numpy()]


def test_a_generator_of_real_pictures_has_the_floors_scores(real, digits, tiny):
    remembering = Remembering(stored(digits[1], tiny, "train")[-COUNT:])
    for score in evaluate.evaluate({"generator": remembering}, real):
        assert score.value == pytest.approx(score.floor, rel=1e-6, abs=1e-9)


def test_a_classifier_adds_the_scores_of_classes(digits, tiny):
    """With a classifier that finds the class of a picture's first pixel."""
    records = digits[1]
    inputs = keras.Input((8, 8, 1))
    model = keras.Model(inputs, keras.layers.Dense(10)(keras.layers.Flatten(name="features")(inputs)))
    judge = features.classifier.Classifier(model, records.class_names, {})
    kernel, bias = np.zeros((64, 10), np.float32), np.full(10, -8.0, np.float32)
    bias[:2], kernel[27, 0] = 0, 5  # class 0 where one pixel is bright, class 1 where it is dark
    model.layers[-1].set_weights([kernel, bias])
    seen = features.of_classifier(judge)
    images = stored(records, tiny, "test")[:50]
    np.testing.assert_allclose(seen.probabilities(seen.extract(images)), 1 / (1 + np.exp(-judge.logits(images))), rtol=1e-4)
    found = evaluate.reference(records, tiny, seen, count=50).targets["generator"]
    assert 1 < found.floors["classes"].value <= 2
    assert 0.5 < found.floors["confidence"].value < 1
    of_attributes = evaluate.reference(records, tiny, features.of_classifier(judge, classes=False), count=50)
    assert "classes" not in of_attributes.targets["generator"].floors


@pytest.fixture(scope="module")
def squares(tmp_path_factory):
    """(CycleGAN experiment, records): 60 and 52 training pictures, 26 and 30 test pictures."""
    root = tmp_path_factory.mktemp("squares")
    experiment = series.resolve("horse2zebra", image_size=16, base_filters=2, blocks=1)
    files = write_squares(root / "files", 60, 30)
    for number in range(4):
        (files / f"testA/{number:03d}.png").unlink()
    return experiment, conversion.convert(experiment, dataset_path=files, tfrecord_path=root)


def colours(images):
    """Features of squares: the mean of each channel of each quarter, [N, 12]."""
    return np.asarray(images).reshape(-1, 2, 8, 2, 8, 3).mean(axis=(2, 4)).reshape(-1, 12)


def test_a_translation_is_compared_with_its_target(squares):
    """A translator that swaps red and blue is perfect both ways; one that does nothing is not. The translated pictures and the
    floors are test pictures, the real side are training pictures."""
    experiment, records = squares
    seen = features.Features("random", "none", colours)
    reference = evaluate.reference(records, experiment, seen)
    inputs = keras.Input((16, 16, 3))
    swap = keras.Model(inputs, inputs[..., ::-1])
    nothing = keras.Model(inputs, keras.layers.Rescaling(1.0)(inputs))
    found = {score.metric: score for score in evaluate.evaluate({"generator_ab": swap, "generator_ba": nothing}, reference)}
    good, bad = found["fid_ab26_train_random"], found["fid_ba26_train_random"]
    assert (good.n_real, good.n_fake, good.n_floor, good.checkpoint) == (52, 26, 26, "generator_ab.keras")
    assert (bad.n_real, bad.n_fake, bad.n_floor) == (60, 26, 26)  # of 30: the floor has no more pictures
    test_b = colours(stored(records, experiment, "test", "B"))[-26:]
    assert good.floor == pytest.approx(
        metrics.frechet_distance(colours(stored(records, experiment, "train", "B")), test_b), rel=1e-4
    )
    assert good.value < 3 * good.floor < bad.value


def test_which_records_are_compared(generator, digits, tiny):
    records = digits[1]
    train, test = records.counts["train"], records.counts["test"]
    slices = evaluate.slices_of
    assert slices(records, "test", "", 100) == (Slice("test", 0, 100), Slice("train", train - 100, 100))
    learned = classifier.learned(train)
    assert slices(records, "test", "", 10**6) == (Slice("test", 0, test), Slice("train", learned, train - learned))
    assert slices(records, "train", "", 10**6) == (Slice("train", 0, train), Slice("test", 0, test))
    alone = dataclasses.replace(records, counts={"train": 101})
    assert slices(alone, "train", "", 10**6) == (Slice("train", 0, 50), Slice("train", 51, 50))
    real = evaluate.reference(alone, tiny, features.Features("random", "none", lambda images: images[:, 0, :, 0]))
    made = evaluate.evaluate({"generator": generator}, real)
    assert {(score.partition, score.n_real, score.n_fake, score.n_floor) for score in made} == {("train", 50, 50, 50)}
    with pytest.raises(
        UserError,
        match=r"^--count=19: a score needs 20 pictures or more; give a larger number \(.* without scores --count=0\)$",
    ):
        slices(records, "test", "", 19)
    few = dataclasses.replace(records, counts={"train": train, "test": 19})
    with pytest.raises(
        UserError, match="a score needs 20 pictures or more on each side, and test gives 19: make records of more"
    ):
        slices(few, "test", "", 100)
    with pytest.raises(UserError, match="choose one of classifier, random, inception"):
        features.load("Random", records, tiny)
    with pytest.raises(UserError, match="--against=val: .* has train, test$"):
        evaluate.reference(records, tiny, features.load("random", records, tiny), against="val")


def test_a_runs_rows(trained, digits, tmp_path):
    run = shutil.copytree(trained, tmp_path / "run")
    found = evaluate.evaluate_run(run, features="random", count=30)  # its records are where it was trained on them
    assert scores.read(run) == found
    (log, *_) = runs.read_log(run)[-1:]
    assert {score.step for score in found} == {log["step"]}
    assert {score.checkpoint for score in found} == {"generator.keras"}
    copy = shutil.copy(run / runs.GENERATOR, tmp_path / "copy.keras")
    again = evaluate.evaluate_run(run, tfrecord_path=digits[0], features="random", count=30, generator=copy)
    assert again == [dataclasses.replace(score, step=None, checkpoint=str(copy)) for score in found]
    (run / scores.NAME).write_text("no score\n")
    with pytest.raises(UserError, match="remove it, and measure again with tfgan evaluate"):
        evaluate.evaluate_run(run, tfrecord_path=digits[0], features="random", count=30)


def test_a_generator_of_other_pictures_is_refused(trained, digits, tmp_path):
    for name, shape in (("wide", (16, 16, 1)), ("flat", (4,))):
        layers = [keras.layers.Dense(int(np.prod(shape))), keras.layers.Reshape(shape)]
        keras.Sequential([keras.Input((4,)), *layers]).save(tmp_path / f"{name}.keras")
        with pytest.raises(
            UserError, match=rf"{name}.keras draws pictures of \({shape[0]},.*\), and the run's are \(8, 8, 1\): give"
        ):
            evaluate.evaluate_run(trained, tfrecord_path=digits[0], features="random", generator=tmp_path / f"{name}.keras")
    inputs = keras.Input((8, 8, 1))
    keras.Model(inputs, keras.layers.Conv2D(1, 1)(inputs)).save(tmp_path / "translator.keras")
    with pytest.raises(UserError, match="translator.keras draws from pictures: give a generator of dcgan"):
        evaluate.evaluate_run(trained, tfrecord_path=digits[0], features="random", generator=tmp_path / "translator.keras")


class Drawing:
    """A conditional generator whose pictures have the brightness of what is asked for, and sometimes of another class."""

    input_shape = [(None, 4), (None, 10)]

    def __init__(self, right):
        self.right = right

    def __call__(self, inputs, *, training):
        z, asked = inputs
        shown = tf.where(z[:, 0] < self.right, tf.cast(tf.argmax(asked, axis=1), tf.float32), 0.0)
        return tf.ones([1, 8, 8, 1]) * tf.reshape(shown / 4.5 - 1, [-1, 1, 1, 1])

    def get_weights(self):
        return [np.array(self.right)]


def test_scores_by_class(digits, tiny):
    """Against the same by hand: a picture is taken for the class whose brightness it has."""
    records = digits[1]
    experiment = series.resolve("digits", "cgan", image_size=8).fitted(records)
    seen = features.Features(
        "classifier", "none", lambda images: images.reshape(len(images), -1).astype(np.float64),
        lambda found: -np.abs(found.mean(axis=1, keepdims=True) - (np.arange(10) / 4.5 - 1)), records.class_names, classes=True,
    )  # fmt: skip
    count = 290
    real = evaluate.reference(records, experiment, seen, count=count)
    found = {score.metric: score for score in evaluate.evaluate({"generator": Drawing(0.5)}, real, seed=3)}
    shown = {
        partition: np.concatenate(
            [known["label"] for known in pipeline.in_order(records, experiment.change(partition=partition))]
        )
        for partition in ("test", "train")
    }
    labels, asked = shown["test"][:count], shown["train"][-count:]  # asked for what the floor's pictures show
    right = (latent.noise(count, 4, 3).numpy()[:, 0] < 0.5) | (asked == 0)
    assert found["as_asked290_test_classifier"].value == pytest.approx(right.mean())
    sevens = (asked == 7).sum()
    of_sevens = found[f"as_asked_of_7_{sevens}_test_classifier"]
    assert of_sevens.value == pytest.approx(right[asked == 7].mean())
    assert (of_sevens.of, of_sevens.n_real, of_sevens.n_fake, of_sevens.n_floor) == ("7", (labels == 7).sum(), sevens, sevens)
    large = [str(one) for one in range(10) if min((side == one).sum() for side in (labels, asked)) >= metrics.SMALLEST]
    assert [score.of for score in found.values() if score.of and score.metric.startswith("as_asked")] == large
    assert [score.metric for score in found.values() if scores.is_distance(score)] == ["fid290_test_classifier"]
    real_sevens = stored(records, experiment, "test")[:count][labels == 7].reshape(-1, 64)
    drawn = np.repeat(np.where(right[asked == 7], 7, 0)[:, None] / 4.5 - 1, 64, axis=1)
    fid = found[f"fid_of_7_{sevens}_test_classifier"]
    assert fid.value == pytest.approx(metrics.frechet_distance(real_sevens, drawn), rel=0.02)  # pictures are rounded to uint8


def test_what_a_classifier_takes_a_picture_for():
    share = np.array([[0.9, 0.6, 0.1], [0.2, 0.3, 0.4]])
    attributes = features.Features("classifier", "none", np.asarray, np.asarray, ("Male", "Hat", "Smiling"))
    wanted = evaluate.Conditions(("Smiling", "Hat"), exclusive=False)
    assert attributes.recognised(share, wanted).tolist() == [[0, 1], [0, 0]]
    assert dataclasses.replace(attributes, classes=True).recognised(
        share, evaluate.Conditions(("Male", "Hat", "Smiling"))
    ).tolist() == [
        [1, 0, 0],
        [0, 0, 1],
    ]
    assert attributes.recognised(share, evaluate.Conditions(("Bald",), exclusive=False)) is None
    assert attributes.recognised(share, evaluate.Conditions()) is None


def test_a_generator_that_is_asked_for_other_things_is_refused(trained, conditional, digits):
    for run, other in ((trained, conditional), (conditional, trained)):
        with pytest.raises(UserError, match="is not a generator whose pictures are asked for as the run's are"):
            evaluate.evaluate_run(run, tfrecord_path=digits[0], features="random", generator=other / runs.GENERATOR)


def test_pictures_of_no_class_are_not_counted_as_failures():
    """A folder may have pictures beside its class folders. Nobody can draw what was not asked for."""
    wanted = evaluate.Conditions(("left", "right"))
    seen = features.Features("classifier", "none", np.asarray, np.asarray, wanted.names, classes=True)
    asked = np.repeat([[1, 0], [0, 1], [0, 0]], 20, axis=0)
    share = np.where(asked.any(axis=1, keepdims=True), asked, [0.4, 0.3]) + np.random.default_rng(0).normal(0, 0.01, (60, 2))
    both = [evaluate.Seen(share, asked)] * 2
    assert [one.value for one in evaluate.measured(seen, wanted, *both) if one.name == "as_asked"] == [1]
