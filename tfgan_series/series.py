"""The table of the series: one Experiment per row, every number of every article with its default.

    experiment = resolve("mnist", epochs=5)                    # a row, with what you change
    experiment = resolve("img_celeba", preset="repository")    # a row under another named set of numbers

Plain data and plain Python: nothing here imports TensorFlow, so flags and errors answer at once.
"""

import dataclasses
import json
from dataclasses import MISSING, dataclass

from tfgan_series.errors import UserError

_FLAG_NAMES = {"image_type": "ImageType", "partition": "Partition"}  # the series' own spelling; all others are snake_case


def flag_name(setting_name):
    """How a setting is spelled as a flag."""
    return _FLAG_NAMES.get(setting_name, setting_name)


def setting(text, default=MISSING, *, choices=None, minimum=None, below=None, resume="refuse", models=None):
    """A dataclass field that also knows how to be a flag.

    text: the flag's help. choices: the values allowed. minimum: the smallest value allowed. below: all are smaller.
    resume: may a run that goes on have another value: "refuse" (no), "grow" (a larger one), "free" (any). models: those
    that have this setting; None: all.
    """
    rules = {"help": text, "choices": choices, "minimum": minimum, "below": below, "resume": resume, "models": models}
    return dataclasses.field(default=default, metadata=rules)


class _Checked:
    """Refuses values that no choice or bound of their setting allows."""

    def __post_init__(self):
        for field in dataclasses.fields(self):
            value, name = getattr(self, field.name), flag_name(field.name)
            choices, minimum, below = (field.metadata[rule] for rule in ("choices", "minimum", "below"))
            if choices and value not in choices:
                raise UserError(f"--{name}={value}: choose one of {', '.join(map(str, choices))}")
            if minimum is not None and not value >= minimum:
                raise UserError(f"--{name}={value}: at least {minimum} is needed")
            if below is not None and not value < below:
                raise UserError(f"--{name}={value}: less than {below} is needed")


class _Own(_Checked):
    """What only one model needs. sides: endings of the names of its sets of pictures: one set has none."""

    sides = ("",)


@dataclass(frozen=True, kw_only=True)
class GAN(_Own):
    """What only the vanilla GAN needs."""

    slope: float = setting("slope of LeakyReLU below zero", 0.2, minimum=0)


@dataclass(frozen=True, kw_only=True)
class DCGAN(_Own):
    """What only the DCGAN needs."""

    smallest: int = setting("width and height of the innermost features; the picture is this times a power of two", 4, minimum=1)
    stem: str = setting(
        "how z becomes the innermost features, and how these become a logit: by a convolution or a Dense layer",
        "conv",
        choices=("conv", "dense"),
    )
    g_slope: float = setting("slope of the generator's LeakyReLU below zero; 0 is ReLU", 0.3, minimum=0)
    d_slope: float = setting("slope of the discriminator's LeakyReLU below zero; 0 is ReLU", 0.3, minimum=0)
    g_norm: str = setting("the generator's normalisation", "batch", choices=("batch", "none"))
    d_norm: str = setting(
        "the discriminator's normalisation; layer by default where a gradient is penalised",
        "batch",
        choices=("batch", "layer", "none"),
    )
    norm_ends: bool = setting("normalise the generator's output and the discriminator's first layer too", False)
    dropout: float = setting(
        "share of the discriminator's features dropped after each inner convolution", 0.3, minimum=0, below=1
    )
    upsampling: str = setting(
        "how the generator doubles: by a transposed convolution, or by repeating pixels before a convolution",
        "transposed",
        choices=("transposed", "nearest"),
    )
    downsampling: str = setting(
        "how the discriminator halves: by a convolution of stride 2, or by max pooling after a convolution",
        "strided",
        choices=("strided", "pool"),
    )
    output: str = setting(
        "the generator's last activation: tanh, or sigmoid with a discriminator that sees [0, 1]",
        "tanh",
        choices=("tanh", "sigmoid"),
    )


