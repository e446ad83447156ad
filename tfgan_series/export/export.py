"""The way from saved generators to files for other runtimes.

export.export(["runs/dcgan/mnist-64/generator.keras"], "exported", formats=["onnx", "litert"])
"""

import math
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tfgan_series import files, naming
from tfgan_series.errors import UserError, nearest, reason_of
from tfgan_series.export import card, inputs
from tfgan_series.export.formats import FORMATS, Draw, Exported
from tfgan_series.generators import load_generator

TOLERANCE = 1e-4  # of a value in [-1, 1]: a hundredth of a step of uint8


def export(
    generators: Sequence[Path | str], out: Path | str, *, formats: Sequence[str] = tuple(FORMATS), size: int | None = None
) -> list[Exported]:
    """Write each generator in each format, and a card, into the folder OUT. An earlier export in OUT is replaced.

    generators: .keras files; of a run, all that it keeps. formats: keys of FORMATS. size: width and height of the pictures that
    the files take, if the generators take pictures of any size (default: the files take any size too).
    Every file is opened again by the runtime of its format, and must draw what Keras draws. Nothing is written unless all do.
    Raises UserError for an unknown format or one whose packages are not installed, a size that the generators cannot have, a file
    that is no generator, an OUT with other files in it or without a card, an OUT that another process is writing, and a file that
    cannot be made or draws something else than Keras.
    """
    paths, out = [Path(path) for path in generators], Path(out)
    _check_formats(formats)
    _check_out(out)
    models = {path.stem: load_generator(path) for path in paths}
    for path, model in zip(paths, models.values(), strict=True):
        inputs.check_size(model, str(path), size)
    with files.claimed(out), files.whole_folder(out) as beside:
        written = [_write(model, name, one, beside, size) for name, model in models.items() for one in dict.fromkeys(formats)]
        files.write_whole(beside / card.NAME, card.render(models, written, paths[0].parent, size))
    return [replace(one, path=out / one.path.name) for one in written]


def _check_formats(formats: Sequence[str]) -> None:
    if unknown := [name for name in formats if name not in FORMATS]:
        raise UserError(f"--formats={','.join(unknown)}: choose among {', '.join(FORMATS)}{nearest(unknown[0], FORMATS)}")
    if not formats:
        raise UserError(f"--formats= names nothing: choose among {', '.join(FORMATS)}")
    if missing := {name: FORMATS[name].missing for name in formats if FORMATS[name].missing}:
        ready = ",".join(name for name in formats if name not in missing)
        packages = ", ".join(package for packages in missing.values() for package in packages)
        raise UserError(
            f"--formats={','.join(missing)} needs packages that are not installed ({packages}): type "
            f"pip install -c constraints.txt -e '.[export]'{f', or give --formats={ready}' if ready else ''}"
        )


def _check_out(out: Path) -> None:
    """Raises UserError where OUT is something else than a new or empty folder or an earlier export."""
    endings = {one.ending for one in FORMATS.values()}
    if out.exists() and not out.is_dir():
        raise UserError(f"--out={out} is a file: give a folder")
    naming.check_pattern(out, "--out")
    # Hidden files too, as .git: the whole folder will be replaced. Finder leaves a .DS_Store in each folder that it has shown.
    there = [path for path in sorted(out.iterdir()) if path.name != ".DS_Store"] if out.exists() else []
    if there and not (out / card.NAME).is_file():
        raise UserError(f"--out={out} has files in it and is no earlier export (no {card.NAME}): give another --out")
    if other := [path.name for path in there if path.name != card.NAME and path.suffix not in endings]:
        raise UserError(f"--out={out} has other files in it, for example {other[0]}: give another --out")


def _write(generator: keras.Model, name: str, form: str, folder: Path, size: int | None) -> Exported:
    """Write a generator as FOLDER/NAME and the format's ending. Raises UserError if the file draws something else than Keras."""
    how = FORMATS[form]
    path = folder / f"{name}{how.ending}"
    signature = keras.tree.map_structure(lambda tensor: _specification(tensor, size), generator.input)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # Keras asks NumPy for np.object
            generator.export(path, format=how.keras_name, verbose=False, input_signature=[signature])
        difference = _difference(generator, how.open(path), size)
    except Exception as error:  # Keras, the converters and the runtimes raise all kinds of errors
        raise UserError(
            f"{name} cannot be exported to {how.title} ({reason_of(error)}): leave {form} out of --formats"
        ) from error
    if not difference <= TOLERANCE:
        raise UserError(
            f"{path.name} draws other pictures than Keras: a value in [-1, 1] differs by {difference:.2g}, and {TOLERANCE:g} is "
            f"allowed; install the versions in constraints.txt, or leave {form} out of --formats"
        )
    return Exported(path=path, generator=name, format=form, size=_size(path), difference=difference)


def _specification(tensor: Any, size: int | None) -> keras.InputSpec:
    return keras.InputSpec(shape=inputs.fixed(tensor.shape, size), dtype=tensor.dtype, name=tensor.name)


def _difference(generator: keras.Model, draw: Draw, size: int | None) -> float:
    """The largest difference of a value between the pictures of Keras and those of a runtime, for the same inputs."""
    found = []
    for values in inputs.trials(generator, size):
        given = keras.tree.map_structure(lambda tensor, values=values: values[tensor.name], generator.input)
        expected, drawn = np.asarray(generator(given, training=False)), draw(values)
        if drawn.shape != expected.shape:
            return math.inf
        found.append(np.abs(drawn - expected).max())
    return float(np.max(found))


def _size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    return sum(file.stat().st_size for file in [path, *path.rglob("*")] if file.is_file())
