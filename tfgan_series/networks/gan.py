"""The vanilla GAN (Goodfellow et al. 2014) of the lab report: two layers for each player, any size."""

from keras import Input, Model, layers

from tfgan_series.series.models import GAN


def check(experiment: GAN) -> None:
    """Every size can be built."""


def build(experiment: GAN, synchronized: bool = False) -> dict[str, Model]:
    """{"generator": z [B, noise_dim] -> pictures [B, H, W, C] float32 in [-1, 1], "discriminator": pictures -> logits [B]
    float32, positive for "real"}. There are no batch statistics to synchronize."""
    shape = [experiment.image_size, experiment.image_size, experiment.channels]
    slope = experiment.slope

    z = Input([experiment.noise_dim], name="z")
    x = layers.Dense(experiment.base_filters)(z)
    x = layers.LeakyReLU(slope)(x)
    x = layers.Dense(shape[0] * shape[1] * shape[2])(x)
    x = layers.Reshape(shape)(x)
    generator = Model(z, layers.Activation("tanh", dtype="float32")(x), name="generator")

    pictures = Input(shape, name="pictures")
    x = layers.Flatten()(pictures)
    x = layers.Dense(experiment.base_filters)(x)
    x = layers.LeakyReLU(slope)(x)
    x = layers.Dense(1)(x)
    return {
        "generator": generator,
        "discriminator": Model(pictures, layers.Reshape([], dtype="float32")(x), name="discriminator"),
    }
