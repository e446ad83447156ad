"""What Python and notebooks use: `import tfgan_series as tg`, then tg.train("mnist"). docs/tour.md says where each function is.

The package gives these names without importing them until they are used, because they import TensorFlow.
"""

import io
from pathlib import Path
from typing import Any

import keras
import numpy as np
from PIL import Image, ImageOps

from tfgan_series import generation, networks, pictures, preparation, run_figures, runs, series, workflow
from tfgan_series.data import conditions, conversion, pipeline
from tfgan_series.data.records import Records
from tfgan_series.errors import UserError
from tfgan_series.evaluation.evaluate import evaluate_run as evaluate
from tfgan_series.exploration.explore import add_attributes, add_samples, find_neighbours, interpolate
from tfgan_series.generators import load_generator
from tfgan_series.pictures import grid
from tfgan_series.series import Experiment
from tfgan_series.training import devices
from tfgan_series.training.loop import Interrupted
from tfgan_series.translation import translate_files as translate

__all__ = [
    "Interrupted",
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
    "show",
    "train",
    "translate",
]


def convert(
    image_type: str | Experiment,
    dataset_path: str | Path | None = None,
    *,
    model: str | None = None,
    preset: str = "article",
    tfrecord_path: str | Path = "tfrecords",
    store: str | None = None,
    overwrite: bool = False,
    cluster: str | None = None,
    **settings: Any,
) -> Records:
    """Make records of pictures, which training reads. They are made once; later calls find them.

        records = tg.convert("folder", "my_photographs", image_size=64)
        print(records.counts)    # {"train": 3000}

    image_type: an ImageType, as "folder", or an Experiment. dataset_path: the folder of the pictures; MNIST needs none, because
    it comes with the package. model, preset and settings as in train. The rest as in conversion.convert. Raises
    UserError for settings that do not go together, and as conversion.convert does.
    """
    experiment = _experiment(image_type, model, preset, settings)
    return conversion.convert(
        experiment, dataset_path=dataset_path, tfrecord_path=tfrecord_path, store=store, overwrite=overwrite, cluster=cluster
    )


def train(
    image_type: str | Experiment | None = None,
    *,
    model: str | None = None,
    preset: str | None = None,
    run_dir: str | Path | None = None,
    name: str | None = None,
    tfrecord_path: str | Path | None = None,
    overwrite: bool = False,
    **settings: Any,
) -> Path:
    """Train a GAN, and return its run folder. The same call goes on with a run that was interrupted.

        run = tg.train("mnist", base_filters=32, epochs=5)
        tg.show(run)

    image_type: an ImageType, as "mnist", or an Experiment, as tg.resolve makes it. model: the GAN (default: the first that
    draws the ImageType). preset: a named set of values. If run_dir or name has a run and none of these three is given, they are
    the run's; else the ImageType is the demo's. name: of the run, whose folder is then runs/<name>. tfrecord_path: default: that
    of the run, or tfrecords. settings: those that shall not have their usual values; `tfgan train --help` lists them. The rest as
    in workflow.train. Raises UserError for settings that do not go together, and as workflow.train does. If the notebook's kernel
    is interrupted, the run is saved and Interrupted is raised.
    """
    folder = runs.given_folder(Path(run_dir) if run_dir else None, name)
    there = folder if folder and (folder / runs.EXPERIMENT).is_file() else None
    if there and image_type is model is preset is None:
        experiment = runs.read_experiment(there).change(**settings)
    else:
        experiment = _experiment(image_type or series.DEFAULT_IMAGE_TYPE, model, preset or "article", settings)
    root = tfrecord_path or (there and runs.records_path(there)) or "tfrecords"
    return workflow.train(experiment, tfrecord_path=root, run_dir=folder, overwrite=overwrite)


def _experiment(image_type: str | Experiment, model: str | None, preset: str, settings: dict[str, Any]) -> Experiment:
    if not isinstance(image_type, Experiment):
        return series.resolve(image_type, model, preset, **settings)
    if model or preset != "article":
        raise UserError("an Experiment has its model and preset already: leave them out, or name an ImageType instead")
    return image_type.change(**settings)


def build(
    image_type: str | Experiment = series.DEFAULT_IMAGE_TYPE,
    *,
    model: str | None = None,
    preset: str = "article",
    **settings: Any,
) -> dict[str, keras.Model]:
    """The networks of a model before training, {name: keras.Model}.

        for network in tg.build("mnist", model="gan").values():
            network.summary()

    The arguments as in train. A conditional model needs its classes too, as classes=["cat", "dog"]. Raises UserError for
    settings that do not go together, for networks that cannot be built, and if these classes are missing.
    """
    experiment = _experiment(image_type, model, preset, settings)
    if experiment.conditional and not experiment.conditions.names:
        raise UserError(
            f"model={experiment.model!r}: its networks have an input for each class, and before training nobody knows them: give "
            "them, as classes=['cat', 'dog'], or attributes, as condition=['Smiling']"
        )
    return networks.build(devices.resolve_precision(experiment))


