"""The record folder: a standard TFDS folder of TFRecord shards. This file finds it, reads what it holds, and checks its shards.

    tfrecords/<ImageType>/<image_size>/    pictures ready for training, as raw uint8 pixels
    tfrecords/<ImageType>/source/          encoded originals, to resize later

conversion.py writes such folders, and pipeline.py streams them. Any TFDS user can read them with
tfds.builder_from_directory.
"""

import contextlib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tfgan_series import files, invocation, naming
from tfgan_series.errors import UserError, reason_of

if TYPE_CHECKING:  # it imports TensorFlow, which takes long: who only looks for a folder need not wait
    from tfgan_series.data.schema import Schema

PARTITIONS = ("train", "val", "test")
REJECTED = "rejected.csv"  # the pictures that could not be used
CONVERSION = "conversion.json"  # the settings that made the folder, and its identity
_FRAME_BYTES = 16  # TFRecord's length and two checksums around each record


class PictureSettings(Protocol):
    """The settings of an Experiment that say which pictures it has, how they are prepared, and where their records lie."""

    @property
    def image_type(self) -> str: ...
    @property
    def bbox(self) -> bool: ...
    @property
    def image_size(self) -> int: ...
    @property
    def channels(self) -> int: ...
    @property
    def fit(self) -> str: ...
    @property
    def sides(self) -> Sequence[str]: ...
    @property
    def stores(self) -> Sequence[str]: ...
    @property
    def records_type(self) -> str: ...
    @property
    def records_name(self) -> str: ...


class PartitionSettings(PictureSettings, Protocol):
    """The settings of an Experiment about its pictures, and the partition of them that it uses."""

    @property
    def partition(self) -> str: ...


@dataclass(frozen=True)
class Records:
    """A finished record folder.

    settings: those that it was made with (conversion_settings). identity: a digest of all records in their order; it differs if
    the content differs. counts: {partition: records}. sizes: {partition: bytes of its records}. files: {partition: shard paths}.
    schema: the records' fields. stamps: {file: its files.stamp when the folder was opened}. class_names: by label.
    attribute_names: by place in a record's attributes; () if the records have none.
    """

    folder: Path
    settings: dict[str, Any] = field(hash=False)
    identity: str
    counts: dict[str, int] = field(hash=False)
    sizes: dict[str, int] = field(hash=False)
    files: dict[str, list[Path]] = field(hash=False)
    schema: "Schema" = field(compare=False)
    stamps: Mapping[Path, tuple[int, int]] = field(compare=False, repr=False)
    class_names: tuple[str, ...]
    attribute_names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " + ".join(f"{count:,} {name}" for name, count in self.counts.items()) + " records"

    def partitions(self, partition: str, side: str = "") -> list[str]:
        """The names of the partitions that `partition` means; "all" means all that exist. side: "A" or "B" if there are two sets
        of pictures; train of side A is trainA. Raises UserError for an absent partition."""
        present = [name for name in PARTITIONS if name + side in self.counts]
        if partition != "all" and partition not in present:
            raise UserError(f"--Partition={partition}: {self.folder} has {', '.join(present)}, all")
        return [name + side for name in (present if partition == "all" else [partition])]

    def count(self, partition: str, side: str = "") -> int:
        """The number of records in a partition. Raises UserError for an absent one."""
        return sum(self.counts[name] for name in self.partitions(partition, side))

    def size(self, partition: str, side: str = "") -> int:
        """The bytes of a partition's records, without TFRecord's frames. Raises UserError for an absent one."""
        return sum(self.sizes[name] for name in self.partitions(partition, side))

    def count_of(self, experiment: PartitionSettings) -> int:
        """The number of records that an experiment trains on, all sides together. Raises UserError for an absent partition."""
        return sum(self.count(experiment.partition, side) for side in experiment.sides)

    def shards(self, partition: str, side: str = "") -> list[Path]:
        """The partition's shard files. Raises UserError for an absent one."""
        return [file for name in self.partitions(partition, side) for file in self.files[name]]


def conversion_settings(experiment: PictureSettings, store: str, source: str | Path | None = None) -> dict[str, Any]:
    """The settings that decide the content of a record folder, as a dict. source: the path of the source's files, if known."""
    settings: dict[str, Any] = {
        "image_type": experiment.records_type,
        "store": store,
        "bbox": experiment.bbox,
        "channels": experiment.channels,
    }
    if source:
        settings["source"] = str(Path(source).resolve())
    if store == "pixels":
        settings |= {"image_size": experiment.image_size, "fit": experiment.fit}
    return settings


def records_folder(tfrecord_path: str | Path, experiment: PictureSettings, store: str | None = None) -> Path:
    """The folder of an experiment's records. store: how they keep the pictures; None: in the experiment's usual way.

    Raises UserError for a path that TensorFlow cannot open, and for an address of a storage service.
    """
    naming.check_local(tfrecord_path, "--TFRecordPath")
    naming.check_utf8(tfrecord_path, "--TFRecordPath")
    store = store or experiment.stores[0]
    return Path(tfrecord_path) / experiment.records_name / (str(experiment.image_size) if store == "pixels" else "source")