@dataclass(frozen=True, kw_only=True)
class CycleGAN(_Own):
    """What only the CycleGAN needs: two sets of pictures, trainA and trainB, and what holds a picture and its translation
    together."""

    sides = ("A", "B")

    blocks: int = setting("residual blocks of a generator", 6, minimum=1)
    cycle_loss: str = setting(
        "distance of a picture that went there and back: mean squared (the post) or mean absolute (the paper)",
        "l2",
        choices=("l2", "l1"),
    )
    cycle_weight: float = setting("weight of the cycle loss, lambda", 10.0, minimum=0)
    identity_weight: float = setting(
        "weight of the identity loss (a picture of B through A to B stays as it is), in parts of cycle_weight", 0.0, minimum=0
    )
    pool: int = setting("past fakes kept for the discriminators, which see one of them half of the time", 0, minimum=0)


_FROM_NOISE = ("gan", "dcgan")  # the models that draw from z


@dataclass(frozen=True, kw_only=True)
class Experiment(_Checked):
    """One row of the table: which pictures, which networks, which training. Every field is a flag of its name."""

    image_type: str = setting("what to draw")
    model: str = setting("which GAN")
    preset: str = setting("named set of numbers: as the article prints them, or another published one", "article", resume="free")
    partition: str = setting("records to train on", "train", choices=("train", "val", "test", "all"))
    # None: this kind of picture has no boxes, and asking for one is an error.
    bbox: bool | None = setting("cut each face out by its box (img_celeba alone has boxes)", None)
    image_size: int = setting("width and height of a picture, in pixels", minimum=1)
    channels: int = setting("1 for grey, 3 for colour", choices=(1, 3))
    fit: str = setting(
        "a picture that is not square is squashed to the square, or centre-cropped", "squash", choices=("squash", "crop")
    )
    augment: bool = setting("enlarge by 286/256, then cut the size out at random and flip half of the pictures", False)
    noise_dim: int = setting("numbers in one noise vector z", 100, minimum=1, models=_FROM_NOISE)
    base_filters: int = setting("filters beside the picture, doubling inwards; for gan its hidden units", minimum=1)
    network: GAN | DCGAN | CycleGAN = setting("what only this model needs")
    batch_size: int = setting("pictures in a batch, over all devices together", minimum=1)
    epochs: int = setting("times through the records", minimum=1, resume="grow")
    optimizer: str = setting("of both networks", "adam", choices=("adam", "sgd"))
    lr: float = setting("learning rate in the first epoch", 2e-4, minimum=0)
    lr_drops: tuple[int, ...] = setting("after each of these epochs the learning rate is divided by 10", ())
    lr_decay: float = setting("last part of the epochs, in which the learning rate falls to 0 in a line", 0.0, minimum=0, below=1)
    beta_1: float = setting("Adam's decay of the first moment", 0.5, minimum=0, below=1)
    loss: str = setting(
        "what the two players minimise",
        "non_saturating",
        choices=("non_saturating", "minimax", "least_squares", "hinge", "wasserstein"),
    )
    real_label: float = setting("target of the real pictures; below 1 it is one-sided label smoothing", 1.0, minimum=0)
    gp_weight: float = setting("weight of the gradient penalty that --loss=wasserstein has", 10.0, minimum=0, models=_FROM_NOISE)
    r1: float = setting("weight of the R1 penalty, with any loss", 0.0, minimum=0, models=_FROM_NOISE)
    critic_steps: int = setting("discriminator's steps for one of the generator's", 1, minimum=1, models=_FROM_NOISE)
    update: str = setting(
        "move both networks from one fake batch, or the discriminator first and then the generator against the moved one",
        "simultaneous",
        choices=("simultaneous", "alternating"),
        models=_FROM_NOISE,
    )
    seed: int = setting("fixes initial weights, noise and order of the pictures", 0, minimum=0, below=2**32)
    precision: str = setting(
        "numbers the networks compute in; bfloat16 and float16 are for GPUs",
        "float32",
        choices=("float32", "mixed_bfloat16", "mixed_float16"),
    )
    jit_compile: bool = setting("compile the step with XLA (one device only)", False, resume="free")
    deterministic: bool = setting("same bits on every repetition, at some cost in speed", False, resume="free")

    @property
    def sides(self):
        """Endings of the names of the sets of pictures: ("",) where there is one, ("A", "B") for trainA and trainB."""
        return self.network.sides

    @property
    def stores(self):
        """How records may keep the pictures, the usual way first."""
        return STORES if len(self.sides) == 1 else ("source",)  # two sets are resized at random, each time anew

    @property
    def gradient_penalty(self):
        """Weight of the gradient penalty: the Wasserstein loss alone has one."""
        return self.gp_weight if self.loss == "wasserstein" else 0.0

    @property
    def records_name(self):
        """Folder of this experiment's records below TFRecordPath, without the size."""
        return f"{self.image_type}-bbox" if self.bbox else self.image_type


