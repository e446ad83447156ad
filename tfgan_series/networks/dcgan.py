"""The DCGAN (Radford et al. 2016) of the Chinese series, part 3, and of Bài 2.

It differs from the article: our discriminator ends in one logit. The article's code adds Dropout, a Dense(1) and a sigmoid.
"""

import functools
from typing import Any

from keras import Input, Model, initializers, layers

from tfgan_series.errors import UserError
from tfgan_series.inference import with_condition
from tfgan_series.networks import conditional
from tfgan_series.series.models import DCGAN

_KERNEL = 4


def check(experiment: DCGAN) -> None:
    """Raises UserError if doubling the innermost features does not lead to the image size."""
    size, smallest = experiment.image_size, experiment.smallest
    doublings = size // smallest
    if doublings < 2 or size % smallest or doublings & (doublings - 1):
        sizes = ", ".join(str(smallest * 2**level) for level in range(1, 6))
        raise UserError(f"--image_size={size}: the DCGAN needs {smallest} (--smallest) times a power of two: {sizes} ...")


def build(experiment: DCGAN, synchronized: bool = False) -> dict[str, Model]:
    """{"generator", "discriminator"}; synchronized: batch statistics over all replicas.

    If the experiment has conditions, both take the condition [B, K] as a second input.
    """
    return {
        "generator": _generator(experiment, synchronized),
        "discriminator": _discriminator(experiment, synchronized),
    }


def _widths(experiment: DCGAN) -> list[int]:
    """Filters from the picture inwards: 128, 256, 512, 1024 for 64 pixels, doubled from 4."""
    levels = (experiment.image_size // experiment.smallest).bit_length() - 1
    return [experiment.base_filters * 2**level for level in range(levels)]


def _weighted(experiment: DCGAN, kind: type[layers.Layer], *sizes: int, **how: Any) -> layers.Layer:
    """A convolution or Dense layer whose kernel is drawn as --init says."""
    drawn = initializers.RandomNormal(stddev=0.02) if experiment.init == "normal" else initializers.GlorotUniform()
    return kind(*sizes, kernel_initializer=drawn, **how)


def _generator(experiment: DCGAN, synchronized: bool) -> Model:
    """z [B, noise_dim] -> pictures [B, H, W, C] float32 in [-1, 1]."""
    weighted = functools.partial(_weighted, experiment)

    def norm(x):
        if experiment.g_norm == "none":
            return x
        return layers.BatchNormalization(momentum=experiment.g_norm_momentum, synchronized=synchronized)(x)

    def double(x, filters):
        if experiment.upsampling == "transposed":
            return weighted(layers.Conv2DTranspose, filters, _KERNEL, strides=2, padding="same")(x)
        return weighted(layers.Conv2D, filters, _KERNEL, padding="same")(layers.UpSampling2D(2)(x))

    z, condition = Input([experiment.noise_dim], name="z"), conditional.condition_of(experiment)
    x = conditional.beside(z, condition)
    *inner, deepest = _widths(experiment)
    smallest = experiment.smallest
    if experiment.stem == "conv":  # 1x1 -> 4x4
        x = layers.Reshape([1, 1, x.shape[-1]])(x)
        x = weighted(layers.Conv2DTranspose, deepest, smallest)(x)
    else:
        x = weighted(layers.Dense, smallest**2 * deepest)(x)
        x = layers.Reshape([smallest, smallest, deepest])(x)
    for filters in [*reversed(inner), experiment.channels]:  # 4x4 -> 8x8 -> ... -> HxW
        x = norm(x)
        x = layers.LeakyReLU(experiment.g_slope)(x)
        x = double(x, filters)
    if experiment.norm_ends:
        x = norm(x)
    x = layers.Activation(experiment.output, dtype="float32")(x)
    if experiment.output == "sigmoid":
        x = layers.Rescaling(2.0, offset=-1.0, dtype="float32")(x)
    return Model(with_condition(z, condition), x, name="generator")


def _discriminator(experiment: DCGAN, synchronized: bool) -> Model:
    """Pictures [B, H, W, C] in [-1, 1] -> logits [B] float32, positive for "real"."""
    kind = experiment.discriminator_norm

    def norm(x):
        if kind == "batch":
            return layers.BatchNormalization(synchronized=synchronized)(x)
        return layers.LayerNormalization(axis=(1, 2, 3))(x) if kind == "layer" else x

    def weighted(layer, *sizes, **how):
        made = _weighted(experiment, layer, *sizes, **how)
        # In a reduced precision it would round the kernel itself, because it assigns the kernel that it has divided. The
        # convolution inside keeps the experiment's precision.
        return layers.SpectralNormalization(made, dtype="float32") if kind == "spectral" else made

    def halve(x, filters):
        if experiment.downsampling == "strided":
            return weighted(layers.Conv2D, filters, _KERNEL, strides=2, padding="same")(x)
        return layers.MaxPooling2D(2)(weighted(layers.Conv2D, filters, _KERNEL, padding="same")(x))

    pictures = Input([experiment.image_size, experiment.image_size, experiment.channels], name="pictures")
    condition = conditional.condition_of(experiment)
    outputs = conditional.outputs(condition)
    x = layers.Rescaling(0.5, offset=0.5)(pictures) if experiment.output == "sigmoid" else pictures
    first, *inner = _widths(experiment)
    x = halve(x, first)
    if experiment.norm_ends:
        x = norm(x)
    x = layers.LeakyReLU(experiment.d_slope)(x)
    for filters in inner:  # HxW -> ... -> 4x4
        x = halve(x, filters)
        x = norm(x)
        x = layers.LeakyReLU(experiment.d_slope)(x)
        x = layers.Dropout(experiment.dropout)(x)
    if experiment.stem == "conv":  # 4x4 -> 1x1
        x = weighted(layers.Conv2D, outputs, experiment.smallest)(x)
    else:
        x = weighted(layers.Dense, outputs)(layers.Flatten()(x))
    return Model(with_condition(pictures, condition), conditional.logit(x, condition), name="discriminator")
