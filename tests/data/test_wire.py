import numpy as np
import pytest
import tensorflow as tf

from tfgan_series.data.wire import serialize

FIELDS = {"image": None, "label": (), "bbox": (4,), "attributes": (0,), "a name of more than 127 bytes" * 9: (300,)}


def values(sign):
    """Values whose varints have one to ten bytes."""
    return {
        "image": bytes(range(256)) * 80,
        "label": np.int32(sign * 128),
        "bbox": (sign * 127, sign * 2**31, sign * (2**63 - 1), -(2**63)),
        "attributes": [],
        list(FIELDS)[4]: sign * np.arange(300),
    }


@pytest.mark.parametrize("sign", [1, -1])
def test_the_bytes_are_those_of_protobuf(sign):
    features = {}
    for name, value in values(sign).items():
        if FIELDS[name] is None:
            features[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        else:
            features[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=np.ravel(value).astype(np.int64)))
    example = tf.train.Example(features=tf.train.Features(feature=features))
    assert serialize(values(sign), FIELDS) == example.SerializeToString(deterministic=True)


def test_values_that_do_not_fit_the_fields():
    with pytest.raises(KeyError, match="bbox"):
        serialize({"image": b""}, {"image": None, "bbox": (4,)})
    with pytest.raises(ValueError, match=r"bbox: shape \(3,\); wanted \(4,\)"):
        serialize({"bbox": [1, 2, 3]}, {"bbox": (4,)})
