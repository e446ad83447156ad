"""Shards -> their files. `write_shards` does it on this machine; ray_cluster.py does the same on the machines of a cluster."""

import contextlib
import hashlib
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tensorflow as tf

from tfgan_series import invocation
from tfgan_series.data import serialization
from tfgan_series.data.datasets.source import Example
from tfgan_series.data.preprocess import BadPicture
from tfgan_series.data.serialization import Serialized
from tfgan_series.data.wire import Fields
from tfgan_series.errors import UserError

# What becomes of a shard: its file, which does not have its name yet, and its progress line.
Written = tuple[Path, dict[str, Any]]
Advance = Callable[[int], object]  # gets the number of pictures that are done, for a progress bar

UNFINISHED = ".unfinished"  # the ending of a shard's file until the shard is complete and has its name


@dataclass(frozen=True)
class Shard:
    """One file to write: its name, its partition and the examples for it."""

    file: str
    partition: str
    examples: list[Example]


def write_shards(
    partial: Path, shards: Sequence[Shard], settings: Mapping[str, Any], fields: Fields, advance: Advance
) -> Generator[Written, None, None]:
    """Write the shards one after the other, their pictures prepared on all cores. They come in their order.

    partial: the folder to write in. settings: from records.conversion_settings. Raises UserError as write_shard does, and if a
    worker process is killed.
    """
    serialized = serialization.serialized([shard.examples for shard in shards], settings, fields)
    with contextlib.closing(serialized):
        for shard in shards:
            unfinished = partial / f"{shard.file}{UNFINISHED}"
            yield unfinished, write_shard(unfinished, shard, serialized, advance)


def write_shard(
    unfinished: Path, shard: Shard, serialized: Iterable[Serialized | BadPicture], advance: Advance = lambda count: None
) -> dict[str, Any]:
    """Write one shard into the file `unfinished`. Returns its progress line: the number, bytes and digest of its records, how
    many of their pictures were not square, and the rejected pictures.

    serialized: of its examples, in their order; more may follow. Raises UserError if the file cannot be written.
    """
    count, size, oblong, digest = 0, 0, 0, hashlib.sha256()
    rejected = []
    try:
        with tf.io.TFRecordWriter(str(unfinished)) as writer:
            for example, found in zip(shard.examples, serialized, strict=False):  # what is left is of the next shard
                if isinstance(found, BadPicture):
                    rejected.append([example.filename, str(found)])
                else:
                    writer.write(found.record)
                    digest.update(found.record)
                    count, size, oblong = count + 1, size + len(found.record), oblong + (not found.square)
                advance(1)
    except tf.errors.OpError as error:  # for example a full disk
        raise UserError(
            f"{unfinished} cannot be written ({error.message}); to go on, type {invocation.same_command()}"
        ) from error
    told = {"file": shard.file, "records": count, "bytes": size, "digest": digest.hexdigest(), "oblong": oblong}
    return told | {"rejected": rejected}
