"""The studies of the series: runs of one row of the table that differ in a few settings.

A study is plain data. comparison.py trains and draws it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tfgan_series.errors import UserError
from tfgan_series.series.experiment import Experiment
from tfgan_series.series.rows import resolve
from tfgan_series.series.settings import fields, flag_name


@dataclass(frozen=True, kw_only=True)
class Study:
    """Runs of one row that differ in a few settings. members: {label: the settings changed}."""

    question: str
    image_type: str
    model: str
    members: Mapping[str, Mapping[str, Any]]


STUDIES: dict[str, Study] = {
    # The lab report. It gives no settings for Adam, so we take Keras' default and the DCGAN's.
    "optimizer": Study(
        question="SGD or Adam?",
        image_type="mnist",
        model="gan",
        members={
            "SGD 0.1": {},
            "SGD 0.03": {"lr": 0.03},
            "SGD 0.3, as printed": {"lr": 0.3},
            "Adam 1e-3": {"optimizer": "adam", "lr": 1e-3, "beta_1": 0.9},
            "Adam 2e-4, beta_1 0.5": {"optimizer": "adam", "lr": 2e-4},
        },
    ),
    "noise_dim": Study(
        question="How many numbers in z?",
        image_type="mnist",
        model="gan",
        members={f"z of {noise_dim}": {"noise_dim": noise_dim} for noise_dim in (20, 50, 100, 200)},
    ),
    # Bai 2: each member after the first goes against one of its tips.
    "tips": Study(
        question="What is each of Bai 2's tips worth?",
        image_type="digits",
        model="dcgan",
        members={
            "all tips": {"g_slope": 0.0},
            "LeakyReLU in G": {},
            "ReLU in D": {"g_slope": 0.0, "d_slope": 0.0},
            "sigmoid and [0, 1]": {"g_slope": 0.0, "output": "sigmoid"},
            "pooling": {"g_slope": 0.0, "downsampling": "pool"},
            "repeated pixels": {"g_slope": 0.0, "upsampling": "nearest"},
            "no BN": {"g_slope": 0.0, "g_norm": "none", "d_norm": "none"},
            "BN at the ends too": {"g_slope": 0.0, "norm_ends": True},
        },
    ),
    "loss": Study(
        question="What does each loss give?",
        image_type="digits",
        model="dcgan",
        members={
            "non-saturating": {},
            "minimax": {"loss": "minimax"},
            "minimax with R1": {"loss": "minimax", "r1": 1.0},
            "least squares": {"loss": "least_squares"},
            "hinge": {"loss": "hinge"},
            "Wasserstein with penalty": {"loss": "wasserstein"},
        },
    ),
}


def members(study: Study, **given: Any) -> dict[str, Experiment]:
    """{label: Experiment} of a study, with the values given for all of them, image_type and model too.

    Raises UserError if a given setting is one that the study varies, if a given value is not allowed, and if the model does not
    have a setting that the study varies.
    """
    varied = {name for changed in study.members.values() for name in changed}
    given = {"image_type": study.image_type, "model": study.model, **given}
    for name in varied & set(given):
        raise UserError(f"this comparison varies --{flag_name(name)} itself: leave it out")
    for name in varied - set(fields(resolve(given["image_type"], given["model"]))):
        raise UserError(f"this comparison varies --{flag_name(name)}, which {given['model']} does not have: give another --model")
    return {label: resolve(**given, **changed) for label, changed in study.members.items()}
