"""A small classifier of the records' pictures: trained once, and kept for the next time.

    TFRecordPath/classifiers/<records folder>-<image size>.keras    one logit for each attribute, or else for each class
    TFRecordPath/classifiers/<records folder>-<image size>.json     what it was trained on, and its accuracy

With --fit=crop their names end in -crop. It is not in the record folder, so that this folder stays as conversion made it.
"""

import dataclasses
import functools
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from scipy.special import expit
from sklearn.metrics import balanced_accuracy_score

from tfgan_series import files, progress
from tfgan_series.data import pipeline
from tfgan_series.data.records import PARTITIONS, Records
from tfgan_series.errors import UserError, reason_of
from tfgan_series.inference import in_batches
from tfgan_series.series import Experiment

TRUSTED = 0.7  # balanced accuracy; 0.5 is guessing
STEPS = 1_000  # of training
_RECIPE = 4  # one more whenever a change of this file gives another classifier, so that old ones are trained anew
_RATE = 1e-3  # of Adam in the first step; it falls to 0. With 3e-3 hard attributes were not learned at all
_ROUNDS = 10  # how often the weights are measured during training; the best ones are kept
_PATIENCE = 3  # rounds without better weights after which training stops
_RECORDS = 20_000  # it learns from at most so many
_MEASURED = 5_000  # it is measured on at most so many
_SHUFFLED_BYTES = 2**28  # of pictures in the shuffle buffer
_BATCH = 64
_SEEN = 256  # pictures at a time once it is trained


@dataclass(frozen=True)
class Classifier:
    """model: pictures [B, H, W, C] in [-1, 1] -> [B, len(names)] logits. accuracy: {name: balanced accuracy}.

    Balanced accuracy is the mean of two shares: the share recognised of the pictures that have the attribute (or are of the
    class), and the share recognised of the others. 0.5 is guessing. It is measured on pictures that the classifier was not
    trained on. A name that all or none of these pictures have is left out.
    """

    model: keras.Model
    names: tuple[str, ...]
    accuracy: dict[str, float]

    @property
    def trusted(self) -> bool:
        """Whether it recognises one of its names at least."""
        return max(self.accuracy.values(), default=0.0) >= TRUSTED

    def logits(self, images: np.ndarray) -> np.ndarray:
        """[N, H, W, C] in [-1, 1] -> [N, len(names)]."""
        return in_batches(self.model, images, _SEEN)

    def features(self, images: np.ndarray) -> np.ndarray:
        """The last layer's inputs for the images: [N, H, W, C] in [-1, 1] -> [N, number of features]."""
        return in_batches(self._to_features, images, _SEEN)

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """The probability of each name, by the features of pictures: [N, number of features] -> [N, len(names)]."""
        kernel, bias = self.model.layers[-1].get_weights()
        return expit(features @ kernel + bias)

    @functools.cached_property
    def _to_features(self) -> keras.Model:
        return keras.Model(self.model.inputs[0], self.model.get_layer("features").output)


def names(records: Records) -> tuple[str, ...]:
    """The names that a classifier of these records learns: the attributes; without these, two or more classes; else none.

    There are none for two sets of pictures, as trainA and trainB: their only classes are the sets themselves.
    """
    if not set(PARTITIONS) & set(records.counts):
        return ()
    return records.attribute_names or (records.class_names if len(records.class_names) > 1 else ())


def find_or_train(records: Records, experiment: Experiment) -> Classifier:
    """The classifier of the records at the experiment's image size. It is trained now if there is none yet, or a damaged one.

    It learns from the partition train, whatever the experiment's own: runs on all partitions are judged by the same classifier.
    Raises UserError if the records have neither attributes nor several classes.
    """
    if not names(records):
        raise UserError(f"{records.folder} has neither attributes nor several classes: for scores give --features=random")
    if "train" in records.counts:
        experiment = experiment.change(partition="train")
    path = model_path(records, experiment)
    wanted = {
        "records": records.identity,
        "names": list(names(records)),
        "partition": experiment.partition,
        "fit": experiment.fit,
        "channels": experiment.channels,
        "recipe": _RECIPE,
    }
    # Of two processes that train one, only the last to write would have measured with the classifier that is kept.
    with files.claimed(path, f"Another process trains the classifier for {records.folder}: waiting for it."):
        try:
            note = files.parse_json(path.with_suffix(".json").read_text(encoding="utf-8"))
            if {name: note[name] for name in wanted} == wanted:
                return Classifier(keras.models.load_model(path, compile=False), tuple(note["names"]), note["accuracy"])
        except FileNotFoundError:
            pass  # there is none yet
        except PermissionError as error:
            raise UserError(f"the classifier {path} may not be read ({reason_of(error)}): change its permissions") from error
        except (MemoryError, tf.errors.ResourceExhaustedError):  # it may be good
            raise
        except Exception as error:  # Keras passes on all kinds of errors from its zip, HDF5 and JSON readers
            reason = reason_of(error)
            print(f"{path} cannot be read ({reason}): it is trained anew. New scores may not compare with earlier ones.")
        path.parent.mkdir(exist_ok=True)  # before the work: it may not be allowed
        trained = train(records, experiment)
        path.with_suffix(".json").unlink(missing_ok=True)  # if we are killed in between, no old note describes a new model
        with files.whole(path) as partial:
            trained.model.save(partial)
        files.write_whole(path.with_suffix(".json"), json.dumps({**wanted, "accuracy": trained.accuracy}, indent=2) + "\n")
        return trained


