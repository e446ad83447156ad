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


@dataclass(frozen=True)
class Schema:
    """The fields of a record folder's records, as TFDS features."""

    features: tfds.features.FeaturesDict

    def serialize(self, values: Mapping[str, Any]) -> bytes:
        """The bytes of one record. The same values give the same bytes in every process, unlike TFDS's serialize_example.

        values: bytes for image and filename, whole numbers for all other fields. Raises KeyError for a field without a
        value, ValueError for a value of another shape than its field.
        """
        stored = {}
        for name, field in self._fields.items():
            value = values[name]
            if field.dtype == tf.string:
                stored[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
                continue
            if np.shape(value) != tuple(field.shape):
                raise ValueError(f"{name}: shape {np.shape(value)}; wanted {tuple(field.shape)}")
            stored[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=np.ravel(value)))
        return tf.train.Example(features=tf.train.Features(feature=stored)).SerializeToString(deterministic=True)

    def parse(self, batch: tf.Tensor, names: Iterable[str]) -> dict[str, tf.Tensor]:
        """The named fields of serialized records [B], the whole batch in one call.

        image is [B, S, S, C] uint8 if the records hold pixels, else the files' bytes [B] as strings. filename is [B] strings.
        All other fields are int64.
        """
        parsed = tf.io.parse_example(batch, {name: self._fields[name] for name in names})
        image = self.features["image"]
        if "image" in parsed and isinstance(image, tfds.features.Tensor):
            pixels = tf.io.decode_raw(parsed["image"], tf.uint8)
            parsed["image"] = tf.reshape(pixels, [-1, *image.shape])
        return parsed

    @functools.cached_property
    def _fields(self) -> dict[str, tf.io.FixedLenFeature]:
        """How a record holds each field: as a string of bytes or as int64."""
        stored = self.features.get_serialized_info()
        kinds = {name: tf.string if info.tf_dtype == tf.string else tf.int64 for name, info in stored.items()}
        return {name: tf.io.FixedLenFeature(info.shape, kinds[name]) for name, info in stored.items()}


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
