"""The card of an export: a Markdown page with YAML at its head, in the layout that model hubs read from README.md.

The layout is that of https://huggingface.co/docs/hub/model-cards, its results that of the specification's model-index.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import keras

import tfgan_series
from tfgan_series import naming, runs, series
from tfgan_series.evaluation import scores
from tfgan_series.export import inputs
from tfgan_series.export.formats import FORMATS, Exported
from tfgan_series.inference import weights_digest

NAME = "MODEL_CARD.md"


def render(generators: Mapping[str, keras.Model], exported: Sequence[Exported], folder: Path, size: int | None) -> str:
    """The card's text. generators: {name: model}, all of one run or one file. exported: their files. folder: where the generators
    lie; if it is a run, the card has its data, settings and scores. size: as in export.export.

    Raises UserError if the run's files cannot be read.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    first = next(iter(generators.values()))
    return environment.get_template("card.md").render(
        generators=[_described(name, model, size) for name, model in generators.items()],
        files=[{"name": one.path.name, "title": FORMATS[one.format].title, **vars(one)} for one in exported],
        formats=[FORMATS[name] for name in dict.fromkeys(one.format for one in exported)],
        examples=[_example(first, one, size) for one in exported if one.generator == next(iter(generators))],
        translates=inputs.takes_pictures(first),
        free="H" in inputs.in_words(inputs.fixed(first.output_shape, size)),
        run=_run(generators, folder) if (folder / runs.EXPERIMENT).is_file() else None,
        versions={"tfgan_series": tfgan_series.__version__, "keras": keras.__version__},
    )


def _described(name: str, model: keras.Model, size: int | None) -> dict[str, Any]:
    """A generator's inputs and outputs in words."""
    return {
        "name": name,
        "inputs": [
            {"name": one.name, "shape": inputs.in_words(inputs.fixed(one.shape, size)), "meaning": inputs.meaning(one)}
            for one in model.inputs
        ],
        "output": inputs.in_words(inputs.fixed(model.output_shape, size)),
    }


def _example(generator: keras.Model, exported: Exported, size: int | None) -> dict[str, str]:
    """Python code that draws pictures with a file."""
    names = [tensor.name for tensor in generator.inputs]
    how = FORMATS[exported.format]
    code = how.example.format(
        file=exported.path.name,
        inputs="\n".join(inputs.code(tensor, size) for tensor in generator.inputs),
        entries=", ".join(f'"{name}": {name}' for name in names),
        arguments=", ".join(f"{name}={name}" for name in names),
    )
    packages = f"{how.install} pillow" if inputs.takes_pictures(generator) else how.install
    return {"title": how.title, "packages": packages, "code": code}


def _run(generators: Mapping[str, keras.Model], folder: Path) -> dict[str, Any]:
    """What the card says of the run."""
    info = runs.read_info(folder)
    experiment, digests = info.experiment, {weights_digest(model) for model in generators.values()}
    measured = scores.latest(score for score in scores.read(folder) if score.checkpoint_digest in digests)
    return {
        "experiment": experiment,
        "origin": experiment.data_set.origin,
        "records": info.record_count,
        "flags": [naming.quoted(flag, windows=False) for flag in series.flag_lines(experiment)],
        "steps": runs.last_step(folder),
        "scores": measured,
        "caution": scores.caution(experiment, measured),
    }
