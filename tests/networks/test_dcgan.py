import keras
import numpy as np
import pytest

from tfgan_series import networks, series
from tfgan_series.errors import UserError


@pytest.mark.parametrize(
    ("image_type", "generator", "discriminator"), [("img_celeba", 12_664_195, 11_041_665), ("mnist", 12_660_097, 11_037_569)]
)
def test_parameters_of_the_articles_networks(image_type, generator, discriminator):
    built = networks.build(series.resolve(image_type))
    assert built["generator"].count_params() == generator
    assert built["discriminator"].count_params() == discriminator


@pytest.mark.parametrize("size", [8, 32, 128])
def test_shapes_and_range(size):
    built = networks.build(series.resolve("folder", image_size=size, base_filters=2))
    images = built["generator"](np.random.default_rng(0).normal(size=(3, 100)).astype("float32"))
    assert images.shape == (3, size, size, 3)
    assert np.abs(images).max() <= 1
    assert built["discriminator"](images).shape == (3,)


@pytest.mark.parametrize("size", [1, 4, 28, 48, 100])
def test_sizes_it_cannot_be_built_for(size):
    with pytest.raises(UserError, match=f"--image_size={size}: the DCGAN needs 4 times a power of two"):
        networks.build(series.resolve("digits", image_size=size))


def test_the_seed_fixes_the_weights():
    same, again, other = (
        networks.build(series.resolve("digits", image_size=8, base_filters=4, seed=seed))["generator"].get_weights()
        for seed in (0, 0, 1)
    )
    assert all(np.array_equal(a, b) for a, b in zip(same, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(same, other, strict=True))


def test_reduced_precision_inside_float32_outside():
    built = networks.build(series.resolve("digits", image_size=8, base_filters=4, precision="mixed_bfloat16"))
    inside = next(layer for layer in built["generator"].layers if isinstance(layer, keras.layers.Conv2DTranspose))
    assert (inside.compute_dtype, inside.variable_dtype) == ("bfloat16", "float32")
    images = built["generator"](np.zeros((2, 100), "float32"))
    assert images.dtype == "float32"
    assert built["discriminator"](images).dtype == "float32"
    assert keras.config.dtype_policy().name == "float32"
