"""The GAN series, vanilla GAN to CycleGAN, as one working package on TensorFlow and Keras 3.

    import tfgan_series as tg

    run = tg.train("digits")           # some minutes; an interrupted run goes on with the same call
    tg.grid(tg.generate(run, 16))

Data flows datasets -> conversion -> records -> pipeline -> training -> runs; docs/tour.md has a map.
Importing this package imports neither TensorFlow nor Keras: they come when a name below that needs them is used.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfgan_series.api import (
        Interrupted,
        add_attributes,
        add_samples,
        build,
        convert,
        evaluate,
        find_neighbours,
        generate,
        grid,
        interpolate,
        load_generator,
        read_log,
        read_steps,
        real_pictures,
        show,
        train,
        translate,
    )
    from tfgan_series.errors import UserError
    from tfgan_series.series import Experiment, resolve

__all__ = [
    "Experiment",
    "Interrupted",
    "UserError",
    "add_attributes",
    "add_samples",
    "build",
    "convert",
    "evaluate",
    "find_neighbours",
    "generate",
    "grid",
    "interpolate",
    "load_generator",
    "read_log",
    "read_steps",
    "real_pictures",
    "resolve",
    "show",
    "train",
    "translate",
]

__version__ = "0.1.0"

_WITHOUT_TENSORFLOW = {"Experiment": "series", "UserError": "errors", "resolve": "series"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name not in _WITHOUT_TENSORFLOW:
        importlib.import_module("tfgan_series.backend").import_tensorflow()
    return getattr(importlib.import_module(f"tfgan_series.{_WITHOUT_TENSORFLOW.get(name, 'api')}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
