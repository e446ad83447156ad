"""Any source -> a record folder, on all cores, whole or not at all.

Shards are written into FOLDER.partial, each noted by a line in progress.jsonl; when all are there come samples.png,
rejected.csv and the metadata, and the folder gets its name. So an interrupted run goes on with the next shard, and a
folder that exists is whole.
"""

import csv
import hashlib
import io
import json
import math
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from tfgan_series import files, pictures
from tfgan_series.data import preprocess, records
from tfgan_series.data.datasets import DATASETS
from tfgan_series.data.datasets.source import Example, Request
from tfgan_series.errors import UserError

_SHARD_BYTES = 256 * 2**20
_MIN_SHARDS = 8
_SAMPLES = 64  # pictures in samples.png
_SAMPLE_SIZE = 128  # their pixels where the records are of many sizes
_BLOCK = 512  # pictures in flight between the workers and the writer


@dataclass(frozen=True)
class Shard:
    """One file to write: its name, its partition and the examples for it."""

    file: str
    partition: str
    examples: list[Example]


def convert(experiment, *, dataset_path=None, tfrecord_path="tfrecords", store=None, overwrite=False):
    """Write the experiment's records, every partition that its source has.

    store: "pixels" (cropped, resized, raw) or "source" (encoded originals, and the box beside); None: the first of
    experiment.stores. A finished folder is left as it is unless overwrite is given, an interrupted one is completed.
    Pictures that cannot be used are listed in rejected.csv. Returns Records. Raises UserError for sources that are
    missing or do not parse, where no picture can be used, and where another process makes the same records.
    """
    store = store or experiment.stores[0]
    if store not in experiment.stores:
        raise UserError(f"--store={store}: {experiment.image_type} is always kept as {experiment.stores[0]}; leave the flag out")
    settings = records.conversion_settings(experiment, store, dataset_path)
    folder = records.records_folder(tfrecord_path, experiment, store)
    with files.claimed(folder):
        return _convert_into(folder, experiment, settings, dataset_path, tfrecord_path, overwrite)


def _convert_into(folder, experiment, settings, dataset_path, tfrecord_path, overwrite):
    if folder.exists() and not overwrite:
        found = records.open_records(folder)
        records.check_settings(found, settings)
        print(f"{folder} is finished ({found}): nothing to do. --overwrite makes it again.")
        return found
    request = Request(
        experiment.image_type,
        Path(dataset_path) if dataset_path else None,
        Path(tfrecord_path) / "downloads",
        bool(experiment.bbox),
    )
    source = DATASETS[experiment.image_type].find(request)
    count = sum(map(len, source.partitions.values()))
    if not count:
        raise UserError(f"{experiment.image_type}: no picture in {dataset_path or 'what was fetched'}")
    print(f"Converting {count:,} pictures into {folder}.")
    known = sorted({name for examples in source.partitions.values() for one in examples for name in one.known})
    features = records.features(settings, known, source.class_names, source.attribute_names)
    shards = _plan(source, settings)

    partial = folder.with_name(folder.name + ".partial")
    done = _begin(partial, settings, shards, overwrite)
    _write_shards(partial, shards, done, settings, features)
    rejected = [row for shard in shards for row in done[shard.file]["rejected"]]
    if not any(done[shard.file]["records"] for shard in shards):
        shutil.rmtree(partial)
        raise UserError(f"none of the {len(rejected):,} pictures can be used; the first: {rejected[0][0]}: {rejected[0][1]}")
    _finish(partial, folder, shards, done, settings, features, rejected, experiment.sides)

    found = records.open_records(folder)
    print(f"{folder}: {found}.")
    if rejected:
        print(f"Pictures that could not be used: {len(rejected):,}; {folder / 'rejected.csv'} tells which and why.")
    for note in source.notes:
        print(f"Note: {note}.")
    return found


def _plan(source, settings):
    """Shards for all partitions. Shuffled once here, so that a shard is a fair sample whatever the files' order."""
    shards = []
    for partition, examples in source.partitions.items():
        if not examples:
            continue
        if settings["store"] == "pixels":
            size = len(examples) * settings["image_size"] ** 2 * settings["channels"]
        else:
            size = sum(_stored_bytes(one.image) for one in examples)
        number = max(math.ceil(size / _SHARD_BYTES), min(_MIN_SHARDS, len(examples)))
        order = np.random.default_rng(len(examples)).permutation(len(examples))
        for index, part in enumerate(np.array_split(order, number)):
            file = f"{settings['image_type']}-{partition}.tfrecord-{index:05d}-of-{number:05d}"
            shards.append(Shard(file, partition, [examples[one] for one in part]))
    return shards


def _stored_bytes(image):
    if isinstance(image, np.ndarray):
        return image.nbytes
    return image.stat().st_size if image.exists() else 0


def _begin(partial, settings, shards, overwrite):
    """Make or reopen the folder to write in. Returns what is done: {shard file: its progress line}."""
    names = "\n".join(example.filename for shard in shards for example in shard.examples)
    plan = settings | {
        "shards": {shard.file: len(shard.examples) for shard in shards},
        "examples": hashlib.sha256(names.encode()).hexdigest(),
        "overwrite": overwrite,
    }
    plan_file = partial / "plan.json"
    try:
        if plan_file.is_file() and json.loads(plan_file.read_text()) == plan:
            done = _read_progress(partial)
            print(f"Going on: {len(done)} of {len(shards)} shards are in {partial}.")
            return done
        if partial.exists():
            shutil.rmtree(partial)
        partial.mkdir(parents=True)
        files.write_whole(plan_file, json.dumps(plan))
    except OSError as error:
        raise UserError(f"{partial} cannot be written ({error.strerror}): give another --TFRecordPath") from error
    return {}


