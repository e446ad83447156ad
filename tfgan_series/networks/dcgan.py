"""The DCGAN (Radford et al. 2016) of the Chinese series, part 3, for every size that is 4 times a power of two.

Against the article: the discriminator ends in one logit, where its code has Dropout, a further Dense(1) and a sigmoid.
"""

from keras import Input, Model, layers

from tfgan_series.errors import UserError

_KERNEL = 4


def check(experiment):
    """Raises UserError for an image size that doubling 4 pixels does not reach."""
    size = experiment.image_size
    if size < 8 or size & (size - 1):
        raise UserError(f"--image_size={size}: the DCGAN needs 4 times a power of two: 8, 16, 32, 64, 128 ...")


def build(experiment, synchronized=False):
    """{"generator", "discriminator"}; synchronized: batch statistics over all replicas."""
    return {
        "generator": _generator(experiment, synchronized),
        "discriminator": _discriminator(experiment, synchronized),
    }


def _widths(experiment):
    """Filters from the picture inwards: 128, 256, 512, 1024 for 64 pixels."""
    levels = (experiment.image_size // 4).bit_length() - 1
    return [experiment.base_filters * 2**level for level in range(levels)]


def _generator(experiment, synchronized):
    """z [B, noise_dim] -> pictures [B, H, W, C] float32 in [-1, 1]."""
    slope = experiment.network.slope
    z = Input([experiment.noise_dim], name="z")
    x = layers.Reshape([1, 1, experiment.noise_dim])(z)
    *inner, deepest = _widths(experiment)
    x = layers.Conv2DTranspose(deepest, _KERNEL)(x)  # 1x1 -> 4x4
    for filters in [*reversed(inner), None]:  # 4x4 -> 8x8 -> ... -> HxW
        x = layers.BatchNormalization(synchronized=synchronized)(x)
        x = layers.LeakyReLU(slope)(x)
        x = layers.Conv2DTranspose(filters or experiment.channels, _KERNEL, strides=2, padding="same")(x)
    return Model(z, layers.Activation("tanh", dtype="float32")(x), name="generator")


def _discriminator(experiment, synchronized):
    """Pictures [B, H, W, C] in [-1, 1] -> logits [B] float32, positive for "real"."""
    own = experiment.network
    pictures = Input([experiment.image_size, experiment.image_size, experiment.channels], name="pictures")
    first, *inner = _widths(experiment)
    x = layers.Conv2D(first, _KERNEL, strides=2, padding="same")(pictures)
    x = layers.LeakyReLU(own.slope)(x)
    norm = {
        "batch": lambda: layers.BatchNormalization(synchronized=synchronized),
        "layer": lambda: layers.LayerNormalization(axis=(1, 2, 3)),
        "none": layers.Identity,
    }[own.norm]
    for filters in inner:  # HxW -> ... -> 4x4
        x = layers.Conv2D(filters, _KERNEL, strides=2, padding="same")(x)
        x = norm()(x)
        x = layers.LeakyReLU(own.slope)(x)
        x = layers.Dropout(own.dropout)(x)
    x = layers.Conv2D(1, _KERNEL)(x)  # 4x4 -> 1x1
    return Model(pictures, layers.Reshape([], dtype="float32")(x), name="discriminator")
