"""The models: each has its own settings, and one entry in MODELS with all that the rest of the package must know.

Networks and algorithms are named, not imported, so flags and error messages come without TensorFlow.
"""

import dataclasses
import importlib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field
from types import ModuleType
from typing import Any, ClassVar, Self

from tfgan_series.data.conditions import Conditions
from tfgan_series.data.records import Records
from tfgan_series.errors import UserError
from tfgan_series.series.experiment import Experiment
from tfgan_series.series.settings import fields, setting, with_tuples

# One flag for two settings: each model has its own choices.
_INIT = (
    "initial weights: glorot (Keras' default); of dcgan and cdcgan also normal, kernels from N(0, 0.02) as in the DCGAN's paper; "
    "of gan and cgan also pytorch, weights and biases uniform within 1 / sqrt(inputs)"
)


@dataclass(frozen=True, kw_only=True)
class FromNoise(Experiment):
    """The settings of every model that draws pictures from noise, with one generator and one discriminator."""

    noise_dim: int = setting("numbers in one noise vector z", 100, minimum=1, group="network")
    gp_weight: float = setting("weight of the gradient penalty of --loss=wasserstein", 10.0, minimum=0)
    r1: float = setting("weight of the R1 penalty (D's gradients at real pictures), with any loss", 0.0, minimum=0)
    r2: float = setting("weight of the R2 penalty (D's gradients at generated pictures), with any loss", 0.0, minimum=0)
    diff_augment: bool = setting(
        "colour, shift and cut real and generated pictures alike before D sees them, so that it cannot learn few by heart", False
    )
    critic_steps: int = setting("updates of the discriminator for each update of the generator", 1, minimum=1)
    update: str = setting(
        "update both networks on one fake batch, or the discriminator first, and then the generator against the new one",
        "simultaneous",
        choices=("simultaneous", "alternating"),
    )

    @property
    def gradient_penalty(self) -> float:
        """Weight of the gradient penalty. Only the Wasserstein loss has one; for others it is 0."""
        return self.gp_weight if self.loss == "wasserstein" else 0.0


@dataclass(frozen=True, kw_only=True)
class GAN(FromNoise):
    """The vanilla GAN's settings."""

    slope: float = setting("slope of LeakyReLU below zero", 0.2, minimum=0, group="network")
    init: str = setting(_INIT, "glorot", choices=("glorot", "pytorch"), group="network")