def find_records(tfrecord_path: str | Path, experiment: PictureSettings) -> Records | None:
    """The experiment's records: those at its image size, or else the encoded originals, or else None.

    Raises UserError for a folder that is damaged or was made with other settings, if both folders are there and were made from
    different pictures, and if an ImageType that shares another's records still has a folder of its own, from an earlier version.
    """
    left_over = Path(tfrecord_path) / experiment.image_type
    if experiment.records_type != experiment.image_type and left_over.exists():
        raise UserError(
            f"{left_over} is from an earlier version and has other pictures: remove it; the records of {experiment.image_type} "
            f"are now in {left_over.with_name(experiment.records_type)}"
        )
    folders = {store: records_folder(tfrecord_path, experiment, store) for store in experiment.stores}
    sources = {source: folder for folder in folders.values() if (source := known_of(folder).get("source"))}
    if len(sources) > 1:
        told = " and ".join(f"{folder} (of {source})" for source, folder in sources.items())
        raise UserError(f"there are records of different pictures, {told}: remove the folder that is not meant")
    for store, folder in folders.items():
        if folder.exists():
            records = open_records(folder)
            check_settings(records, conversion_settings(experiment, store))
            return records
    return None


def beside(records: Records, identity: str) -> str:
    """What to say if a folder beside the records has those of this identity: records of pixels are found before originals."""
    for folder in sorted(records.folder.parent.iterdir()):
        if folder != records.folder and known_of(folder).get("identity") == identity:
            return f"{folder} has them: to use these, move {records.folder} away"
    return ""


def check_settings(records: Records, wanted: Mapping[str, Any]) -> None:
    """Raises UserError if the records were made with other settings than those wanted."""
    has = records.settings
    other = [f"{name}={has.get(name)} and not {value}" for name, value in wanted.items() if has.get(name) != value]
    if other:
        same = [f"--{name}={has[name]}, " for name in ("channels", "fit") if name in has and has[name] != wanted.get(name)]
        words = ["--overwrite", f"--ImageType={wanted['image_type']}", "--bbox" if wanted["bbox"] else "--nobbox"]
        words += [f"--{name}={wanted[name]}" for name in ("image_size", "channels", "fit", "store") if name in wanted]
        raise UserError(
            f"{records.folder} was made with {', '.join(other)}: give {''.join(same)}another --TFRecordPath, or make it again "
            f"with {invocation.command('convert')} {' '.join(words)} and the --DatasetPath and --TFRecordPath that you have"
        )


def open_records(folder: str | Path) -> Records:
    """The record folder as Records. Raises UserError if a file is missing or damaged (its name is given), or if an earlier
    version made the folder."""
    import tensorflow_datasets as tfds

    from tfgan_series.data.schema import Schema

    folder = Path(folder)
    try:
        begun = files.stamp(folder / CONVERSION)
        settings = read_conversion(folder)
        info = tfds.builder_from_directory(folder).info
        shards = {name: [Path(file) for file in split.filepaths] for name, split in info.splits.items()}
        class_names = tuple(info.features["label"].names)
        attribute_names = tuple(info.features["attributes"].doc.desc.split()) if "attributes" in info.features else ()
    except Exception as error:  # TFDS passes on all kinds of errors from its JSON, protobuf and file readers
        raise UserError(f"{folder} is no finished record folder ({reason_of(error)}): remove it and convert again") from error
    identity = settings.pop("identity", None)
    if not identity:
        raise UserError(f"{folder} was made by an earlier version: {_again()}")
    for name, split in info.splits.items():
        _check_sizes(shards[name], split.num_bytes + _FRAME_BYTES * split.num_examples)
    opened = Records(
        folder=folder,
        settings=settings,
        identity=identity,
        counts={name: split.num_examples for name, split in info.splits.items()},
        sizes={name: split.num_bytes for name, split in info.splits.items()},
        files=shards,
        schema=Schema(info.features),
        stamps={file: files.stamp(file) for file in [folder / CONVERSION, *itertools.chain(*shards.values())]},
        class_names=class_names,
        attribute_names=attribute_names,
    )
    if opened.stamps[folder / CONVERSION] != begun:
        raise UserError(f"{folder} was made again while it was opened: type {invocation.same_command()}")
    return opened


def read_conversion(folder: Path) -> dict[str, Any]:
    """The settings and the identity of a record folder, without a look at its shards. Raises OSError, ValueError or TypeError if
    they cannot be read."""
    return dict(files.parse_json((folder / CONVERSION).read_text(encoding="utf-8")))


def known_of(folder: Path) -> dict[str, Any]:
    """As read_conversion, but {} if it cannot be read."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        return read_conversion(folder)
    return {}


def check_unchanged(records: Records) -> None:
    """Raises UserError if a file of the records was replaced, changed or removed since the folder was opened."""
    for file, stamp in records.stamps.items():
        if not file.is_file() or files.stamp(file) != stamp:
            raise UserError(
                f"{file} was changed or removed while it was in use: bring the records back as they were, and type "
                f"{invocation.same_command()}"
            )


def _check_sizes(shards: Sequence[Path], wanted: int) -> None:
    """Raises UserError if a shard is missing, or if all shards together do not have the wanted number of bytes."""
    absent = next((file for file in shards if not file.is_file()), None)
    if absent:
        raise UserError(f"{absent} is missing: {_again()}")
    if sum(file.stat().st_size for file in shards) != wanted:
        raise UserError(damage_report(shards))


def damage_report(shards: Sequence[Path]) -> str:
    """One line that names the first shard that is cut short or has a wrong checksum. If there is none, it names the folder."""
    import tensorflow as tf

    for file in shards:
        records = 0
        try:
            for _ in tf.data.TFRecordDataset(str(file)):
                records += 1
        except tf.errors.DataLossError:
            return f"{file}: damaged or cut short after {records:,} records; {_again()}"
    return f"{shards[0].parent}: records were added or lost since it was made; {_again()}"


def _again() -> str:
    return f"make the records again with {invocation.command('convert')} --overwrite and the flags that made them"
