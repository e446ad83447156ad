"""Examples -> the bytes of their records, on all cores, in the order of the examples.

Many picture files are prepared in processes, as Python's part of the work is too large for threads. These processes import this
file, so it imports no TensorFlow, which would take each of them seconds.
"""

import collections
import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, NamedTuple

import joblib
import numpy as np
from joblib.externals.loky import get_reusable_executor

from tfgan_series import invocation
from tfgan_series.data import preprocess
from tfgan_series.data.datasets.source import Example
from tfgan_series.data.preprocess import BadPicture
from tfgan_series.data.wire import Fields, serialize
from tfgan_series.errors import UserError

_CHUNK = 64  # examples that a worker takes at a time, at most
_CHUNK_BYTES = 2**22  # after so many bytes of records a chunk ends
_AHEAD = 4  # chunks for each core that are prepared or wait to be written
_FEW = 2000  # so many files are prepared before processes have started


class Serialized(NamedTuple):
    """An example as a record. record: its bytes. square: whether its picture was square before it was prepared."""

    record: bytes
    square: bool


def serialized(
    groups: Sequence[Sequence[Example]], settings: Mapping[str, Any], fields: Fields
) -> Generator[Serialized | BadPicture, None, None]:
    """For each example of all groups its record, or the reason why it cannot be one.

    settings: from records.conversion_settings. Raises UserError if a worker process is killed.
    """
    files = sum(not isinstance(one.image, np.ndarray) for group in groups for one in group)
    processes = files > _FEW and settings["store"] == "pixels"  # TensorFlow looks at originals, and is in this process alone
    cores = joblib.cpu_count()
    # loky's processes do not run the caller's script again, as those of multiprocessing do.
    workers: Any = get_reusable_executor(cores) if processes else ThreadPoolExecutor(cores)
    waiting: collections.deque[Future] = collections.deque()
    try:
        for chunk in _chunks(groups, settings):
            waiting.append(workers.submit(_serialized, chunk, settings, fields))
            if len(waiting) > _AHEAD * cores:  # else all records would lie in memory where the disk is slower than the cores
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    except BrokenProcessPool as error:
        raise UserError(
            f"a worker process was killed (too little memory?); to go on, type {invocation.same_command()}"
        ) from error
    finally:
        for one in waiting:  # after Ctrl-C; the chunks that have begun are ended, which takes seconds at most
            one.cancel()
        workers.shutdown()


def _chunks(groups: Sequence[Sequence[Example]], settings: Mapping[str, Any]) -> Iterator[list[Example]]:
    for group in groups:
        chunk: list[Example] = []
        size = 0
        for one in group:
            chunk.append(one)
            size += record_bytes(one, settings)
            if len(chunk) == _CHUNK or size >= _CHUNK_BYTES:
                yield chunk
                chunk, size = [], 0
        if chunk:
            yield chunk


def record_bytes(example: Example, settings: Mapping[str, Any]) -> int:
    """About how many bytes an example's picture takes in its record. A file that is not there any more takes 0."""
    if settings["store"] == "pixels":
        return settings["image_size"] ** 2 * settings["channels"]
    if isinstance(example.image, np.ndarray):
        return example.image.nbytes
    if isinstance(example.image, bytes):
        return len(example.image)
    try:
        return os.stat(example.image).st_size
    except OSError:  # it was removed after the folder was listed: it will be rejected
        return 0


def _serialized(examples: Sequence[Example], settings: Mapping[str, Any], fields: Fields) -> list[Serialized | BadPicture]:
    plain = not settings["bbox"] and not any(one.problem for one in examples)
    arrays = [one.image for one in examples if plain and isinstance(one.image, np.ndarray)]
    if settings["store"] == "pixels" and len(arrays) == len(examples) and len({one.shape for one in arrays}) == 1:
        pictures = preprocess.prepare_arrays(np.stack(arrays), **_how(settings))
        height, width, *_ = arrays[0].shape
        return [
            Serialized(_record(one, pixels.tobytes(), fields), height == width)
            for one, pixels in zip(examples, pictures, strict=True)
        ]
    return [record_or_reason(one, settings, fields) for one in examples]


def record_or_reason(example: Example, settings: Mapping[str, Any], fields: Fields) -> Serialized | BadPicture:
    """An example's record, or the reason why it cannot be one. The arguments as in `serialized`."""
    try:
        if example.problem:
            raise BadPicture(example.problem)
        box = example.known["bbox"] if settings["bbox"] else None
        if settings["store"] == "pixels":
            pixels, square = preprocess.prepare(example.image, bbox=box, **_how(settings))
            return Serialized(_record(example, pixels.tobytes(), fields), square)
        encoded, square = _original(example.image, box, settings["channels"])
        return Serialized(_record(example, encoded, fields), square)
    except BadPicture as problem:
        return problem


def _how(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: settings[name] for name in ("image_size", "channels", "fit")}


def _record(example: Example, image: bytes, fields: Fields) -> bytes:
    values = {"image": image, "label": example.label, "filename": example.filename.encode(), **example.known}
    return serialize(values, fields)


def _original(image: preprocess.Picture, box: Sequence[int] | None, channels: int) -> tuple[bytes, bool]:
    """The bytes of a picture file that training can decode: the picture's own file, or a PNG of it; and whether what the box cuts
    out is square. Raises BadPicture."""
    import tensorflow as tf

    from tfgan_series.data.schema import decode

    encoded = preprocess.plain_file(image)
    try:
        size = decode(encoded, channels).shape if encoded else ()
    except tf.errors.InvalidArgumentError:  # Pillow shows some files that TensorFlow finds damaged
        size = ()
    if not (encoded and size):
        encoded = preprocess.as_png(image)
        size = decode(encoded, channels).shape
    # The pipeline will cut the box out: a wrong box is refused here.
    left, top, right, bottom = preprocess.clip_box((0, 0, size[1], size[0]) if box is None else box, size[1], size[0])
    return encoded, right - left == bottom - top
