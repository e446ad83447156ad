"""The Experiment: the settings that all models have, and the rules between settings.

models.py adds the settings that only one model needs. The rules are checked whenever an Experiment is made.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

from tfgan_series.data.conditions import Conditions
from tfgan_series.data.datasets import DATASETS, DataSet
from tfgan_series.data.records import PARTITIONS, Records
from tfgan_series.errors import UserError, nearest
from tfgan_series.series.settings import Settings, fields, flag_name, setting, values, with_tuples


class Loss(NamedTuple):
    """What is known of a loss without its formula, which is in losses.py.

    has_target: whether it compares the logits of real pictures with a target, which real_label changes. log_odds: whether the
    best discriminator's logit is log P(real) / P(fake). Only then is sigmoid(logit) a probability. equilibrium: the
    discriminator's least loss if generated pictures are as the real ones, so that it can only guess. It is a text that ends in
    the number. g_equilibrium: the generator's loss then, or "" if the discriminator's answer could be one of many. ends_at_zero:
    the player whose loss comes near 0 when it has won, "G" and "D", or neither: see losses.Losses.
    """

    has_target: bool
    log_odds: bool
    equilibrium: str
    g_equilibrium: str = ""
    ends_at_zero: tuple[str, ...] = ("G", "D")


# by --loss
LOSSES = {
    "non_saturating": Loss(has_target=True, log_odds=True, equilibrium="2 log 2 = 1.386", g_equilibrium="log 2 = 0.693"),
    "minimax": Loss(has_target=True, log_odds=True, equilibrium="2 log 2 = 1.386", g_equilibrium="-log 2 = -0.693"),
    "clamped": Loss(has_target=True, log_odds=True, equilibrium="2 log 2 = 1.386", g_equilibrium="log 2 = 0.693"),
    "least_squares": Loss(has_target=True, log_odds=False, equilibrium="0.25", g_equilibrium="0.125"),
    "hinge": Loss(has_target=False, log_odds=False, equilibrium="2", ends_at_zero=("D",)),
    "wasserstein": Loss(has_target=False, log_odds=False, equilibrium="0", ends_at_zero=()),
    "relativistic": Loss(has_target=False, log_odds=False, equilibrium="log 2 = 0.693", g_equilibrium="log 2 = 0.693"),
}
_BOXED = " and ".join(name for name, one in DATASETS.items() if one.boxes)


@dataclass(frozen=True, kw_only=True)
class Experiment(Settings):
    """Which pictures, which networks, which training. Every field is a flag; settings.flag_name says how it is spelled
    (image_type is --ImageType).

    Raises UserError for a value that is not allowed, and for values that do not go together.
    """

    sets: ClassVar[int] = 1  # sets of pictures that the model learns from
    conditional: ClassVar[bool] = False  # whether its pictures can be asked for

    image_type: str = setting("what to draw", choices=tuple(DATASETS), group="pictures")
    model: str = setting("which GAN", group="network")
    preset: str = setting(
        "a named set of values; article: the usual ones of these pictures and this model", "article", resume="free"
    )
    partition: str = setting("records to train on", "train", choices=(*PARTITIONS, "all"), group="pictures")
    bbox: bool = setting(f"cut each face out by its box ({_BOXED} alone has boxes)", False, group="pictures")
    image_size: int = setting("width and height of a picture, in pixels", minimum=1, group="pictures")
    channels: int = setting("1 for grey, 3 for colour", choices=(1, 3), group="pictures")
    fit: str = setting(
        "how a picture becomes square: squashed, or cropped around its centre",
        "squash",
        choices=("squash", "crop"),
        group="pictures",
    )
    augment: bool = setting(
        "enlarge pictures by 286/256, cut the old size out at random, and flip half of them", False, group="pictures"
    )
    base_filters: int = setting(
        "filters of the layer next to the picture, doubled in each layer inwards; for gan and cgan their hidden units",
        minimum=1,
        group="network",
    )
    batch_size: int = setting("pictures in a batch, over all devices together", minimum=1)
    epochs: int = setting("length of the run in epochs; 0: steps gives the length", minimum=0, resume="grow")
    steps: int = setting("length of the run in steps; 0: epochs gives the length", 0, minimum=0, resume="grow")
    epoch_steps: int = setting(
        "fewest steps in an epoch: if the records are few, it goes through them several times", 1, minimum=1
    )
    grid_every: int = setting(
        "steps of the run from one grid and row of the log to the next, besides those at the end of each epoch; 0: only these",
        0,
        minimum=0,
        resume="free",
    )
    evaluate_every: int = setting(
        "epochs from one measuring of scores to the next; the best generator is kept as generator-best.keras; 0: no scores",
        0,
        minimum=0,
        resume="free",
    )
    evaluate_count: int = setting("pictures that --evaluate_every measures", 5000, minimum=20, resume="free")
    checkpoint_minutes: float = setting(
        "minutes from one checkpoint to the next within a row of the log; 0: only after each row",
        10.0,
        minimum=0,
        resume="free",
    )
    optimizer: str = setting("optimizer of both players", "adam", choices=("adam", "sgd"))
    lr: float = setting("learning rate in the first epoch", 2e-4, minimum=0)
    d_lr_factor: float = setting("the discriminator's learning rate, as a multiple of --lr", 1.0, minimum=0)
    lr_drops: tuple[int, ...] = setting("after each of these epochs the learning rate is divided by 10", ())
    lr_decay: float = setting(
        "share of the epochs, the last ones, in which the learning rate falls linearly to 0, from epoch to epoch",
        0.0,
        minimum=0,
        below=1,
    )
    beta_1: float = setting("Adam's decay of the first moment", 0.5, minimum=0, below=1)
    beta_2: float = setting("Adam's decay of the second moment", 0.999, minimum=0, below=1)
    loss: str = setting(
        "what the two players minimise",
        "non_saturating",
        choices=tuple(LOSSES),
    )
    real_label: float = setting("target of the real pictures; below 1 it is one-sided label smoothing", 1.0, minimum=0)
    ema: float = setting(
        "decay of the moving average of the generator's weights, which is used for pictures and saved; 0: no average",
        0.0,
        minimum=0,
        below=1,
    )
    seed: int = setting("fixes initial weights, noise and order of the pictures", 0, minimum=0, below=2**32)
    precision: str = setting(
        "number format in which the networks compute; auto is mixed_bfloat16 if the GPU or the processor computes in it, else "
        "float32, and a run keeps what auto was at its start; float16 is for GPUs",
        "float32",
        choices=("float32", "mixed_bfloat16", "mixed_float16", "auto"),
        group="speed",
    )
    jit_compile: bool = setting("compile the step with XLA (one device only)", False, resume="free", group="speed")
    deterministic: bool = setting(
        "every repetition gives the same bits, at some cost in speed", False, resume="free", group="speed"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.bbox and not self.data_set.boxes:
            raise UserError(f"--bbox is for {_BOXED} alone: {self.image_type} has no boxes; leave the flag out")
        if len(self.sides) != self.sets:
            fitting = ", ".join(name for name, one in DATASETS.items() if len(one.sides) == self.sets)
            count = {1: "one set", 2: "two sets"}
            raise UserError(
                f"--model={self.model} learns from {count[self.sets]} of pictures, and {self.image_type} has "
                f"{count[len(self.sides)]}: choose another --model, or an --ImageType of {fitting}"
            )
        if bool(self.epochs) == bool(self.steps):
            raise UserError(
                f"--epochs={self.epochs} and --steps={self.steps}: one of them gives the length of the run; make it 1 or more, "
                "and leave the other out or give 0 for it"
            )
        if any(epoch < 1 for epoch in self.lr_drops):
            raise UserError(f"--lr_drops={','.join(map(str, self.lr_drops))}: the first epoch is 1, so give numbers of 1 or more")
        if self.real_label != 1 and not LOSSES[self.loss].has_target:
            raise UserError(f"--real_label={self.real_label}: --loss={self.loss} has no target for real pictures")

    @property
    def data_set(self) -> DataSet:
        """What is known of the ImageType's pictures."""
        return DATASETS[self.image_type]

    @property
    def sides(self) -> tuple[str, ...]:
        """Endings of the names of the sets of pictures: ("",) for one set, ("A", "B") for trainA and trainB."""
        return self.data_set.sides

    @property
    def stores(self) -> tuple[str, ...]:
        """The ways in which records may keep the pictures, the usual way first."""
        return self.data_set.stores

    @property
    def records_type(self) -> str:
        """The ImageType that the records are named after: its own, or the one that it shares them with."""
        return self.data_set.records or self.image_type

    @property
    def records_name(self) -> str:
        """Folder of this experiment's records below TFRecordPath, without the size."""
        return f"{self.records_type}-bbox" if self.bbox else self.records_type

    @property
    def conditions(self) -> Conditions:
        """What its pictures can be asked for. A model that is not conditional has no names here."""
        return Conditions()

    def fitted(self, records: Records) -> Self:
        """The experiment with all that only its records know. Raises UserError if they lack what its model needs."""
        return self

    @property
    def length(self) -> tuple[str, int]:
        """The setting that gives the length of the run, and its value: ("epochs", 35) or ("steps", 1900)."""
        return ("steps", self.steps) if self.steps else ("epochs", self.epochs)

    def steps_in_all(self, epoch_steps: int) -> int:
        """Steps of the run. epoch_steps: number in an epoch."""
        return self.steps or self.epochs * epoch_steps

    def change(self, **given: Any) -> Self:
        """The experiment with other values. If one of epochs and steps is given, the other becomes 0. Raises UserError for a name
        that is no setting and a value not allowed."""
        for name in given:
            if name not in fields(self):
                raise UserError(f"--{flag_name(name)} is no setting of {self.model}{nearest(name, fields(self))}: leave it out")
        for name, other in (("epochs", "steps"), ("steps", "epochs")):
            if given.get(name):
                given.setdefault(other, 0)
        return dataclasses.replace(self, **with_tuples(given))


def differences(run: Experiment, asked: Experiment) -> list[str]:
    """The settings that keep `asked` from going on with `run`, each as 'flag: RUN in the run, ASKED asked'.

    If the models differ, `model` is among them, and settings that only one of the models has are left out.
    """
    (unit, count), (asked_unit, _) = run.length, asked.length
    other_unit = unit != asked_unit
    found = [f"length: {count:,} {unit} in the run, so give --{unit}=N and not --{asked_unit}"] if other_unit else []
    old, new = values(run), values(asked)
    for name, field in fields(run).items():
        if name not in new:
            continue
        rule = field.metadata["resume"]
        if rule == "grow" and other_unit:
            continue
        if rule == "free" or old[name] == new[name] or (rule == "grow" and new[name] > old[name]):
            continue
        found.append(f"{flag_name(name)}: {old[name]} in the run, {new[name]} asked")
    return found
