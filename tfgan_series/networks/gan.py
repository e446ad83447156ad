"""The vanilla GAN (Goodfellow et al. 2014) of the lab report: two layers for each player, any size."""

from keras import Input, KerasTensor, Model, initializers, layers

from tfgan_series.inference import with_condition
from tfgan_series.networks import conditional
from tfgan_series.series.models import GAN


def check(experiment: GAN) -> None:
    """Every size can be built."""


def _dense(experiment: GAN, x: KerasTensor, units: int) -> KerasTensor:
    """A Dense layer whose weights are drawn as --init says."""
    if experiment.init == "glorot":
        return layers.Dense(units)(x)
    bound = x.shape[-1] ** -0.5  # torch.nn.Linear, reset_parameters
    # Two of them: an initializer gives the same numbers each time.
    weights, biases = (initializers.RandomUniform(-bound, bound) for _ in range(2))
    return layers.Dense(units, kernel_initializer=weights, bias_initializer=biases)(x)


def build(experiment: GAN, synchronized: bool = False) -> dict[str, Model]:
    """{"generator": z [B, noise_dim] -> pictures [B, H, W, C] float32 in [-1, 1], "discriminator": pictures -> logits [B]
    float32, positive for "real"}. If the experiment has conditions, both take the condition [B, K] as a second input. There are
    no batch statistics to synchronize."""
    shape = [experiment.image_size, experiment.image_size, experiment.channels]
    slope = experiment.slope

    z = Input([experiment.noise_dim], name="z")
    condition = conditional.condition_of(experiment)
    x = _dense(experiment, conditional.beside(z, condition), experiment.base_filters)
    x = layers.LeakyReLU(slope)(x)
    x = _dense(experiment, x, shape[0] * shape[1] * shape[2])
    x = layers.Reshape(shape)(x)
    x = layers.Activation("tanh", dtype="float32")(x)
    generator = Model(with_condition(z, condition), x, name="generator")

    pictures, condition = Input(shape, name="pictures"), conditional.condition_of(experiment)
    x = layers.Flatten()(pictures)
    x = _dense(experiment, x, experiment.base_filters)
    x = layers.LeakyReLU(slope)(x)
    logits = conditional.logit(_dense(experiment, x, conditional.outputs(condition)), condition)
    return {
        "generator": generator,
        "discriminator": Model(with_condition(pictures, condition), logits, name="discriminator"),
    }