def real_pictures(
    image_type: str | Experiment = series.DEFAULT_IMAGE_TYPE,
    count: int = 16,
    *,
    model: str | None = None,
    preset: str = "article",
    side: str | None = None,
    tfrecord_path: str | Path = "tfrecords",
    **settings: Any,
) -> np.ndarray:
    """The first pictures of the records, [N, H, W, C] float32 in [-1, 1], N at most count. Missing records are made as in train.

        tg.grid(tg.real_pictures("mnist", 16))

    side: "A" or "B" if there are two sets of pictures (default: A). The other arguments as in train; partition="test" takes the
    test pictures. Raises UserError as train does, for a count below 1, and for a side that the pictures do not have.
    """
    _check_count(count)
    experiment = _experiment(image_type, model, preset, settings)
    chosen = experiment.sides[0] if side is None else side
    if chosen not in experiment.sides:
        raise UserError(f"side={side!r}: {experiment.image_type} has {' and '.join(map(repr, experiment.sides))}")
    found = preparation.find_or_make(experiment, tfrecord_path)
    return pipeline.first_images(found, experiment, chosen, count)


def _check_count(count: int) -> None:
    if not isinstance(count, (int, np.integer)) or count < 1:
        raise UserError(f"count={count!r}: give a whole number of 1 or more")


def generate(run: str | Path, count: int = 16, *, seed: int = 0, label: conditions.Labels | None = None) -> np.ndarray:
    """Draw pictures with a trained generator: [N, H, W, C] float32 in [-1, 1]. The same seed draws the same pictures.

        images = tg.generate(run, 16, seed=7)
        tg.grid(images)                                          # a notebook shows them
        tg.grid(tg.generate(run, 8, label=[7, 3]), columns=8)    # of a conditional run: a row of sevens, a row of threes

    run: a run folder, or a generator.keras. label: of a conditional run, one label or several; a class has a name and a number,
    and attributes are joined as in "Smiling+Male". N is count for each label, one label after the other (None: for every class
    or attribute). Raises UserError as generation.draw does, and for a count below 1.
    """
    _check_count(count)
    images, _ = generation.draw(run, labels=() if label is None else conditions.texts(label), count=count, seed=seed)
    return images


def read_log(run: str | Path) -> list[dict[str, float]]:
    """A run's log.csv as one dict of numbers per row; empty if no row is there yet. A number may be NaN.

        pandas.DataFrame(tg.read_log(run)).plot(x="epoch", y=["Gen_loss", "Dis_loss"])

    A row has the means over the steps since the row before it. epoch: epochs done, with a fraction between two epochs. step:
    steps done in all. steps: in an epoch. Raises UserError for a folder that is no run, and as runs.read_log does.
    """
    runs.read_experiment(run)  # runs.read_log takes any folder: a comparison asks it for runs that are not begun yet
    return runs.read_log(run)


def read_steps(run: str | Path, epochs: int | None = None) -> dict[str, np.ndarray]:
    """All steps of a run's first epochs as {name: array [steps in all]}. A number may be NaN.

        matplotlib.pyplot.plot(tg.read_steps(run)["Gen_loss"])

    epochs: None: all that the log has, also of an epoch that has only begun. Raises UserError for a folder that is no run, and as
    runs.read_steps does.
    """
    runs.read_experiment(run)
    return runs.read_steps(run, epochs)


def show(run: str | Path) -> Image.Image:
    """The last grid of a run beside its curves, as a picture that a notebook shows. The run may be at work, or interrupted.

        tg.show(run)

    Raises UserError for a folder that is no run, if there is nothing to show yet, and for a damaged log.
    """
    log = read_log(run)
    grids = runs.find_grids(run, log)
    if not grids:
        raise UserError(f"{run} has nothing to show yet: try again when training has drawn its first grid")
    curves = []
    for draw in run_figures.plots(log).values():
        draw(page := io.BytesIO())
        curves.append(Image.open(page).convert("RGB"))
    column = pictures.join(curves, down=True)
    last = pictures.read(grids[max(grids)]).convert("RGB")
    return pictures.join([ImageOps.contain(last, (column.width, column.height)), column])
