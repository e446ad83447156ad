"""Converts any source into a record folder, on all cores. The folder appears complete or not at all.

Shards are written into FOLDER.partial. Each finished shard gets a line in progress.txt. After the last shard come
samples.png, rejected.csv and the metadata, and then the folder is renamed to FOLDER. So an interrupted conversion goes on with
the next shard, and a folder of this name is complete. The same source gives the same bytes.
"""

import contextlib
import functools
import hashlib
import itertools
import json
import math
import shutil
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from tfgan_series import files, naming, pictures, progress
from tfgan_series.data import preprocess, ray_cluster, records, sharding
from tfgan_series.data.datasets import DATASETS
from tfgan_series.data.datasets.source import Example, Request, Source
from tfgan_series.data.schema import Schema, decode, make_schema
from tfgan_series.data.serialization import record_bytes
from tfgan_series.data.sharding import Shard
from tfgan_series.errors import UserError, printable

_PROGRESS = "progress.txt"
_SHARD_BYTES = 256 * 2**20
_MIN_SHARDS = 8
_SAMPLES = 64  # pictures in samples.png
_TOLD = 20  # classes whose names are printed
_SAMPLE_SIZE = 128  # their width and height if the records have many sizes


@dataclass(frozen=True)
class Plan:
    """The records to write: their settings (records.conversion_settings), their schema and their shards."""

    settings: dict[str, Any]
    schema: Schema
    shards: list[Shard]


def convert(
    experiment: records.PictureSettings,
    *,
    dataset_path: str | Path | None = None,
    tfrecord_path: str | Path = "tfrecords",
    store: str | None = None,
    overwrite: bool = False,
    cluster: str | None = None,
) -> records.Records:
    """Write the experiment's records, for every partition that its source has.

    store: "pixels" (cropped, resized, raw) or "source" (encoded originals, with their boxes); None: the first of
    experiment.stores. A finished folder is left as it is unless overwrite is given. An interrupted one is completed.
    Pictures that cannot be used are listed in rejected.csv. cluster: HOST:PORT of a Ray cluster's head, or "auto" for a cluster
    that is started on this machine; None: without Ray. Raises UserError if the source is missing or cannot be parsed, if no
    picture can be used, if another process makes the same records, and as ray_cluster.py does.
    """
    store = store or experiment.stores[0]
    if store not in experiment.stores:
        raise UserError(f"--store={store}: {experiment.image_type} is always kept as {experiment.stores[0]}; leave the flag out")
    if cluster is not None:
        ray_cluster.check_address(cluster)
    if dataset_path:
        naming.check_local(dataset_path, "--DatasetPath")
    settings = records.conversion_settings(experiment, store, dataset_path)
    folder = records.records_folder(tfrecord_path, experiment, store)
    request = Request(
        experiment.image_type,
        Path(dataset_path) if dataset_path else None,
        Path(tfrecord_path) / "downloads",
        experiment.bbox,
    )
    with files.claimed(folder):
        if folder.exists() and not overwrite:
            found = records.open_records(folder)
            records.check_settings(found, settings)
            print(f"{folder} is finished ({found}): nothing to do. --overwrite makes it again.")
            return found
        return _convert_into(folder, request, settings, len(experiment.sides), overwrite, cluster)


def _convert_into(
    folder: Path, request: Request, settings: dict[str, Any], sides: int, overwrite: bool, cluster: str | None
) -> records.Records:
    """Write the folder's records. sides: the number of sets of pictures that are trained on together, for samples.png."""
    source = DATASETS[request.image_type].find(request)
    count = sum(map(len, source.partitions.values()))
    if not count:
        raise UserError(f"{request.image_type}: no picture in {request.path or 'what was fetched'}")
    if cluster is not None:
        ray_cluster.check_pictures(cluster, itertools.chain(*source.partitions.values()))
    print(f"Converting {count:,} pictures into {folder}.")
    known = {name for examples in source.partitions.values() for one in examples for name in one.known}
    plan = Plan(settings, make_schema(settings, known, source.class_names, source.attribute_names), _shards(source, settings))

    partial = folder.with_name(folder.name + ".partial")
    done = _begin(partial, plan, overwrite)
    _write_shards(partial, plan, done, cluster)
    rejected = sorted(row for shard in plan.shards for row in done[shard.file]["rejected"])
    oblong = sum(done[shard.file]["oblong"] for shard in plan.shards)
    if not any(done[shard.file]["records"] for shard in plan.shards):
        shutil.rmtree(partial)
        raise UserError(f"none of the {len(rejected):,} pictures can be used; the first: {rejected[0][0]}: {rejected[0][1]}")
    _write_samples(partial, plan, done, sides)
    files.write_rows(partial / records.REJECTED, [("file", "reason"), *rejected])
    _write_metadata(partial, plan, done)
    _give_name(partial, folder)

    found = records.open_records(folder)
    print(f"{folder}: {found}. samples.png in it shows what will be trained on.")
    if 1 < len(source.class_names) <= _TOLD:
        print(f"Classes: {', '.join(source.class_names)}.")
    if empty := _empty_classes(source, {name for name, _ in rejected}):
        print(printable(f"Note: these classes have no usable picture, and are kept: {', '.join(empty)}."))
    if rejected:
        kinds = Counter(reason.partition(":")[0] for _, reason in rejected).most_common()
        told = ", ".join(f"{kind} {number:,}" for kind, number in kinds)
        print(printable(f"Pictures that could not be used: {len(rejected):,} ({told}); {folder / records.REJECTED} names them."))
    if oblong and settings.get("fit") != "crop":
        stored = settings["store"] == "pixels"
        print(
            f"Note: {oblong:,} pictures are not square, and {'are' if stored else 'training will have them'} squashed. To cut "
            f"out the middle instead, give --fit=crop{', here (with --overwrite) and' if stored else ''} when you train."
        )
    for note in source.notes:
        print(printable(f"Note: {note}."))
    return found


