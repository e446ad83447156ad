"""How TensorFlow is imported."""

import logging

import absl.logging
import pytest
import tensorflow as tf

from tfgan_series import backend
from tfgan_series.errors import UserError


@pytest.fixture
def asked(monkeypatch):
    """The calls of TensorFlow's configuration, on a machine that seems to have two GPUs."""
    asked = []
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["gpu 0", "gpu 1"] if kind == "GPU" else [])
    monkeypatch.setattr(tf.config, "set_visible_devices", lambda *words: asked.append(("visible", *words)))
    monkeypatch.setattr(tf.config.experimental, "set_memory_growth", lambda *words: asked.append(("growth", *words)))
    return asked


def test_a_process_leaves_room_on_the_gpus(asked):
    backend.import_tensorflow()
    assert asked == [("growth", "gpu 0", True), ("growth", "gpu 1", True)]


def test_remarks_of_libraries_stay_off(monkeypatch):
    """TensorFlow sets absl's level to another and back again while it traces a function."""
    before = absl.logging.get_verbosity()
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    try:
        absl.logging.set_verbosity(absl.logging.INFO)  # as absl's app.run does
        backend.import_tensorflow()
        level = absl.logging.get_verbosity()
        absl.logging.set_verbosity(absl.logging.FATAL)
        absl.logging.set_verbosity(level)
        assert not logging.getLogger("absl").isEnabledFor(logging.WARNING)
    finally:
        absl.logging.set_verbosity(before)


def test_conversion_takes_no_gpu(asked):
    backend.import_tensorflow(use_gpus=False)
    assert asked == [("visible", [], "GPU")]


def test_another_backend_is_refused(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    with pytest.raises(UserError, match="^KERAS_BACKEND=torch: this package trains with TensorFlow; unset it$"):
        backend.import_tensorflow()
