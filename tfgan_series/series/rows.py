"""The rows of the series: every article's numbers for a kind of picture and a model, and the presets.

    experiment = resolve("mnist", epochs=5)                    # a row, with what you change
    experiment = resolve("img_celeba", preset="repository")    # a row under another named set of numbers

A row holds what differs from the model's own numbers (models.py). A pair that no article has needs no row; its length is
in steps.
"""

from collections.abc import Mapping
from typing import Any

from tfgan_series.data.datasets import DATASETS
from tfgan_series.errors import UserError, nearest
from tfgan_series.series.experiment import Experiment
from tfgan_series.series.models import MODELS
from tfgan_series.series.settings import fields, values

Numbers = Mapping[str, Any]
Pair = tuple[str, str]  # (ImageType, model)

# Ours: the recipe that gives the best pictures for equal time (docs/recipe.md), and the networks that go with it.
_STRONG_TRAINING = {
    "batch_size": 64,
    "loss": "non_saturating",
    "optimizer": "adam",
    "lr": 1.5e-3,
    "lr_drops": (),
    "beta_1": 0.0,
    "beta_2": 0.99,
    "r1": 1.0,
    "ema": 0.995,
}
_STRONG = {
    **_STRONG_TRAINING,
    "stem": "dense",
    "init": "normal",
    "g_slope": 0.0,
    "d_slope": 0.2,
    "g_norm_momentum": 0.9,
    "d_norm": "none",
    "dropout": 0.0,
}

# MNIST at half the article's size, on a network a quarter as wide and one level shallower.
_DIGITS = {**_STRONG, "base_filters": 32, "steps": 1900, "grid_every": 100}
# Kernel, slope, batch size and Adam's numbers are ours: the post has none.
_CIFAR10 = {
    "noise_dim": 128,
    "base_filters": 64,
    "smallest": 2,
    "stem": "dense",
    "g_slope": 0.0,
    "d_slope": 0.2,
    "dropout": 0.0,
    "epochs": 150,
    "lr_drops": (),
}

# A pair that no article has may have few pictures: its length is in steps, and its epochs are not so short that most of the time
# goes into grids and checkpoints.
USUAL_STEPS = 10_000
_NO_ARTICLE = {"steps": USUAL_STEPS, "epoch_steps": 200, "lr_drops": ()}

ROWS: dict[Pair, Numbers] = {
    # Ours, the demo.
    ("digits", "dcgan"): _DIGITS,
    # The Chinese series, part 3: one pair of networks for five kinds of picture.
    ("mnist", "dcgan"): {"image_size": 64},
    ("img_celeba", "dcgan"): {},
    ("img_align_celeba", "dcgan"): {},
    ("img_align_celeba_png", "dcgan"): {},
    # Bài 2.
    ("cifar10", "dcgan"): _CIFAR10,
    # The lab report.
    ("mnist", "gan"): {},
    # Ours: conditional models have the sizes of those that they come from.
    ("digits", "cdcgan"): _DIGITS,
    ("mnist", "cgan"): {},
    ("mnist", "cdcgan"): {"image_size": 64},
    ("cifar10", "cdcgan"): _CIFAR10,
    # Bài 8.
    ("horse2zebra", "cyclegan"): {},
    # Ours: the same for two kinds of the user's pictures. An epoch has a step for each picture, so few pictures are no few steps.
    ("unpaired", "cyclegan"): {},
}

_STRONG_BY_MODEL = {"dcgan": _STRONG, "gan": _STRONG_TRAINING, "cdcgan": _STRONG, "cgan": _STRONG_TRAINING}
_FROM_NOISE = tuple(kind for kind, data_set in DATASETS.items() if len(data_set.sides) == 1)
_IN_TWO_SETS = tuple(kind for kind, data_set in DATASETS.items() if len(data_set.sides) == 2)
_OF_THE_ARTICLE = ("mnist", "img_celeba", "img_align_celeba", "img_align_celeba_png")
# Zhu et al. 2017, and the identity loss of their code. At 256 pixels the paper has --blocks=9.
_PAPER = {"loss": "least_squares", "cycle_loss": "l1", "identity_weight": 0.5, "pool": 50, "lr_decay": 0.5}

