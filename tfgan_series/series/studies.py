"""The studies of the series, and ours: runs of one row of the table that differ in a few settings.

A study is plain data. comparison.py trains and draws it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tfgan_series.errors import UserError
from tfgan_series.series.experiment import Experiment
from tfgan_series.series.rows import resolve
from tfgan_series.series.settings import fields, flag_name


@dataclass(frozen=True, kw_only=True)
class Study:
    """Runs of one row that differ in a few settings. members: {label: the settings changed}. base: settings that all its runs
    have instead of the row's. seeds: each member is trained once with each of them."""

    question: str
    image_type: str
    model: str
    members: Mapping[str, Mapping[str, Any]]
    base: Mapping[str, Any] = field(default_factory=dict)
    seeds: Sequence[int] = (0,)


_LENGTH = ("epochs", "steps")  # if one of them is given, it replaces the other
_THREE = (0, 1, 2)
_FIVE = (0, 1, 2, 3, 4)
# The article's recipe at the size, width and length of the digits.
_PLAIN = {"image_size": 32, "base_filters": 32, "batch_size": 64, "steps": 1900}


STUDIES: dict[str, Study] = {
    # The lab report. It prints SGD's rate for the discriminator alone, and gives no settings for Adam: we take the usual default,
    # the DCGAN's, and 2e-4 with beta_1 0.9, which stands in a tutorial whose code is the report's in most names.
    "optimizer": Study(
        question="SGD or Adam?",
        image_type="mnist",
        model="gan",
        seeds=_FIVE,
        members={
            "SGD 0.1": {"optimizer": "sgd", "lr": 0.1, "loss": "clamped"},
            "SGD 0.03": {"optimizer": "sgd", "lr": 0.03, "loss": "clamped"},
            "SGD 0.3, as printed": {"optimizer": "sgd", "lr": 0.3, "loss": "clamped"},
            "SGD 0.03, D at 0.3": {"optimizer": "sgd", "lr": 0.03, "d_lr_factor": 10.0, "loss": "clamped"},
            "SGD 0.3, from logits": {"optimizer": "sgd", "lr": 0.3, "loss": "non_saturating"},
            "Adam 1e-3": {"optimizer": "adam", "lr": 1e-3, "beta_1": 0.9, "loss": "clamped"},
            "Adam 2e-4, beta_1 0.5": {"optimizer": "adam", "lr": 2e-4, "beta_1": 0.5, "loss": "clamped"},
            "Adam 2e-4, beta_1 0.9": {"optimizer": "adam", "lr": 2e-4, "beta_1": 0.9, "loss": "clamped"},
        },
    ),
    "noise_dim": Study(
        question="How many numbers in z?",
        image_type="mnist",
        model="gan",
        seeds=_FIVE,
        members={f"z of {noise_dim}": {"noise_dim": noise_dim} for noise_dim in (20, 50, 100, 200)},
    ),
    # Bài 2: each member after the first goes against one of its tips.
    "tips": Study(
        question="What is each of Bài 2's tips worth?",
        image_type="mnist",
        model="dcgan",
        base=_PLAIN,
        seeds=_THREE,
        members={
            "all tips": {"g_slope": 0.0},
            "LeakyReLU in G": {"g_slope": 0.3},
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
        seeds=_THREE,
        members={
            "non-saturating with R1": {"loss": "non_saturating", "r1": 1.0},
            "non-saturating alone": {"loss": "non_saturating", "r1": 0.0},
            "minimax with R1": {"loss": "minimax", "r1": 1.0},
            "minimax alone": {"loss": "minimax", "r1": 0.0},
            "least squares with R1": {"loss": "least_squares", "r1": 1.0},
            "hinge with R1": {"loss": "hinge", "r1": 1.0},
            "Wasserstein with its penalty": {"loss": "wasserstein", "r1": 0.0},
            "relativistic with R1 and R2": {"loss": "relativistic", "r1": 1.0, "r2": 1.0},
        },
    ),
    # Ours: the row of the digits, and what each part of its recipe is worth.
    "recipe": Study(
        question="What makes the pictures better?",
        image_type="digits",
        model="dcgan",
        seeds=_THREE,
        members={
            "the row": {},
            "no average": {"ema": 0.0},
            "no R1": {"r1": 0.0},
            "R1 of weight 0.1": {"r1": 0.1},
            "R1 of weight 10": {"r1": 10.0},
            "spectral normalisation, no R1": {"d_norm": "spectral", "r1": 0.0},
            "relativistic, R1 and R2 (R3GAN)": {"loss": "relativistic", "r2": 1.0},
            "D at twice the rate": {"d_lr_factor": 2.0},
            "beta_1 0.5": {"beta_1": 0.5},
            "beta_2 0.999": {"beta_2": 0.999},
            "rate 2e-4": {"lr": 2e-4},
            "rate 3e-3": {"lr": 3e-3},
            "batch 128": {"batch_size": 128},
            "Glorot weights": {"init": "glorot"},
            "LeakyReLU in G": {"g_slope": 0.2},
            "BN momentum 0.99": {"g_norm_momentum": 0.99},
        },
    ),
}


def members(study: Study, seeds: Sequence[int] | None = None, **given: Any) -> dict[str, list[Experiment]]:
    """{label: its Experiments, one for each seed} of a study, with the values given for all of them, image_type and model too.

    seeds: instead of the study's. Raises UserError if a given setting is one that the study varies, if a given value is not
    allowed, if the model does not have a setting that the study varies, and for seeds beside a seed.
    """
    varied = {name for changed in study.members.values() for name in changed}
    base = {name: value for name, value in study.base.items() if not (name in _LENGTH and set(_LENGTH) & set(given))}
    same = {"image_type": study.image_type, "model": study.model, **base, **given}
    for name in varied & set(given):
        raise UserError(f"this comparison varies --{flag_name(name)} itself: leave it out")
    for name in varied - set(fields(resolve(same["image_type"], same["model"]))):
        raise UserError(f"this comparison varies --{flag_name(name)}, which {same['model']} does not have: give another --model")
    if seeds is not None and "seed" in varied | set(given):
        listed = ",".join(map(str, seeds))
        raise UserError(f"--seeds={listed}: the seeds are given by --seed or --vary=seed too: give one of them")
    if "seed" in varied | set(given):
        return {label: [resolve(**same, **changed)] for label, changed in study.members.items()}
    chosen = study.seeds if seeds is None else seeds
    return {label: [resolve(**same, **changed, seed=seed) for seed in chosen] for label, changed in study.members.items()}
