"""The fields of a record, and how each of them is stored. Conversion writes records by this schema; the pipeline reads by it.

    image        raw uint8 pixels [S, S, C]; in the store "source" the bytes of a JPEG or PNG file of any size
    label        index into the class names, -1 for none
    filename     the picture's name in its source
    bbox, landmarks, identity, attributes        those that the source knows

The fields are TFDS features. They lie in the record folder as features.json, so TFDS reads the records by the same schema.
"""

import functools
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from tfgan_series.data.wire import Fields


@dataclass(frozen=True)
class Schema:
    """The fields of a record folder's records, as TFDS features."""

    features: tfds.features.FeaturesDict

    def parse(self, batch: tf.Tensor, names: Iterable[str]) -> dict[str, tf.Tensor]:
        """The named fields of serialized records [B], the whole batch in one call.

        image is [B, S, S, C] uint8 if the records hold pixels, else the files' bytes [B] as strings. filename is [B] strings.
        All other fields are int64.
        """
        kinds = {name: (tf.string, ()) if self.fields[name] is None else (tf.int64, self.fields[name]) for name in names}
        parsed = tf.io.parse_example(batch, {name: tf.io.FixedLenFeature(shape, kind) for name, (kind, shape) in kinds.items()})
        image = self.features["image"]
        if "image" in parsed and isinstance(image, tfds.features.Tensor):
            pixels = tf.io.decode_raw(parsed["image"], tf.uint8)
            parsed["image"] = tf.reshape(pixels, [-1, *image.shape])
        return parsed

    @functools.cached_property
    def fields(self) -> Fields:
        """What a record holds under each name, for wire.serialize."""
        stored = self.features.get_serialized_info()
        return {name: None if info.tf_dtype == tf.string else tuple(info.shape) for name, info in stored.items()}


def decode(encoded: tf.Tensor, channels: int) -> tf.Tensor:
    """The bytes of an original [] -> its pixels [H, W, channels] uint8. Training decodes originals with this, so conversion tries
    it on each. Raises tf.errors.InvalidArgumentError for a damaged file."""
    return tf.io.decode_image(encoded, channels=channels, expand_animations=False)


def make_schema(
    settings: Mapping[str, Any], known: Collection[str], class_names: Sequence[str], attribute_names: Sequence[str]
) -> Schema:
    """The schema of a record folder.

    settings: from records.conversion_settings. known: those of bbox, landmarks, identity and attributes that exist.
    """
    if settings["store"] == "pixels":
        shape = (settings["image_size"], settings["image_size"], settings["channels"])
        image = tfds.features.Tensor(shape=shape, dtype=np.uint8, encoding=tfds.features.Encoding.BYTES)
    else:
        image = tfds.features.Image(shape=(None, None, settings["channels"]))
    names = tfds.features.Documentation(desc=" ".join(attribute_names))
    optional = {
        "bbox": tfds.features.Tensor(shape=(4,), dtype=np.int32),
        "landmarks": tfds.features.Tensor(shape=(10,), dtype=np.int32),
        "identity": tfds.features.Scalar(dtype=np.int32),
        "attributes": tfds.features.Tensor(shape=(len(attribute_names),), dtype=np.uint8, doc=names),
    }
    always = {"image": image, "label": tfds.features.ClassLabel(names=class_names), "filename": tfds.features.Text()}
    return Schema(tfds.features.FeaturesDict(always | {name: optional[name] for name in optional if name in known}))
