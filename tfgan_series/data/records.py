"""The record folder: a standard TFDS folder of TFRecord shards, what is in it, and whether it is whole.

    tfrecords/<ImageType>/<image_size>/    pictures ready for training, as raw uint8 pixels
    tfrecords/<ImageType>/source/          encoded originals, for those who change size later

conversion.py writes such folders, pipeline.py streams them; any TFDS user reads them with
tfds.builder_from_directory.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfgan_series.errors import UserError

PARTITIONS = ("train", "val", "test")
CONVERSION = "conversion.json"  # the settings that made the folder
_FRAME_BYTES = 16  # TFRecord's length and two checksums around each record


@dataclass(frozen=True)
class Records:
    """A finished record folder.

    settings: what made it (conversion_settings). counts: {partition: records}. files: {partition: shard paths}.
    class_names: by label. attribute_names: by place in a record's attributes, none where records have none.
    """

    folder: Path
    settings: dict
    counts: dict[str, int]
    files: dict[str, list[Path]]
    class_names: tuple[str, ...]
    attribute_names: tuple[str, ...] = ()
    identity: str = ""

    def __str__(self):
        return " + ".join(f"{count:,} {name}" for name, count in self.counts.items()) + " records"

    def partitions(self, partition, side=""):
        """The partitions that `partition` means ("all": every one there is), of one side where there are two: train of
        side A is trainA. Raises UserError for an absent one."""
        present = [name for name in PARTITIONS if name + side in self.counts]
        if partition != "all" and partition not in present:
            raise UserError(f"--Partition={partition}: {self.folder} has {', '.join(present)}, all")
        return [name + side for name in (present if partition == "all" else [partition])]

    def count(self, partition, side=""):
        """How many records a partition has. Raises UserError for an absent one."""
        return sum(self.counts[name] for name in self.partitions(partition, side))

    def count_of(self, experiment):
        """How many records an experiment trains on, of all its sides together. Raises UserError for an absent partition."""
        return sum(self.count(experiment.partition, side) for side in experiment.sides)

    def shards(self, partition, side=""):
        """The partition's shard files. Raises UserError for an absent one."""
        return [file for name in self.partitions(partition, side) for file in self.files[name]]


def conversion_settings(experiment, store, source=None):
    """What decides the content of a record folder, as a plain dict. source: the path of the source's files, if known."""
    settings = {
        "image_type": experiment.image_type,
        "store": store,
        "bbox": bool(experiment.bbox),
        "channels": experiment.channels,
    }
    if source:
        settings["source"] = str(Path(source).resolve())
    if store == "pixels":
        settings |= {"image_size": experiment.image_size, "fit": experiment.fit}
    return settings


def records_folder(tfrecord_path, experiment, store="pixels"):
    """Where an experiment's records lie."""
    return Path(tfrecord_path) / experiment.records_name / (str(experiment.image_size) if store == "pixels" else "source")


def features(settings, known, class_names, attribute_names):
    """The TFDS features of a record; known: which of bbox, landmarks, identity and attributes it has."""
    import tensorflow_datasets as tfds

    if settings["store"] == "pixels":
        shape = (settings["image_size"], settings["image_size"], settings["channels"])
        image = tfds.features.Tensor(shape=shape, dtype=np.uint8, encoding=tfds.features.Encoding.BYTES)
    else:
        image = tfds.features.Image(shape=(None, None, settings["channels"]))
    optional = {
        "bbox": lambda: tfds.features.Tensor(shape=(4,), dtype=np.int32),
        "landmarks": lambda: tfds.features.Tensor(shape=(10,), dtype=np.int32),
        "identity": lambda: tfds.features.Scalar(dtype=np.int32),
        "attributes": lambda: tfds.features.Tensor(
            shape=(len(attribute_names),), dtype=np.uint8, doc=tfds.features.Documentation(desc=" ".join(attribute_names))
        ),
    }
    return tfds.features.FeaturesDict(
        {
            "image": image,
            "label": tfds.features.ClassLabel(names=class_names),
            "filename": tfds.features.Text(),
            **{name: optional[name]() for name in optional if name in known},
        }
    )


def find_records(tfrecord_path, experiment):
    """The experiment's records: at its image size or else the encoded originals; None where there are neither.

    Raises UserError for a folder that is damaged or was made with other settings.
    """
    for store in experiment.stores:
        folder = records_folder(tfrecord_path, experiment, store)
        if folder.exists():
            records = open_records(folder)
            check_settings(records, conversion_settings(experiment, store))
            return records
    return None


def check_settings(records, wanted):
    """Raises UserError where the records were made with other settings than those wanted."""
    has = records.settings
    other = [f"{name}={has.get(name)} and not {value}" for name, value in wanted.items() if has.get(name) != value]
    if other:
        raise UserError(
            f"{records.folder} was made with {', '.join(other)}: make it again with make_tfrecord.py --overwrite, "
            "or give another --TFRecordPath"
        )


def open_records(folder):
    """The record folder as Records. Raises UserError where it is not whole (the file is named)."""
    import tensorflow_datasets as tfds

    folder = Path(folder)
    try:
        settings = json.loads((folder / CONVERSION).read_text())
        info = tfds.builder_from_directory(folder).info
    except Exception as error:  # TFDS lets through whatever its JSON, protobuf and file readers raise
        reason = str(error).splitlines()[0]
        raise UserError(f"{folder} is no finished record folder ({reason}): remove it and convert again") from error
    files = {name: [Path(file) for file in split.filepaths] for name, split in info.splits.items()}
    for name, split in info.splits.items():
        absent = next((file for file in files[name] if not file.is_file()), None)
        if absent:
            raise UserError(f"{absent} is missing: convert again with make_tfrecord.py --overwrite")
        size = sum(file.stat().st_size for file in files[name])
        if size != split.num_bytes + _FRAME_BYTES * split.num_examples:
            raise UserError(damage_report(files[name]))
    return Records(
        folder,
        settings,
        {name: split.num_examples for name, split in info.splits.items()},
        files,
        tuple(info.features["label"].names),
        tuple(info.features["attributes"].doc.desc.split()) if "attributes" in info.features else (),
        _identity(file for split in files.values() for file in split),
    )


def _identity(shards):
    """A stub until branch `data` is merged: conversion writes the digest there."""
    digest = hashlib.sha256()
    for file in shards:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:32]


def damage_report(files):
    """One line that names the first shard whose records do not add up to its size or their checksums."""
    import tensorflow as tf

    for file in files:
        records = 0
        try:
            for _ in tf.data.TFRecordDataset(str(file)):
                records += 1
        except tf.errors.DataLossError:
            return f"{file}: damaged or cut short after {records:,} records; convert again with make_tfrecord.py --overwrite"
    return f"{files[0].parent}: records were added or lost since it was made; convert again with make_tfrecord.py --overwrite"


def read_first(files, features, count):
    """The first `count` records of shard files as dicts of NumPy values (the image uint8 [H, W, C]), in their order."""
    import tensorflow as tf

    dataset = tf.data.TFRecordDataset([str(file) for file in files]).take(count)
    return list(dataset.map(features.deserialize_example).as_numpy_iterator())