# The Chinese series, part 3: one pair of networks for five kinds of picture.
_ARTICLE = Experiment(
    image_type="img_align_celeba",
    model="dcgan",
    image_size=64,
    channels=3,
    base_filters=128,
    network=DCGAN(),
    batch_size=128,
    epochs=35,
    lr_drops=(10, 20, 25),
)

_TABLE = (
    # Ours, the demo: scikit-learn's digits on a network one level shallower, minutes on a laptop.
    dataclasses.replace(
        _ARTICLE, image_type="digits", image_size=32, channels=1, base_filters=32, batch_size=64, epochs=60, lr_drops=()
    ),
    dataclasses.replace(_ARTICLE, image_type="mnist", channels=1),
    dataclasses.replace(_ARTICLE, image_type="img_celeba", bbox=True),
    _ARTICLE,
    dataclasses.replace(_ARTICLE, image_type="img_align_celeba_png"),
    # Your own pictures, on the article's networks.
    dataclasses.replace(_ARTICLE, image_type="folder"),
    # Bai 2. Kernel, slope, batch size and Adam's numbers are ours: the post has none.
    Experiment(
        image_type="cifar10",
        model="dcgan",
        image_size=32,
        channels=3,
        noise_dim=128,
        base_filters=64,
        network=DCGAN(smallest=2, stem="dense", g_slope=0.0, d_slope=0.2, dropout=0.0),
        batch_size=128,
        epochs=150,
    ),
    # The lab report. It prints SGD's rate as 0.3, which diverges.
    Experiment(
        image_type="mnist",
        model="gan",
        image_size=28,
        channels=1,
        base_filters=128,
        network=GAN(),
        batch_size=64,
        epochs=100,
        optimizer="sgd",
        lr=0.1,
        update="alternating",
    ),
    # Bai 8. The post names no number of epochs; the paper has 200.
    Experiment(
        image_type="horse2zebra",
        model="cyclegan",
        image_size=256,
        channels=3,
        augment=True,
        base_filters=64,
        network=CycleGAN(),
        batch_size=1,
        epochs=200,
    ),
)

ROWS = {(row.image_type, row.model): row for row in _TABLE}

# Other published numbers for a row, by --preset.
PRESETS = {
    # The article's repository, where it differs from the article.
    "repository": {(row.image_type, row.model): {"batch_size": 256, "lr_drops": (15, 25, 28)} for row in _TABLE if row.lr_drops},
    # Zhu et al. 2017, and the identity loss of their code. At 256 pixels the paper has --blocks=9.
    "paper": {
        ("horse2zebra", "cyclegan"): {
            "loss": "least_squares",
            "cycle_loss": "l1",
            "identity_weight": 0.5,
            "pool": 50,
            "lr_decay": 0.5,
        }
    },
}

ALIASES = {"celeba": "img_celeba"}  # other spellings of an ImageType; canonical from the flag on
DEFAULT_IMAGE_TYPE = "digits"
STORES = ("pixels", "source")  # how records keep a picture: ready for training, or as the encoded original


def image_types():
    """The ImageTypes of the table, in its order."""
    return list(dict.fromkeys(image_type for image_type, _ in ROWS))


def models():
    """The models of the table, in its order."""
    return list(dict.fromkeys(model for _, model in ROWS))


def settings(experiment):
    """All settings of an experiment as {name: field}, the model's own among them."""
    return {field.name: field for field, _ in _walk(experiment)}


def values(experiment):
    """All settings of an experiment as {name: value}, the model's own among them."""
    return {field.name: value for field, value in _walk(experiment)}


def _walk(experiment):
    for field in dataclasses.fields(experiment):
        value = getattr(experiment, field.name)
        if dataclasses.is_dataclass(value):
            yield from ((inner, getattr(value, inner.name)) for inner in dataclasses.fields(value))
        elif experiment.model in (field.metadata["models"] or (experiment.model,)):
            yield field, value


def change(experiment, **given):
    """The experiment with other values, the model's own among them. Raises UserError for a value not allowed."""
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    for name in given:
        if name not in values(experiment):
            raise UserError(f"--{flag_name(name)} is no setting of {experiment.model}: leave it out")
    own = {field.name for field in dataclasses.fields(experiment.network)}
    inner = {name: value for name, value in given.items() if name in own}
    outer = {name: value for name, value in given.items() if name not in own}
    network = dataclasses.replace(experiment.network, **inner)
    return dataclasses.replace(experiment, **{"network": network, **outer})