# Other published numbers for a pair, by --preset.
PRESETS: dict[str, dict[Pair, Numbers]] = {
    # The numbers of the Chinese article's repository that differ from the article.
    "repository": {(kind, "dcgan"): {"batch_size": 256, "lr_drops": (15, 25, 28)} for kind in _OF_THE_ARTICLE},
    "strong": {(kind, model): numbers for kind in _FROM_NOISE for model, numbers in _STRONG_BY_MODEL.items()},
    "paper": {(kind, "cyclegan"): _PAPER for kind in _IN_TWO_SETS},
}

ALIASES = {"celeba": "img_celeba"}  # other spellings of an ImageType; resolve replaces them
DEFAULT_IMAGE_TYPE = "digits"


def pairs() -> list[Pair]:
    """All pairs (ImageType, model) that go together."""
    return [
        (image_type, name)
        for image_type, data_set in DATASETS.items()
        for name, model in MODELS.items()
        if model.settings.sets == len(data_set.sides)
    ]


def resolve(image_type: str = DEFAULT_IMAGE_TYPE, model: str | None = None, preset: str = "article", **given: Any) -> Experiment:
    """The Experiment of an ImageType and a model, under a preset, with the values given (None: leave it as it is).

    If no article has the pair, it gets the model's own numbers, a length in steps, and the pictures' size and channels. Raises
    UserError for an unknown ImageType, model, preset or setting, for a value not allowed, and for values that do not go together.
    """
    image_type = ALIASES.get(image_type, image_type)
    if image_type not in DATASETS:
        raise UserError(f"--ImageType={image_type}: choose one of {', '.join(DATASETS)}{nearest(image_type, DATASETS)}")
    model = model or next(name for kind, name in pairs() if kind == image_type)  # the first that draws it
    if model not in MODELS:
        raise UserError(f"--model={model}: choose one of {', '.join(MODELS)}{nearest(model, MODELS)}")
    pictures = DATASETS[image_type]
    pair = (image_type, model)
    own = {"image_size": pictures.image_size, "channels": pictures.channels, "bbox": pictures.boxes, **MODELS[model].numbers}
    experiment = MODELS[model].settings(image_type=image_type, model=model, **own)
    given = {name: value for name, value in given.items() if value is not None}
    # One change after the other, because each may give the length of the run in another way (epochs or steps).
    for numbers in (ROWS.get(pair, _NO_ARTICLE), {"preset": preset, **_preset_numbers(pair, preset)}, given):
        experiment = experiment.change(**numbers)
    return experiment


def _preset_numbers(pair: Pair, preset: str) -> Numbers:
    if preset == "article":
        return {}
    if pair not in PRESETS.get(preset, {}):
        known = ["article", *(name for name, table in PRESETS.items() if pair in table)]
        raise UserError(f"--preset={preset}: {pair[1]} on {pair[0]} has {', '.join(known)}{nearest(preset, known)}")
    return PRESETS[preset][pair]


def changes(experiment: Experiment) -> dict[str, Any]:
    """The settings that differ from the experiment's row under its preset so that it needs another run, {name: value}."""
    usual, known = values(resolve(experiment.image_type, experiment.model, experiment.preset)), fields(experiment)
    return {
        name: value
        for name, value in values(experiment).items()
        if value != usual[name] and known[name].metadata["resume"] == "refuse"
    }


def origin(experiment: Experiment) -> str:
    """Where an experiment's numbers come from, in a sentence."""
    pair = f"{experiment.model} on {experiment.image_type}"
    preset = f"those of --preset={experiment.preset}"
    if (experiment.image_type, experiment.model) in ROWS:
        return f"{pair}: a row of the series" + ("" if experiment.preset == "article" else f"; the numbers are {preset}")
    numbers = "the model's own numbers" if experiment.preset == "article" else preset
    return f"{pair}: no article has this pair; these are {numbers}, a length in steps, and the pictures' size"
