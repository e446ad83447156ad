"""The formats of exported generators, and how the runtime of each opens and runs a file.

Nothing here imports TensorFlow until a SavedModel is opened, and no runtime is imported until it is needed.
"""

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Draw = Callable[[Mapping[str, np.ndarray]], np.ndarray]  # {name of an input: float32 [B, ...]} -> pictures [B, H, W, C]


@dataclass(frozen=True, kw_only=True)
class Format:
    """A format that generators are exported to.

    title: its name for people. tag: its name at model hubs. ending: of its files. keras_name: its name in Model.export. packages:
    modules that writing and opening need beside TensorFlow; the extra `export` of setup.cfg has them. install: what a user of the
    example installs. open: opens a file with the format's own runtime.
    example: Python code that draws with a file, with the places {file}, {inputs} (code that makes the inputs), {entries} (the
    inputs as entries of a dict) and {arguments} (as named arguments).
    """

    title: str
    tag: str
    ending: str
    keras_name: str
    packages: tuple[str, ...]
    install: str
    open: Callable[[Path], Draw]
    example: str

    @property
    def missing(self) -> list[str]:
        """Those of its packages that are not installed."""
        return [name for name in self.packages if importlib.util.find_spec(name) is None]


@dataclass(frozen=True)
class Exported:
    """A file that was written (a SavedModel is a folder).

    path: where it is. generator: the name of the generator's file, without its ending. format: a key of FORMATS. size: in bytes.
    difference: how much a value of its pictures, in [-1, 1], differs from Keras' at most.
    """

    path: Path
    generator: str
    format: str
    size: int
    difference: float


def _open_onnx(path: Path) -> Draw:
    import onnxruntime

    # The CPU, because a file is compared with Keras to more digits than a GPU's convolutions may have.
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda inputs: session.run(None, dict(inputs))[0]


def _open_litert(path: Path) -> Draw:
    from ai_edge_litert.interpreter import Interpreter

    runner = Interpreter(str(path)).get_signature_runner()
    return lambda inputs: _only(runner(**inputs))


def _open_saved_model(path: Path) -> Draw:
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path))
    return lambda inputs: np.asarray(_only(loaded.signatures["serving_default"](**inputs)))


def _only(outputs: Mapping[str, Any]) -> Any:
    (output,) = outputs.values()
    return output


FORMATS: dict[str, Format] = {
    "onnx": Format(
        title="ONNX",
        tag="onnx",
        ending=".onnx",
        keras_name="onnx",
        packages=("onnx", "tf2onnx", "onnxruntime"),
        install="numpy onnxruntime",
        open=_open_onnx,
        example="""\
import numpy as np, onnxruntime
{inputs}
session = onnxruntime.InferenceSession("{file}")
images = session.run(None, {{{entries}}})[0]
""",
    ),
    "litert": Format(
        title="LiteRT (TensorFlow Lite)",
        tag="tflite",
        ending=".tflite",
        keras_name="litert",
        packages=("ai_edge_litert",),
        install="numpy ai-edge-litert",
        open=_open_litert,
        example="""\
import ai_edge_litert.interpreter as litert, numpy as np
{inputs}
draw = litert.Interpreter("{file}").get_signature_runner()
images = draw({arguments})["output_0"]
""",
    ),
    "saved_model": Format(
        title="TensorFlow SavedModel",
        tag="tensorflow",
        ending=".savedmodel",
        keras_name="tf_saved_model",
        packages=(),
        install="numpy tensorflow",
        open=_open_saved_model,
        example="""\
import numpy as np, tensorflow as tf
{inputs}
model = tf.saved_model.load("{file}")
images = model.signatures["serving_default"]({arguments})["output_0"].numpy()
""",
    ),
}
