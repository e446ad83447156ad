"""What the commands share."""

import pytest
import tensorflow as tf

from tfgan_series.commands import command_line


@pytest.fixture
def asked(monkeypatch):
    """The calls of TensorFlow's configuration, on a machine that seems to have two GPUs."""
    asked = []
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["gpu 0", "gpu 1"] if kind == "GPU" else [])
    monkeypatch.setattr(tf.config, "set_visible_devices", lambda *words: asked.append(("visible", *words)))
    monkeypatch.setattr(tf.config.experimental, "set_memory_growth", lambda *words: asked.append(("growth", *words)))
    return asked


def test_a_command_leaves_room_on_the_gpus(asked):
    command_line.import_tensorflow()
    assert asked == [("growth", "gpu 0", True), ("growth", "gpu 1", True)]


def test_conversion_takes_no_gpu(asked):
    command_line.import_tensorflow(use_gpus=False)
    assert asked == [("visible", [], "GPU")]