def _read_progress(partial):
    """{shard file: its progress line}; a line cut short by a kill is dropped from the file too."""
    done, progress = {}, partial / "progress.jsonl"
    for line in progress.read_text().splitlines() if progress.is_file() else ():
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            continue
        done[entry["file"]] = entry
    files.write_whole(progress, "".join(json.dumps(entry) + "\n" for entry in done.values()))
    return done


def _write_shards(partial, shards, done, settings, features):
    """Write the shards that are not in `done`, and note each there and in progress.jsonl."""
    from tqdm import tqdm

    left = [shard for shard in shards if shard.file not in done]
    # Threads: Pillow decodes and resizes outside the interpreter's lock.
    with (
        ThreadPoolExecutor(os.cpu_count()) as pool,
        tqdm(total=sum(len(shard.examples) for shard in left), unit=" images", disable=None if left else True) as bar,
        open(partial / "progress.jsonl", "a") as progress,
    ):
        for shard in left:
            entry = _write_shard(partial, shard, settings, features, pool, bar)
            progress.write(json.dumps(entry) + "\n")
            progress.flush()
            done[shard.file] = entry


def _write_shard(partial, shard, settings, features, pool, bar):
    import tensorflow as tf

    entry = {"file": shard.file, "records": 0, "bytes": 0, "rejected": []}
    unfinished = partial / f"{shard.file}.unfinished"
    try:
        with tf.io.TFRecordWriter(str(unfinished)) as writer:
            for start in range(0, len(shard.examples), _BLOCK):
                block = shard.examples[start : start + _BLOCK]
                serialized = pool.map(lambda one: _serialize(one, settings, features), block)
                for example, record in zip(block, serialized, strict=True):
                    if isinstance(record, preprocess.BadPicture):
                        entry["rejected"].append([example.filename, str(record)])
                    else:
                        writer.write(record)
                        entry["records"] += 1
                        entry["bytes"] += len(record)
                    bar.update()
    except tf.errors.OpError as error:  # a full disk, say
        raise UserError(f"{unfinished} cannot be written ({error.message}); the same command goes on") from error
    unfinished.rename(partial / shard.file)
    return entry


def _serialize(example, settings, features):
    """The example as the bytes of a record, or the BadPicture that says why not."""
    try:
        if example.problem:
            raise preprocess.BadPicture(example.problem)
        box = example.known["bbox"] if settings["bbox"] else None
        if settings["store"] == "pixels":
            image = preprocess.prepare(
                example.image, image_size=settings["image_size"], channels=settings["channels"], bbox=box, fit=settings["fit"]
            )
        else:
            encoded = preprocess.encode(example.image)
            if box is not None:
                with Image.open(io.BytesIO(encoded)) as picture:
                    preprocess.clip_box(box, *picture.size)  # the pipeline will cut: a box that cannot is refused here
            image = io.BytesIO(encoded)
    except preprocess.BadPicture as problem:
        return problem
    return features.serialize_example({"image": image, "label": example.label, "filename": example.filename, **example.known})


def _finish(partial, folder, shards, done, settings, features, rejected, sides):
    """Everything but the shards, the metadata last, then the folder's name; what had that name goes after it."""
    import tensorflow_datasets as tfds

    _write_samples(partial, shards, done, settings, features, len(sides))
    with open(partial / "rejected.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("file", "reason"), *rejected])
    (partial / records.CONVERSION).write_text(json.dumps(settings, indent=2) + "\n")
    template = tfds.core.ShardedFileTemplate(
        data_dir=partial,
        dataset_name=settings["image_type"],
        filetype_suffix="tfrecord",
        template="{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}",
    )
    splits = []
    for partition in dict.fromkeys(shard.partition for shard in shards):
        entries = [done[shard.file] for shard in shards if shard.partition == partition]
        lengths = [entry["records"] for entry in entries]
        if not sum(lengths):  # all rejected: TFDS would miss the split of these files
            for entry in entries:
                (partial / entry["file"]).unlink(missing_ok=True)
        else:
            size = sum(entry["bytes"] for entry in entries)
            splits.append(tfds.core.SplitInfo(partition, lengths, size, filename_template=template.replace(split=partition)))
    tfds.folder_dataset.write_metadata(
        data_dir=partial, features=features, split_infos=splits, filename_template=template.template
    )
    if folder.exists():
        files.discard(folder)
    partial.rename(folder)
    # Only now: killed before, the next run finds that every shard is done.
    for name in ("plan.json", "progress.jsonl"):
        (folder / name).unlink()


def _write_samples(partial, shards, done, settings, features, sets):
    """samples.png: the first records as a grid, so that people see what they will train on. sets: of pictures to train on."""
    images = []
    first = list(dict.fromkeys(shard.partition for shard in shards if done[shard.file]["records"]))[:sets]
    for partition in first:
        shard_files = [partial / shard.file for shard in shards if shard.partition == partition]
        for record in records.read_first(shard_files, features, _SAMPLES // len(first)):
            image = record["image"]
            if settings["store"] == "source":
                box = record["bbox"] if settings["bbox"] else None
                image = preprocess.prepare(image, image_size=_SAMPLE_SIZE, channels=settings["channels"], bbox=box)
            images.append(image)
    pictures.grid(np.stack(images), columns=8).save(partial / "samples.png")
