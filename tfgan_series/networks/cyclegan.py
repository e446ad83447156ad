"""The CycleGAN (Zhu et al. 2017) of Bai 8: fully convolutional, for pictures of any size.

Initial weights are drawn from N(0, 0.02), as in the paper. The post does not mention them.
"""

import keras
from keras import Input, Model, layers, ops

from tfgan_series.errors import UserError
from tfgan_series.series.models import CycleGAN

_HALVINGS = 2  # of a generator
_EPSILON = 1e-5


def check(experiment: CycleGAN) -> None:
    """Raises UserError if halving and doubling would change the image size, or if it is too small for a PatchGAN."""
    size = experiment.image_size
    if size < 16 or size % 2**_HALVINGS:
        raise UserError(f"--image_size={size}: the CycleGAN needs a multiple of {2**_HALVINGS}, 16 or more")


def build(experiment: CycleGAN, synchronized: bool = False) -> dict[str, Model]:
    """{"generator_ab", "generator_ba": pictures [B, H, W, C] -> pictures float32 in [-1, 1], H and W multiples of 4;
    "discriminator_a", "discriminator_b": pictures -> a map of logits [B, h, w] float32, positive for "real"}.

    There are no batch statistics to synchronize: instance normalisation sees one picture.
    """
    return {
        **{name: _generator(experiment, name) for name in ("generator_ab", "generator_ba")},
        **{name: _discriminator(experiment, name) for name in ("discriminator_a", "discriminator_b")},
    }


def _weights():
    return keras.initializers.RandomNormal(stddev=0.02)


def _convolution(x, filters, kernel, strides=1, padding="same"):
    return layers.Conv2D(filters, kernel, strides=strides, padding=padding, kernel_initializer=_weights())(x)


def _reflected(x, filters, kernel):
    """A convolution that keeps the size: the picture is first extended by a mirrored border."""
    border = kernel // 2
    x = ops.pad(x, [(0, 0), (border, border), (border, border), (0, 0)], mode="reflect")
    return _convolution(x, filters, kernel, padding="valid")


def _normalised(x):
    return layers.GroupNormalization(groups=-1, epsilon=_EPSILON)(x)  # a group for each channel: instance normalisation


def _generator(experiment: CycleGAN, name: str) -> Model:
    """c7s1-64, d128, d256, residual blocks, u128, u64, c7s1-C: the paper's appendix 7.2."""
    width = experiment.base_filters
    pictures = Input([None, None, experiment.channels], name="pictures")
    x = layers.ReLU()(_normalised(_reflected(pictures, width, 7)))
    for level in range(1, _HALVINGS + 1):  # HxW -> H/2xW/2 -> H/4xW/4
        x = layers.ReLU()(_normalised(_convolution(x, width * 2**level, 3, strides=2)))
    filters = width * 2**_HALVINGS
    for _ in range(experiment.blocks):
        inner = layers.ReLU()(_normalised(_reflected(x, filters, 3)))
        x = layers.Add()([x, _normalised(_reflected(inner, filters, 3))])
    for level in reversed(range(_HALVINGS)):  # -> H/2xW/2 -> HxW
        x = layers.Conv2DTranspose(width * 2**level, 3, strides=2, padding="same", kernel_initializer=_weights())(x)
        x = layers.ReLU()(_normalised(x))
    x = _reflected(x, experiment.channels, 7)
    return Model(pictures, layers.Activation("tanh", dtype="float32")(x), name=name)


def _discriminator(experiment: CycleGAN, name: str) -> Model:
    """C64-C128-C256-C512, the last of stride 1, and a convolution to one logit for each patch: the paper's 70x70 PatchGAN."""
    width = experiment.base_filters
    pictures = Input([None, None, experiment.channels], name="pictures")
    x = layers.LeakyReLU(0.2)(_convolution(pictures, width, 4, strides=2))
    for level, strides in ((1, 2), (2, 2), (3, 1)):
        x = layers.LeakyReLU(0.2)(_normalised(_convolution(x, width * 2**level, 4, strides=strides)))
    x = _convolution(x, 1, 4)
    return Model(pictures, layers.Activation("linear", dtype="float32")(ops.squeeze(x, -1)), name=name)
