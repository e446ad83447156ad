import numpy as np
import tensorflow as tf

from tfgan_series.data.schema import make_schema
from tfgan_series.data.wire import serialize

NAMES = ("Bald", "Young")
ALL = ("bbox", "landmarks", "identity", "attributes")


def settings(store):
    return {"store": store, "channels": 3} | ({"image_size": 2} if store == "pixels" else {})


def values(number):
    """The values of a record, different for each number."""
    return {
        "image": bytes(range(number, number + 12)),
        "label": number % 3 - 1,
        "filename": f"mèo/{number}.png".encode(),
        "bbox": np.arange(4, dtype=np.int32) - number,
        "landmarks": np.arange(10) + number,
        "identity": np.int32(100 + number),
        "attributes": np.array([number % 2, 1], np.uint8),
    }


def test_tfds_reads_what_the_schema_writes():
    schema = make_schema(settings("pixels"), ALL, ("a", "b"), NAMES)
    found = schema.features.deserialize_example(serialize(values(5), schema.fields))
    assert found["image"].numpy().tolist() == np.arange(5, 17).reshape(2, 2, 3).tolist()
    assert found["label"].numpy() == 1
    assert found["filename"].numpy().decode() == "mèo/5.png"
    assert found["bbox"].numpy().tolist() == [-5, -4, -3, -2]
    assert found["identity"].numpy() == 105
    assert found["attributes"].numpy().tolist() == [1, 1]


def test_a_batch_is_parsed_as_it_was_written():
    schema = make_schema(settings("pixels"), ALL, ("a", "b"), NAMES)
    batch = tf.constant([serialize(values(number), schema.fields) for number in (1, 2, 3)])
    found = {name: tensor.numpy() for name, tensor in schema.parse(batch, [*ALL, "image", "label", "filename"]).items()}
    assert (found["image"].dtype, found["image"].shape) == (np.uint8, (3, 2, 2, 3))
    for row, number in enumerate((1, 2, 3)):
        wanted = values(number)
        assert found["image"][row].tobytes() == wanted["image"]
        assert found["filename"][row] == wanted["filename"]
        for name in ("label", *ALL):
            assert np.array_equal(found[name][row], wanted[name]), name


def test_originals_stay_bytes_and_only_what_is_named_is_read():
    schema = make_schema(settings("source"), (), (), ())
    assert set(schema.features) == {"image", "label", "filename"}
    known = {name: values(7)[name] for name in ("image", "label", "filename")}
    found = schema.parse(tf.constant([serialize(known, schema.fields)]), ["image"])
    assert {name: tensor.numpy().tolist() for name, tensor in found.items()} == {"image": [known["image"]]}