def resolve(image_type=DEFAULT_IMAGE_TYPE, model=None, preset="article", **given):
    """The Experiment of a row, under a preset, with the values given (None: leave it as it is).

    Raises UserError for an unknown row or preset, a box where there are none, or a value not allowed.
    """
    image_type = ALIASES.get(image_type, image_type)
    rows = {name: row for (kind, name), row in ROWS.items() if kind == image_type}
    if not rows:
        raise UserError(f"--ImageType={image_type}: choose one of {', '.join(image_types())}")
    model = model or next(iter(rows))
    if model not in rows:
        raise UserError(f"--model={model} has no row for --ImageType={image_type}: choose {' or '.join(rows)}")
    row = rows[model]
    numbers = {}
    if preset != "article":
        numbers = PRESETS.get(preset, {}).get((image_type, model))
        if numbers is None:
            known = ["article", *(name for name, table in PRESETS.items() if (image_type, model) in table)]
            raise UserError(f"--preset={preset}: {model} on {image_type} has {', '.join(known)}")
    given = {name: value for name, value in given.items() if value is not None}
    if "bbox" in given and row.bbox is None:
        boxed = [kind for (kind, _), other in ROWS.items() if other.bbox is not None]
        raise UserError(f"--bbox and --nobbox are for {', '.join(boxed)} alone: {image_type} has no boxes; leave the flag out")
    experiment = change(row, preset=preset, **{**numbers, **given})
    if experiment.real_label != 1 and experiment.loss in ("hinge", "wasserstein"):
        raise UserError(f"--real_label={experiment.real_label}: --loss={experiment.loss} has no target for real pictures")
    if experiment.loss == "wasserstein" and "gp_weight" not in values(experiment):
        raise UserError(f"--loss=wasserstein needs a gradient penalty, which {experiment.model} has not: choose another loss")
    # A penalty on each picture's gradient means nothing where batch statistics mix the pictures (Gulrajani et al. 2017).
    if (experiment.r1 or experiment.gradient_penalty) and values(experiment).get("d_norm") == "batch":
        if "d_norm" in given:
            raise UserError("--d_norm=batch does not go with a gradient penalty: give --d_norm=layer or none")
        experiment = change(experiment, d_norm="layer")
    return experiment


def changes(experiment):
    """The settings that make an experiment another run than its row's, {name: value}."""
    usual, fields = values(ROWS[experiment.image_type, experiment.model]), settings(experiment)
    return {
        name: value
        for name, value in values(experiment).items()
        if value != usual[name] and fields[name].metadata["resume"] == "refuse"
    }


def in_words(value):
    """A setting's value as a person reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def to_dict(experiment):
    """The experiment as JSON can hold it; from_dict's inverse."""
    return json.loads(json.dumps(dataclasses.asdict(experiment)))


def from_dict(record):
    """The experiment that to_dict wrote. Raises TypeError where the fields are others."""
    record = dict(record, lr_drops=tuple(record["lr_drops"]))
    row = ROWS[record["image_type"], record["model"]]
    return Experiment(**{**record, "network": type(row.network)(**record["network"])})


def differences(run, asked):
    """Settings in which `asked` may not go on from `run`, one 'flag: RUN in the run, ASKED asked' each."""
    found = []
    fields, old, new = settings(run), values(run), values(asked)
    for name, field in fields.items():
        if name not in new:
            continue  # a setting of another model's; that it is another is told too
        rule = field.metadata["resume"]
        if rule == "free" or old[name] == new[name] or (rule == "grow" and new[name] > old[name]):
            continue
        found.append(f"{flag_name(name)}: {old[name]} in the run, {new[name]} asked")
    return found


def flag_lines(experiment):
    """The experiment as lines of an absl flagfile."""
    lines = []
    for name, value in values(experiment).items():
        if isinstance(value, bool):
            lines.append(f"--{'' if value else 'no'}{flag_name(name)}")
        elif isinstance(value, tuple):
            lines.append(f"--{flag_name(name)}={','.join(map(str, value))}")
        elif value is not None:
            lines.append(f"--{flag_name(name)}={value}")
    return lines
