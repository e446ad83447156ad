"""The bytes of a record. A record is a tf.train.Example; this file writes it without TensorFlow, so a process that prepares
pictures need not import TensorFlow, and the same values give the same bytes in every process.

The format is protobuf's, https://protobuf.dev/programming-guides/encoding. The messages are those of
tensorflow/core/example/{example,feature}.proto:

    Example    features: field 1
    Features   a map from names to Features: field 1, each entry with the name as field 1 and the Feature as field 2
    Feature    a list of byte strings: field 1, or a list of whole numbers: field 3
"""

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

# Name -> the shape of its whole numbers, or None for a string of bytes.
Fields = Mapping[str, tuple[int, ...] | None]

# What stands before a field whose content has a size: 8 times the field's number, and 2.
_FIRST, _SECOND, _THIRD = b"\x0a", b"\x12", b"\x1a"


def serialize(values: Mapping[str, Any], fields: Fields) -> bytes:
    """The bytes of one record, as tf.train.Example.SerializeToString(deterministic=True) writes them.

    values: bytes, or whole numbers of the field's shape. Raises KeyError for a field without a value, ValueError for a value of
    another shape than its field.
    """
    entries = []
    for name in sorted(fields):
        value, shape = values[name], fields[name]
        if shape is None:
            feature = _FIRST + _sized(_FIRST + _sized(value))
        else:
            if np.shape(value) != shape:
                raise ValueError(f"{name}: shape {np.shape(value)}; wanted {shape}")
            numbers = b"".join(map(_varint, np.ravel(value).tolist()))
            feature = _THIRD + _sized(_FIRST + _sized(numbers) if numbers else b"")
        entries.append(_FIRST + _sized(_FIRST + _sized(name.encode()) + _SECOND + _sized(feature)))
    return _FIRST + _sized(b"".join(entries))


def _sized(content: bytes) -> bytes:
    return _varint(len(content)) + content


@functools.lru_cache(2**12)
def _varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first. A negative number is written as its 64-bit complement."""
    number &= 2**64 - 1
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    found.append(number)
    return bytes(found)