def _empty_classes(source: Source, rejected: Collection[str]) -> list[str]:
    """The classes whose pictures were all rejected. A conditional model could be asked for one, and never learns it."""
    used = {one.label for part in source.partitions.values() for one in part if one.filename not in rejected}
    return [name for label, name in enumerate(source.class_names) if label not in used]


def _shards(source: Source, settings: Mapping[str, Any]) -> list[Shard]:
    """The shards of all partitions. The pictures are shuffled once here, so a shard is a fair sample for any order of files."""
    shards = []
    for partition, examples in source.partitions.items():
        if not examples:
            continue
        number = shard_number(len(examples), sum(record_bytes(one, settings) for one in examples))
        order = np.random.default_rng(len(examples)).permutation(len(examples))
        for index, part in enumerate(np.array_split(order, number)):
            file = f"{settings['image_type']}-{partition}.tfrecord-{index:05d}-of-{number:05d}"
            shards.append(Shard(file, partition, [examples[one] for one in part]))
    return shards


def shard_number(count: int, size: int) -> int:
    """Shards for `count` records with `size` bytes in all: 8, or fewer if there are fewer records, or more if a
    shard would be larger than 256 MiB."""
    return max(math.ceil(size / _SHARD_BYTES), min(_MIN_SHARDS, count))


def _begin(partial: Path, plan: Plan, overwrite: bool) -> dict[str, dict[str, Any]]:
    """Make or reopen the folder to write in. Returns the finished shards: {shard file: its entry}."""
    wanted = plan.settings | {
        "shards": {shard.file: len(shard.examples) for shard in plan.shards},
        "examples": _digest(example for shard in plan.shards for example in shard.examples),
        "fields": plan.schema.features.to_json(),
        "overwrite": overwrite,
    }
    text = json.dumps(wanted, sort_keys=True)  # TFDS gives the fields in another order in each process
    plan_file = partial / "plan.json"
    try:
        if plan_file.is_file() and plan_file.read_bytes() == text.encode():
            done = _read_progress(partial)
            print(f"Going on: {len(done)} of {len(plan.shards)} shards are in {partial}.")
            return done
        if partial.exists():
            shutil.rmtree(partial)
        partial.mkdir(parents=True)
        files.write_whole(plan_file, text)
    except OSError as error:
        raise UserError(f"{partial} cannot be written ({error.strerror}): give another --TFRecordPath") from error
    return {}


def _digest(examples: Iterable[Example]) -> str:
    """A digest of all that is known of the examples before they are opened. Of a file these are its size and time."""
    digest = hashlib.sha256()
    for one in examples:
        content = _size_and_time(one.image) if isinstance(one.image, str) else one.image
        known = [(name, np.asarray(value).tobytes()) for name, value in one.known.items()]
        digest.update(repr((one.filename, one.label, one.problem, known)).encode())
        digest.update(content if isinstance(content, bytes) else content.tobytes())
    return digest.hexdigest()


def _size_and_time(file: str) -> bytes:
    try:
        return repr(files.stamp(file)).encode()
    except OSError:  # it has gone: it will be rejected
        return b""


def _read_progress(partial: Path) -> dict[str, dict[str, Any]]:
    """{shard file: its entry}. Lines that a kill cut short or that are damaged are dropped, from the file too. Their shards are
    written again."""
    done, progress = {}, partial / _PROGRESS
    for line in progress.read_bytes().split(b"\n") if progress.is_file() else ():
        checksum, _, text = line.partition(b" ")
        if checksum == _checksum(text):
            entry = json.loads(text)
            done[entry["file"]] = entry
    files.write_whole(progress, "".join(map(_line, done.values())))
    return done


