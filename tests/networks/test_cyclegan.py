import keras
import numpy as np
import pytest

from tfgan_series import networks, series
from tfgan_series.errors import UserError


def build(**given):
    return networks.build(series.resolve("horse2zebra", **given))


def test_parameters_of_the_papers_networks():
    """The well-known counts of the paper's code, plus scale and shift of each instance normalisation, which only ours has."""
    norms = {6: 2 * (64 + 128 + 256 + 12 * 256 + 128 + 64), 9: 2 * (64 + 128 + 256 + 18 * 256 + 128 + 64)}
    assert build()["generator_ab"].count_params() == 7_837_699 + norms[6]
    built = build(blocks=9)
    assert built["generator_ba"].count_params() == 11_378_179 + norms[9]
    assert built["discriminator_a"].count_params() == 2_764_737 + 2 * (128 + 256 + 512)


def test_any_size_that_is_a_multiple_of_4():
    built = build(base_filters=2, blocks=1)
    for height, width in ((16, 16), (20, 36)):
        images = np.random.default_rng(0).uniform(-1, 1, (2, height, width, 3)).astype("float32")
        translated = built["generator_ab"](images)
        assert translated.shape == images.shape
        assert np.abs(translated).max() <= 1
    assert built["discriminator_b"](np.zeros((2, 64, 64, 3), "float32")).shape == (2, 8, 8)


def test_instance_normalisation_is_each_pictures_own():
    generator = build(base_filters=2, blocks=1)["generator_ab"]
    images = np.random.default_rng(0).uniform(-1, 1, (2, 16, 16, 3)).astype("float32")
    assert np.allclose(generator(images)[:1], generator(images[:1]), atol=1e-5)


def test_the_border_mirrors_the_picture():
    """If a picture has one colour, its mirrored border has it too, so a generator's first convolution sees only this colour."""
    generator = build(base_filters=2, blocks=1)["generator_ab"]
    first = next(layer for layer in generator.layers if isinstance(layer, keras.layers.Conv2D))
    seen = keras.Model(generator.input, first.output)(np.full((1, 16, 16, 3), 0.5, "float32")).numpy()
    assert np.ptp(seen, axis=(1, 2)).max() < 1e-6


@pytest.mark.parametrize("size", [12, 18])
def test_sizes_it_cannot_be_built_for(size):
    with pytest.raises(UserError, match=f"--image_size={size}: the CycleGAN needs a multiple of 4, 16 or more"):
        build(image_size=size)