@dataclass(frozen=True, kw_only=True)
class DCGAN(FromNoise):
    """The DCGAN's settings."""

    smallest: int = setting(
        "width and height of the innermost features; image_size is this times a power of two", 4, minimum=1, group="network"
    )
    stem: str = setting(
        "how z becomes the innermost features, and how these become a logit: by a convolution or a Dense layer",
        "conv",
        choices=("conv", "dense"),
        group="network",
    )
    g_slope: float = setting("slope of the generator's LeakyReLU below zero; 0 is ReLU", 0.3, minimum=0, group="network")
    d_slope: float = setting("slope of the discriminator's LeakyReLU below zero; 0 is ReLU", 0.3, minimum=0, group="network")
    init: str = setting(_INIT, "glorot", choices=("glorot", "normal"), group="network")
    g_norm: str = setting("the generator's normalisation", "batch", choices=("batch", "none"), group="network")
    g_norm_momentum: float = setting(
        "share that the moving statistics of the generator's batch normalisation keep at each step",
        0.99,
        minimum=0,
        below=1,
        group="network",
    )
    d_norm: str = setting(
        "the discriminator's normalisation; auto is batch, or layer if a gradient is penalised",
        "auto",
        choices=("auto", "batch", "layer", "spectral", "none"),
        group="network",
    )
    norm_ends: bool = setting("normalise the generator's output and the discriminator's first layer too", False, group="network")
    dropout: float = setting(
        "share of the discriminator's features dropped after each inner convolution", 0.3, minimum=0, below=1, group="network"
    )
    upsampling: str = setting(
        "how the generator doubles: by a transposed convolution, or by repeating pixels before a convolution",
        "transposed",
        choices=("transposed", "nearest"),
        group="network",
    )
    downsampling: str = setting(
        "how the discriminator halves: by a convolution of stride 2, or by max pooling after a convolution",
        "strided",
        choices=("strided", "pool"),
        group="network",
    )
    output: str = setting(
        "the generator's last activation: tanh, or sigmoid with a discriminator that sees [0, 1]",
        "tanh",
        choices=("tanh", "sigmoid"),
        group="network",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        # A penalty on each picture's gradient has no meaning if batch statistics mix the pictures (Gulrajani et al. 2017).
        if self.d_norm == "batch" and self._penalised:
            raise UserError("--d_norm=batch does not go with a gradient penalty: give --d_norm=layer or none")

    @property
    def discriminator_norm(self) -> str:
        """d_norm, with auto resolved: "batch", "layer", "spectral" or "none"."""
        if self.d_norm != "auto":
            return self.d_norm
        return "layer" if self._penalised else "batch"

    @property
    def _penalised(self) -> bool:
        return bool(self.r1 or self.r2 or self.gradient_penalty)


@dataclass(frozen=True, kw_only=True)
class Conditional(Experiment):
    """The settings of every model whose pictures can be asked for."""

    conditional: ClassVar[bool] = True

    condition: tuple[str, ...] = setting(
        "attributes of the records that a picture can be asked for, as Smiling,Male; without any, it is asked for a class",
        (),
        group="pictures",
    )
    classes: tuple[str, ...] = setting(
        "the records' classes, in their order; training fills them in", (), resume="free", group="pictures"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(set(self.condition)) < len(self.condition):
            raise UserError(f"--condition={','.join(self.condition)}: give each attribute once")

    @property
    def conditions(self) -> Conditions:
        """The chosen attributes, or else the classes. Before fitted() has filled them in, there are no classes."""
        return Conditions(self.condition, exclusive=False) if self.condition else Conditions(self.classes)

    def fitted(self, records: Records) -> Self:
        """The experiment with the records' classes, unless attributes are chosen. Raises UserError if the records have none of
        these classes or not all of these attributes."""
        asked, attributes, classes = ",".join(self.condition), ", ".join(records.attribute_names), records.class_names
        for name in self.condition:
            if not attributes:
                raise UserError(f"--condition={asked}: {records.folder} has no attributes: leave --condition out")
            if name not in records.attribute_names:
                raise UserError(f"--condition={asked}: {records.folder} has no attribute {name!r}; choose from {attributes}")
        if not self.condition and len(classes) < 2:
            instead = f"give --condition with some of {attributes}" if attributes else "choose another --model"
            raise UserError(f"--model={self.model} needs two classes or more, and {records.folder} has {len(classes)}: {instead}")
        if self.classes not in ((), classes):
            raise UserError(f"--classes={','.join(self.classes)}: {records.folder} has {', '.join(classes)}: leave --classes out")
        return self.change(classes=() if self.condition else classes)


@dataclass(frozen=True, kw_only=True)
class CGAN(Conditional, GAN):
    """The conditional GAN's settings."""


@dataclass(frozen=True, kw_only=True)
class CDCGAN(Conditional, DCGAN):
    """The conditional DCGAN's settings."""


@dataclass(frozen=True, kw_only=True)
class CycleGAN(Experiment):
    """The CycleGAN's settings."""

    sets: ClassVar[int] = 2

    blocks: int = setting("residual blocks of a generator", 6, minimum=1, group="network")
    cycle_loss: str = setting(
        "distance of a picture from its translation back: mean squared (the post) or mean absolute (the paper)",
        "l2",
        choices=("l2", "l1"),
    )
    cycle_weight: float = setting("weight of the cycle loss, lambda", 10.0, minimum=0)
    identity_weight: float = setting(
        "weight of the identity loss (A to B should not change a picture of B), as a multiple of cycle_weight", 0.0, minimum=0
    )
    pool: int = setting(
        "number of past fakes kept for the discriminators; half of the fakes that they see are past ones", 0, minimum=0
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.loss == "wasserstein":
            raise UserError(f"--loss=wasserstein needs a gradient penalty, which {self.model} does not have: choose another loss")
        if self.loss == "relativistic":
            raise UserError(f"--loss=relativistic compares pairs of pictures, which {self.model} does not: choose another loss")
        if 0 < self.pool < self.batch_size:
            raise UserError(f"--pool={self.pool}: give 0, or at least the --batch_size={self.batch_size}")


@dataclass(frozen=True, kw_only=True)
class Model:
    """All that the package knows of a model.

    settings: its class of Experiment. numbers: its own values, used if neither a row nor the user gives others. networks: the
    module whose build(experiment, synchronized) returns {name: keras.Model} and whose check(experiment) refuses sizes that
    cannot be built. algorithm: the module that makes its training step. players: for each optimizer, the networks that it
    updates. translates: for each generator that translates pictures, the sets that it leads from and to; empty if the model
    draws from noise.
    """

    settings: type[Experiment]
    numbers: Mapping[str, Any]
    networks: str
    algorithm: str
    players: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: {"generator": ("generator",), "discriminator": ("discriminator",)}
    )

    translates: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def draws_from(self) -> str:
        """ "noise" (z) or "pictures"."""
        return "pictures" if self.translates else "noise"

    @property
    def saved(self) -> tuple[str, ...]:
        """The networks that a run keeps, each as NAME.keras: its generators."""
        return self.players["generator"]

    def load_networks(self) -> ModuleType:
        """The module of its networks. Imports Keras."""
        return importlib.import_module(self.networks)

    def load_algorithm(self) -> ModuleType:
        """The module of its algorithm. Imports TensorFlow."""
        return importlib.import_module(self.algorithm)


# An ImageType's default is the first model that learns from the same number of sets of pictures.
MODELS: dict[str, Model] = {
    # The Chinese series, part 3.
    "dcgan": Model(
        settings=DCGAN,
        numbers={"base_filters": 128, "batch_size": 128, "epochs": 35, "lr_drops": (10, 20, 25)},
        networks="tfgan_series.networks.dcgan",
        algorithm="tfgan_series.training.adversarial",
    ),
    # The lab report, with what PyTorch does in its place: the initial weights, and a loss of probabilities. It prints SGD's rate
    # as 0.3, which does not learn.
    "gan": Model(
        settings=GAN,
        numbers={
            "base_filters": 128,
            "batch_size": 64,
            "epochs": 100,
            "optimizer": "sgd",
            "lr": 0.1,
            "loss": "clamped",
            "init": "pytorch",
            "update": "alternating",
        },
        networks="tfgan_series.networks.gan",
        algorithm="tfgan_series.training.adversarial",
    ),
    # Bai 8. The post names no number of epochs; the paper has 200.
    "cyclegan": Model(
        settings=CycleGAN,
        numbers={"base_filters": 64, "batch_size": 1, "epochs": 200, "augment": True},
        networks="tfgan_series.networks.cyclegan",
        algorithm="tfgan_series.training.cyclegan",
        players={
            "generator": ("generator_ab", "generator_ba"),
            "discriminator": ("discriminator_a", "discriminator_b"),
        },
        translates={"generator_ab": ("A", "B"), "generator_ba": ("B", "A")},
    ),
}
# Mirza and Osindero 2014: the same models, with a condition as second input of both networks.
MODELS["cgan"] = dataclasses.replace(MODELS["gan"], settings=CGAN)
MODELS["cdcgan"] = dataclasses.replace(MODELS["dcgan"], settings=CDCGAN)


def drawing_from(draws_from: str | None) -> list[str]:
    """The names of the models that draw from this, "noise" or "pictures"; None: all."""
    return [name for name, model in MODELS.items() if draws_from in (None, model.draws_from)]


def from_dict(record: Mapping[str, Any]) -> Experiment:
    """The experiment with these values: those of settings.values, as they are or as JSON gives them back. A setting that the
    record lacks has its default: it is newer than the record.

    Raises KeyError or ValueError where the settings are others.
    """
    settings = MODELS[record["model"]].settings
    needed = {name for name, one in fields(settings).items() if one.default is MISSING}
    if other := (set(record) - set(fields(settings))) | (needed - set(record)):
        raise ValueError(f"its settings are others: {', '.join(sorted(other))}")
    return settings(**with_tuples(record))
