"""Imports TensorFlow as the commands and `import tfgan_series as tg` need it."""

import logging
import os

import absl.logging

from tfgan_series.errors import UserError


def import_tensorflow(use_gpus: bool = True) -> None:
    """Import TensorFlow without its many log messages, and leave GPU memory for other processes.

    If TF_CPP_MIN_LOG_LEVEL is set (0: everything), the messages are shown. use_gpus: whether the process computes on GPUs.
    Raises UserError if Keras is to use another backend.
    """
    backend = os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    if backend != "tensorflow":
        raise UserError(f"KERAS_BACKEND={backend}: this package trains with TensorFlow; unset it")
    if "TF_CPP_MIN_LOG_LEVEL" not in os.environ:
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        _import_quietly()
        # TFDS reports every file it opens, several workers all that they exchange, and tf2onnx each of its steps. TensorFlow sets
        # absl's level back to what absl knows, so the level of its logger alone would not last.
        absl.logging.set_verbosity(absl.logging.ERROR)
        logging.getLogger("tensorflow").setLevel(logging.ERROR)
    import tensorflow as tf

    from tfgan_series.training import devices

    if use_gpus:
        devices.share_gpus()
    else:
        tf.config.set_visible_devices([], "GPU")


def _import_quietly() -> None:
    """Import TensorFlow with standard error closed, because the import ignores the log level (TensorFlow's issue 100442)."""
    stderr = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        import tensorflow  # noqa: F401
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