def learned(total: int) -> int:
    """How many of a partition's records the classifier learns from: the first ones, half of them at most. The others are left for
    the scores, because pictures that a network has learned look clearer to it than any others."""
    return min(max(total // 2, 2), total, _RECORDS)


def model_path(records: Records, experiment: Experiment) -> Path:
    """Where the records' classifier lies; its note beside it ends in .json."""
    name, root = records.folder.parent.name, records.folder.parents[1]
    fit = "" if experiment.fit == "squash" else f"-{experiment.fit}"
    return root / "classifiers" / f"{name}-{experiment.image_size}{fit}.keras"


def train(records: Records, experiment: Experiment, seed: int = 0) -> Classifier:
    """Train a classifier on the experiment's partition, and measure it on test or val.

    If the records have no such partition, it is measured on the records that it has not learned from. On one machine, with as
    many cores, each call with the same records and seed gives the same classifier. Raises UserError for a damaged shard.
    """
    total = records.count(experiment.partition)
    count = learned(total)
    checked = max(count // 10, 1)
    print(f"Training a classifier for {records.folder} on {count - checked:,} pictures, once: some minutes.", flush=True)
    keras.utils.set_random_seed(seed)
    pairs = _pairs(records, experiment)
    picture, target = (spec.shape for spec in pairs.element_spec)
    buffer = max(_SHUFFLED_BYTES // (4 * picture.num_elements()), 1)
    trained = Classifier(build(tuple(picture), target[0]), names(records), {})
    other = held_out(records, experiment)
    try:
        taught = pairs.skip(checked).take(count - checked).shuffle(buffer, seed=seed).repeat().batch(_BATCH)
        _fit(trained.model, taught.prefetch(1), pairs.take(checked).batch(_SEEN))
        left = pairs.skip(count) if count < total else pairs
        measured = (_pairs(records, other) if other else left).take(_MEASURED)
        found, true = zip(*((trained.logits(images) > 0, targets > 0) for images, targets in measured.batch(_SEEN)), strict=True)
    except (tf.errors.UnknownError, tf.errors.InvalidArgumentError):  # tf.data hides the reader's error: reading again raises it
        for one in (experiment, other) if other else (experiment,):
            for _ in pipeline.in_order(records, one):
                pass
        raise
    accuracy = balanced_accuracy(np.concatenate(found), np.concatenate(true), trained.names)
    return dataclasses.replace(trained, accuracy=accuracy)


def _fit(model: keras.Model, learned: tf.data.Dataset, checked: tf.data.Dataset) -> None:
    """Train the model for STEPS steps at most, with a learning rate that falls to 0 (Loshchilov and Hutter 2017). The weights
    with the smallest loss on `checked` are kept."""
    rate = keras.optimizers.schedules.CosineDecay(_RATE, STEPS)
    model.compile(keras.optimizers.Adam(rate), keras.losses.BinaryCrossentropy(from_logits=True))
    with progress.bar(total=STEPS, unit=" steps", leave=False) as bar:
        model.fit(
            learned,
            validation_data=checked,
            epochs=min(_ROUNDS, STEPS),
            steps_per_epoch=max(STEPS // _ROUNDS, 1),
            shuffle=False,  # the dataset is shuffled already
            verbose=0,
            callbacks=[
                keras.callbacks.EarlyStopping(patience=_PATIENCE, restore_best_weights=True),
                keras.callbacks.LambdaCallback(on_train_batch_end=lambda *_, **__: bar.update()),
            ],
        )


def held_out(records: Records, experiment: Experiment) -> Experiment | None:
    """The experiment with a partition that its run did not train on, or None if the records have none."""
    for partition in ("test", "val", "train"):
        if partition in records.counts and experiment.partition not in (partition, "all"):
            return experiment.change(partition=partition)
    return None


def _pairs(records: Records, experiment: Experiment) -> tf.data.Dataset:
    """The partition's records, streamed in their stored order: (picture [H, W, C] in [-1, 1], targets [names] of 0 and 1).

    Conversion has shuffled them, so the first ones are a fair sample.
    """

    def blocks() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for known in pipeline.in_order(records, experiment):
            is_of = known["label"][:, None] == np.arange(len(records.class_names))
            yield known["image"], known.get("attributes", is_of).astype(np.float32)

    picture = (None, experiment.image_size, experiment.image_size, experiment.channels)
    signature = (tf.TensorSpec(picture, tf.float32), tf.TensorSpec((None, len(names(records))), tf.float32))
    dataset = tf.data.Dataset.from_generator(blocks, output_signature=signature).unbatch()
    return dataset.apply(tf.data.experimental.assert_cardinality(records.count(experiment.partition)))


def build(shape: tuple[int, int, int], outputs: int) -> keras.Model:
    """A convnet for pictures [H, W, C]. It is trained with noise and shifts, as a GAN's pictures differ from the records'."""
    model = keras.Sequential([keras.Input(shape), layers.GaussianNoise(0.1), layers.RandomTranslation(0.05, 0.05, "nearest")])
    size, filters = shape[0], 32
    while size > 4:
        model.add(layers.Conv2D(filters, 3, 2, "same", use_bias=False))
        model.add(layers.BatchNormalization())
        model.add(layers.ReLU())
        size, filters = math.ceil(size / 2), min(2 * filters, 128)
    for layer in (layers.Flatten(), layers.Dropout(0.3), layers.Dense(128, "relu", name="features"), layers.Dense(outputs)):
        model.add(layer)
    return model


def balanced_accuracy(found: np.ndarray, true: np.ndarray, names: tuple[str, ...]) -> dict[str, float]:
    """Balanced accuracy by name; a name that all or none of the rows have is left out.

    found, true: [N, names] bool.
    """
    return {
        name: float(balanced_accuracy_score(true[:, column], found[:, column]))
        for column, name in enumerate(names)
        if true[:, column].any() and not true[:, column].all()
    }
