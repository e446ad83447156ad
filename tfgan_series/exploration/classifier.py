"""A small classifier of the records' pictures, trained once and kept beside them.

CLASSIFIER-<image size>.keras has one logit for each attribute, or where records have none for each class; the .json beside it
says how far each can be trusted.
"""

import dataclasses
import functools
import json
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers

from tfgan_series import files
from tfgan_series.data import pipeline
from tfgan_series.errors import UserError
from tfgan_series.inference import in_batches

TRUSTED = 0.7  # balanced accuracy; 0.5 is guessing
_RECORDS = 20_000  # that it is trained on at most
_MEASURED = 5_000  # that it is measured on at most
_BYTES = 2**30  # that pictures read at once may take
_EPOCHS = 30
_BATCH = 64
_SEEN = 256  # pictures at a time once it is trained


@dataclass(frozen=True)
class Classifier:
    """model: [B, H, W, C] in [-1, 1] -> [B, len(names)] logits. accuracy: {name: balanced accuracy}, the mean of the shares
    recognised of the pictures that have it and of those that have not, on pictures that it was not trained on; 0.5 is
    guessing, and a name that none or all of them have is left out."""

    model: keras.Model
    names: tuple[str, ...]
    accuracy: dict[str, float]

    def logits(self, images):
        """[N, H, W, C] in [-1, 1] -> [N, len(names)]."""
        return in_batches(self.model, images, _SEEN)

    def features(self, images):
        """What the last layer sees of the images: [N, H, W, C] in [-1, 1] -> [N, number of features]."""
        return in_batches(self._to_features, images, _SEEN)

    @functools.cached_property
    def _to_features(self):
        return keras.Model(self.model.inputs[0], self.model.get_layer("features").output)


def names(records):
    """What a classifier of these records can tell apart: attributes, else classes (one alone is none), else nothing."""
    return records.attribute_names or (records.class_names if len(records.class_names) > 1 else ())


def find_or_train(records, experiment):
    """The classifier of the records at the experiment's image size; trained now where there is none yet.

    Raises UserError where the records have neither attributes nor several classes.
    """
    if not names(records):
        raise UserError(f"{records.folder} has neither attributes nor several classes to train a classifier on")
    path = records.folder / f"classifier-{experiment.image_size}.keras"
    wanted = {"names": list(names(records)), "partition": experiment.partition, "fit": experiment.fit}
    try:
        note = json.loads(path.with_suffix(".json").read_text())
        if {name: note[name] for name in wanted} == wanted:
            return Classifier(keras.models.load_model(path, compile=False), tuple(note["names"]), note["accuracy"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # none yet, or half of one: it is made again
    trained = train(records, experiment)
    with files.whole(path) as partial:
        trained.model.save(partial)
    files.write_whole(path.with_suffix(".json"), json.dumps({**wanted, "accuracy": trained.accuracy}, indent=2) + "\n")
    return trained


def train(records, experiment):
    """Train a classifier on the experiment's partition and measure it on test or val, or on the tenth it was stopped by."""
    images, targets = read(records, experiment, _RECORDS)
    kept = len(images) - max(len(images) // 10, 1)
    print(f"Training a classifier for {records.folder} on {kept:,} pictures.", flush=True)
    keras.utils.set_random_seed(0)
    model = build(images.shape[1:], targets.shape[1])
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    model.fit(
        images[:kept], targets[:kept], validation_data=(images[kept:], targets[kept:]), batch_size=_BATCH, epochs=_EPOCHS,
        verbose=0, callbacks=[keras.callbacks.EarlyStopping(patience=4, restore_best_weights=True)],
    )  # fmt: skip
    other = held_out(records, experiment)
    images, targets = read(records, other, _MEASURED) if other else (images[kept:], targets[kept:])
    trained = Classifier(model, tuple(names(records)), {})
    accuracy = balanced_accuracy(trained.logits(images) > 0, targets > 0)
    return dataclasses.replace(
        trained, accuracy={name: float(share) for name, share in zip(trained.names, accuracy, strict=True) if share == share}
    )


def held_out(records, experiment):
    """The experiment with a partition that its run never saw, or None where the records have none."""
    for partition in ("test", "val"):
        if partition in records.counts and experiment.partition not in (partition, "all"):
            return dataclasses.replace(experiment, partition=partition)
    return None


def read(records, experiment, limit):
    """The partition's first records (they are in no order), `limit` or fewer, as memory allows: images [N, H, W, C] in [-1, 1],
    targets [N, names] of 0 and 1."""
    limit = min(limit, _BYTES // (4 * experiment.image_size**2 * experiment.channels))
    images, targets, count = [], [], 0
    for block, labels, attributes in pipeline.in_order(records, experiment):
        images.append(block)
        targets.append(attributes if records.attribute_names else labels[:, None] == np.arange(len(records.class_names)))
        count += len(block)
        if count >= limit:
            break
    return np.concatenate(images)[:limit], np.concatenate(targets)[:limit].astype(np.float32)


def build(shape, outputs):
    """A convnet of pictures [H, W, C]. Noise and shifts in training: a GAN's pictures are not quite like the records'."""
    model = keras.Sequential([keras.Input(shape), layers.GaussianNoise(0.1), layers.RandomTranslation(0.05, 0.05, "nearest")])
    size, filters = shape[0], 32
    while size > 4:
        model.add(layers.Conv2D(filters, 3, 2, "same", use_bias=False))
        model.add(layers.BatchNormalization())
        model.add(layers.ReLU())
        size, filters = -(-size // 2), min(2 * filters, 128)
    for layer in (layers.Flatten(), layers.Dropout(0.3), layers.Dense(128, "relu", name="features"), layers.Dense(outputs)):
        model.add(layer)
    return model


def balanced_accuracy(found, true):
    """Per column, the mean of the shares recognised of the true and of the false rows; nan where one kind is absent.

    found, true: [N, names] bool.
    """
    with np.errstate(invalid="ignore"):
        sensitivity = (found & true).sum(axis=0) / true.sum(axis=0)
        specificity = (~found & ~true).sum(axis=0) / (~true).sum(axis=0)
    return (sensitivity + specificity) / 2
