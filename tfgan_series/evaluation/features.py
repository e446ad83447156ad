"""Networks that make features of pictures: the scores compare features, not pixels."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from keras import layers

from tfgan_series import classifier, invocation
from tfgan_series.data.conditions import Conditions
from tfgan_series.data.records import Records
from tfgan_series.errors import UserError, reason_of
from tfgan_series.evaluation import scores
from tfgan_series.inference import in_batches, weights_digest
from tfgan_series.series import Experiment

_WIDTHS = (16, 32, 64, 128)  # filters of the random network's layers
_SIZE = 299  # pixels of InceptionV3's input


@dataclass(frozen=True)
class Features:
    """A network that scores look through.

    kind: one of scores.KINDS. digest: differs if the network's weights differ: only scores of one digest may be compared.
    extract: pictures [N, H, W, C] in [-1, 1] -> features [N, D]. probabilities: features -> P(name) [N, names], if the network is
    a classifier. names: the classes or attributes that it knows. classes: whether these are classes.
    """

    kind: str
    digest: str
    extract: Callable[[np.ndarray], np.ndarray]
    probabilities: Callable[[np.ndarray], np.ndarray] | None = None
    names: tuple[str, ...] = ()
    classes: bool = False

    def recognised(self, features: np.ndarray, wanted: Conditions) -> np.ndarray | None:
        """What the classifier takes pictures for: [N, K], 1 for what a picture has, else 0. None if it does not know the names.

        Of classes a picture has the most probable one, of attributes all that are more probable than not.
        """
        if not self.probabilities or not wanted.names or not set(wanted.names) <= set(self.names):
            return None
        share = self.probabilities(features)[:, [self.names.index(name) for name in wanted.names]]
        return (share == share.max(axis=1, keepdims=True) if wanted.exclusive else share > 0.5).astype(np.float32)


def load(kind: str | None, records: Records, experiment: Experiment, weights: Path | str | None = None) -> Features:
    """The features of a kind for the records' pictures. None: classifier if the records have attributes or several classes and it
    recognises one of them, else random.

    classifier: the records' own, which learns from their training pictures, now if there is none yet. weights: a file for
    inception, instead of the weights that Keras downloads. Raises UserError as scores.check_kind, if the records cannot have a
    classifier, and if weights cannot be had.
    """
    scores.check_kind(kind, weights)
    shape = (experiment.image_size, experiment.image_size, experiment.channels)
    if kind == "classifier" or (kind is None and classifier.names(records)):
        judge = classifier.find_or_train(records, experiment)
        if kind or judge.trusted:
            return of_classifier(judge, classes=not records.attribute_names)
        best = max(judge.accuracy.values(), default=0.0)
        # Folders may be albums: what tells them apart says nothing of the pictures.
        names = " from ".join(judge.names[:3]) + (" and so on" if len(judge.names) > 3 else "")
        print(
            f"A classifier can hardly tell {names} (balanced accuracy of one against the others {best:.3f}; wanted "
            f"{classifier.TRUSTED}, and 0.5 is guessing). So the scores look through random features; "
            f"{invocation.command('evaluate')} --features=classifier takes it."
        )
    network = inception(shape, Path(weights) if weights else "imagenet") if kind == "inception" else random_network(shape)
    return Features(kind or "random", weights_digest(network), lambda images: in_batches(network, images, len(images)))


def of_classifier(judge: classifier.Classifier, classes: bool = True) -> Features:
    """The features of a classifier, its last layer's inputs. classes: whether its names are classes (not attributes)."""
    return Features("classifier", weights_digest(judge.model), judge.features, judge.probabilities, judge.names, classes)


def random_network(shape: tuple[int, int, int]) -> keras.Model:
    """A convnet with fixed random weights: pictures [H, W, C] in [-1, 1] -> [480] numbers.

    Four convolutions of stride 2 with ReLU, their weights from N(0, 2 / inputs) with NumPy's seed 0 (He et al. 2015). The
    features are the mean and the standard deviation of each filter's outputs, over all layers. Nothing is trained, so it knows
    no classes: it sees strokes, edges and textures at four scales. Naeem et al. 2020 use random features where no trained
    network fits the pictures.
    """
    draw = np.random.default_rng(0)
    pictures = keras.Input(shape)
    outputs, found = pictures, []
    for width in _WIDTHS:
        outputs = layers.Conv2D(width, 3, 2, "same", activation="relu", use_bias=False)(outputs)
        found += [keras.ops.mean(outputs, axis=(1, 2)), keras.ops.std(outputs, axis=(1, 2))]
    network = keras.Model(pictures, layers.Concatenate()(found))
    shapes = [weight.shape for weight in network.weights]
    network.set_weights([draw.normal(0, np.sqrt(2 / np.prod(one[:-1])), one) for one in shapes])
    return network


def inception(shape: tuple[int, int, int], weights: Path | str | None) -> keras.Model:
    """Keras' InceptionV3 without its last layer: pictures [H, W, C] in [-1, 1] -> [2048] numbers, the mean over all places.

    Pictures are resized to 299 x 299 bilinearly, without antialiasing; grey ones get three equal channels. This is not the
    graph of 2015 that the papers use, so its scores are no paper's. weights: "imagenet" (Keras downloads them), a .keras file
    of the same network, a .h5 file of its weights, or None for random ones. Raises UserError if the weights cannot be had.
    """
    pictures = keras.Input(shape)
    resized = layers.Resizing(_SIZE, _SIZE, interpolation="bilinear")(pictures)
    colour = layers.Concatenate()([resized] * 3) if shape[-1] == 1 else resized
    try:
        if isinstance(weights, Path) and weights.suffix == ".keras":
            network = keras.models.load_model(weights, compile=False)
        else:
            whole = {"include_top": False, "pooling": "avg", "input_shape": (_SIZE, _SIZE, 3)}
            network = keras.applications.InceptionV3(weights=weights and str(weights), **whole)
        return keras.Model(pictures, network(colour))
    except Exception as error:  # Keras passes on all kinds of errors from the network, and from its zip, HDF5 and JSON readers
        reason = reason_of(error)
        if isinstance(weights, Path):
            raise UserError(f"--weights={weights} cannot be read as InceptionV3's weights ({reason})") from error
        raise UserError(
            f"InceptionV3's weights cannot be downloaded ({reason}): give a file of them with --weights, or --features=random"
        ) from error