def _line(entry: Mapping[str, Any]) -> str:
    """The line of a finished shard in progress.txt: a checksum, and the entry as JSON."""
    text = json.dumps(entry)
    return f"{_checksum(text.encode()).decode()} {text}\n"


def _checksum(text: bytes) -> bytes:
    return b"%08x" % zlib.crc32(text)


def _write_shards(partial: Path, plan: Plan, done: dict[str, dict[str, Any]], cluster: str | None) -> None:
    """Write the shards that are not in `done`, and note each there and in progress.txt."""
    left = [shard for shard in plan.shards if shard.file not in done]
    if left:
        write = functools.partial(ray_cluster.write_shards, cluster) if cluster is not None else sharding.write_shards
        with (
            progress.bar(total=sum(len(shard.examples) for shard in left), unit=" images") as bar,
            contextlib.closing(write(partial, left, plan.settings, plan.schema.fields, bar.update)) as written,
            open(partial / _PROGRESS, "a", encoding="utf-8") as finished,
        ):
            for unfinished, entry in written:
                files.rename(unfinished, partial / entry["file"])  # on the disk before its line is in progress.txt
                finished.write(_line(entry))
                finished.flush()
                done[entry["file"]] = entry
    for unfinished in partial.glob(f"*{sharding.UNFINISHED}"):  # of processes that were killed
        unfinished.unlink()


def _write_samples(partial: Path, plan: Plan, done: Mapping[str, Any], sides: int) -> None:
    """Draw samples.png: the first records as a grid, so that people see what they will train on. sides: partitions to show."""
    settings = plan.settings
    images: list[np.ndarray] = []
    shown = list(dict.fromkeys(shard.partition for shard in plan.shards if done[shard.file]["records"]))[:sides]
    for partition in shown:
        shards = [str(partial / shard.file) for shard in plan.shards if shard.partition == partition]
        first = next(iter(tf.data.TFRecordDataset(shards).batch(_SAMPLES // len(shown))))
        known = plan.schema.parse(first, ["image", "bbox"] if settings["bbox"] else ["image"])
        stored = known["image"].numpy()
        if settings["store"] == "pixels":
            images += list(stored)
            continue
        boxes = known["bbox"].numpy() if settings["bbox"] else [None] * len(stored)
        for image, box in zip(stored, boxes, strict=True):
            pixels = decode(image, settings["channels"]).numpy()
            images.append(preprocess.prepare(pixels, image_size=_SAMPLE_SIZE, channels=settings["channels"], bbox=box).pixels)
    pictures.grid(np.stack(images), columns=8).save(partial / "samples.png")


def _write_metadata(partial: Path, plan: Plan, done: Mapping[str, Any]) -> None:
    """Write the other files of a record folder: conversion.json, and the files that TFDS looks for."""
    shards = "".join(f"{shard.file} {done[shard.file]['digest']}\n" for shard in plan.shards)
    conversion = plan.settings | {"identity": hashlib.sha256(shards.encode()).hexdigest()}
    (partial / records.CONVERSION).write_text(json.dumps(conversion, indent=2) + "\n", encoding="utf-8")
    template = tfds.core.ShardedFileTemplate(
        data_dir=partial,
        dataset_name=plan.settings["image_type"],
        filetype_suffix="tfrecord",
        template="{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}",
    )
    splits = []
    for partition in dict.fromkeys(shard.partition for shard in plan.shards):
        entries = [done[shard.file] for shard in plan.shards if shard.partition == partition]
        lengths = [entry["records"] for entry in entries]
        if not sum(lengths):  # all rejected: there is no split, so TFDS must not find its files
            for entry in entries:
                (partial / entry["file"]).unlink(missing_ok=True)
        else:
            size = sum(entry["bytes"] for entry in entries)
            splits.append(tfds.core.SplitInfo(partition, lengths, size, filename_template=template.replace(split=partition)))
    tfds.folder_dataset.write_metadata(
        data_dir=partial,
        features=plan.schema.features,
        split_infos=splits,
        filename_template=template.template,
        check_data=False,  # it would read a record, and remark on it in a notebook; samples.png has read some already
    )


def _give_name(partial: Path, folder: Path) -> None:
    """Rename the finished folder."""
    files.replace_folder(partial, folder)
    # Only after the renaming: if a conversion is killed before, the next one needs these files to go on.
    for name in ("plan.json", _PROGRESS):
        (folder / name).unlink()
