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
    with pytest.raises(UserError, match=f"--image_size={size}: the DCGAN needs 4 \\(--smallest\\) times a power of two"):
        networks.build(series.resolve("mnist", image_size=size))


def described(model):
    """What each layer is and the numbers that make it so."""
    told = {
        "Conv2D": lambda layer: (layer.filters, layer.kernel_size[0], layer.strides[0], layer.padding),
        "Conv2DTranspose": lambda layer: (layer.filters, layer.kernel_size[0], layer.strides[0], layer.padding),
        "LeakyReLU": lambda layer: (round(float(layer.negative_slope), 6),),
        "Dropout": lambda layer: (layer.rate,),
        "Activation": lambda layer: (layer.activation.__name__,),
    }
    kinds = [(type(layer).__name__, layer) for layer in model.layers]
    return [(kind, *told.get(kind, lambda layer: ())(layer)) for kind, layer in kinds if kind not in ("InputLayer", "Reshape")]


def test_the_articles_layers():
    """The Chinese series, part 3, layer by layer."""
    built = networks.build(series.resolve("mnist", base_filters=4))
    activated, leaky = [("BatchNormalization",), ("LeakyReLU", 0.3)], ("LeakyReLU", 0.3)
    growing = [step for filters in (16, 8, 4) for step in (("Conv2DTranspose", filters, 4, 2, "same"), *activated)]
    assert described(built["generator"]) == [
        ("Conv2DTranspose", 32, 4, 1, "valid"), *activated, *growing,
        ("Conv2DTranspose", 1, 4, 2, "same"), ("Activation", "tanh"),
    ]  # fmt: skip
    inner = [step for filters in (8, 16, 32) for step in (("Conv2D", filters, 4, 2, "same"), *activated, ("Dropout", 0.3))]
    assert described(built["discriminator"]) == [
        ("Conv2D", 4, 4, 2, "same"), leaky, *inner, ("Conv2D", 1, 4, 1, "valid"),
    ]  # fmt: skip


def test_under_a_penalty_the_discriminator_normalises_each_picture_by_itself():
    kinds = [kind for kind, *_ in described(networks.build(series.resolve("mnist", base_filters=2, r1=1.0))["discriminator"])]
    assert (kinds.count("LayerNormalization"), kinds.count("BatchNormalization")) == (3, 0)


def test_spectral_normalisation_bounds_every_layer_of_the_discriminator():
    """After enough calls in training the largest singular value of each kernel, as a matrix, is 1."""
    judge = networks.build(series.resolve("mnist", image_size=8, base_filters=4, d_norm="spectral"))["discriminator"]
    for _ in range(30):
        judge(np.zeros((1, 8, 8, 1), "float32"), training=True)
    kernels = [one.numpy() for one in judge.trainable_variables if "kernel" in one.path]
    norms = [np.linalg.norm(kernel.reshape(-1, kernel.shape[-1]), 2) for kernel in kernels]
    assert len(norms) == 2
    np.testing.assert_allclose(norms, 1, rtol=0.01)


def test_spectral_normalisation_keeps_the_kernels_in_float32():
    """The kernels do not depend on the pictures, so after two calls in training they are those of a network in float32."""
    row = series.resolve("mnist", image_size=8, base_filters=4, stem="dense", d_norm="spectral")
    exact, mixed = (networks.build(row.change(precision=one))["discriminator"] for one in ("float32", "mixed_bfloat16"))
    images = np.random.default_rng(0).uniform(-1, 1, (2, 8, 8, 1)).astype("float32")
    for _ in range(2):
        for judge in (exact, mixed):
            judge(images, training=True)
    assert [(one.shape, one.dtype) for one in exact.weights] == [(one.shape, one.dtype) for one in mixed.weights]
    for wanted, found in zip(exact.get_weights(), mixed.get_weights(), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-6)
    normalised = [layer for layer in mixed.layers if isinstance(layer, keras.layers.SpectralNormalization)]
    activated = [layer for layer in mixed.layers if isinstance(layer, keras.layers.LeakyReLU)]
    assert [layer.layer.compute_dtype for layer in normalised] == ["bfloat16"] * 2
    assert [layer.output.dtype for layer in activated] == ["bfloat16"]


@pytest.mark.parametrize("stem", ["conv", "dense"])
def test_initial_kernels(stem):
    """normal: N(0, 0.02) in both networks; glorot depends on the layer's size. Each layer draws its own."""
    built = networks.build(series.resolve("mnist", image_size=16, base_filters=32, init="normal", stem=stem))
    kernels = [one.numpy() for model in built.values() for one in model.trainable_variables if "kernel" in one.path]
    assert len(kernels) == 6
    for kernel in kernels:
        assert kernel.std() == pytest.approx(0.02, rel=0.1)
    assert len({kernel.ravel()[0] for kernel in kernels}) == len(kernels)


def test_the_moving_statistics_momentum():
    built = networks.build(series.resolve("mnist", image_size=8, base_filters=4, g_norm_momentum=0.9))
    momenta = {layer.momentum for layer in built["generator"].layers if isinstance(layer, keras.layers.BatchNormalization)}
    assert momenta == {0.9}


def test_the_seed_fixes_the_weights():
    same, again, other = (
        networks.build(series.resolve("mnist", image_size=8, base_filters=4, seed=seed))["generator"].get_weights()
        for seed in (0, 0, 1)
    )
    assert all(np.array_equal(a, b) for a, b in zip(same, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(same, other, strict=True))


def test_reduced_precision_inside_float32_outside():
    built = networks.build(series.resolve("mnist", image_size=8, base_filters=4, precision="mixed_bfloat16"))
    inside = next(layer for layer in built["generator"].layers if isinstance(layer, keras.layers.Conv2DTranspose))
    assert (inside.compute_dtype, inside.variable_dtype) == ("bfloat16", "float32")
    images = built["generator"](np.zeros((2, 100), "float32"))
    assert images.dtype == "float32"
    assert built["discriminator"](images).dtype == "float32"
    assert keras.config.dtype_policy().name == "float32"


def test_bai_2s_networks():
    """Dense to 2x2x512, doubled to 32; counted by hand: kernels, biases, and 4 numbers a feature for each BN."""
    built = networks.build(series.resolve("cifar10"))
    stem = 128 * 2048 + 2048 + 4 * 512
    growing = sum(16 * a * b + b + 4 * b for a, b in [(512, 256), (256, 128), (128, 64)]) + 16 * 64 * 3 + 3
    assert built["generator"].count_params() == stem + growing
    shrinking = 16 * 3 * 64 + 64 + sum(16 * a * b + b + 4 * b for a, b in [(64, 128), (128, 256), (256, 512)])
    assert built["discriminator"].count_params() == shrinking + 2048 + 1
    assert built["generator"].get_layer(index=2).output.shape == (None, 2, 2, 512)


@pytest.mark.parametrize(
    "given",
    [
        {"output": "sigmoid"},
        {"upsampling": "nearest"},
        {"downsampling": "pool"},
        {"g_norm": "none", "d_norm": "none"},
        {"norm_ends": True},
        {"g_slope": 0.0, "d_slope": 0.0},
    ],
)
def test_every_switch_keeps_the_shapes_and_the_range(given):
    built = networks.build(series.resolve("mnist", image_size=8, base_filters=4, **given))
    images = built["generator"](np.random.default_rng(0).normal(size=(3, 100)).astype("float32"), training=True)
    assert images.shape == (3, 8, 8, 1)
    assert -1 <= np.min(images) < 0 < np.max(images) <= 1
    assert built["discriminator"](images).shape == (3,)


def test_what_the_switches_switch():
    def kinds(**given):
        built = networks.build(series.resolve("mnist", image_size=16, base_filters=4, **given))
        return {name: [type(layer).__name__ for layer in model.layers] for name, model in built.items()}

    usual = kinds()
    assert usual["generator"].count("BatchNormalization") == 2
    assert usual["discriminator"].count("BatchNormalization") == 1
    ends = kinds(norm_ends=True)
    assert ends["generator"][-2:] == ["BatchNormalization", "Activation"]
    assert ends["discriminator"][1:3] == ["Conv2D", "BatchNormalization"]
    assert kinds(g_norm="none")["generator"].count("BatchNormalization") == 0
    assert kinds(upsampling="nearest")["generator"].count("UpSampling2D") == 2
    assert kinds(downsampling="pool")["discriminator"].count("MaxPooling2D") == 2
    # The generator ends in [0, 1] and rescales it. The discriminator begins by rescaling its input to [0, 1].
    sigmoid = kinds(output="sigmoid")
    assert sigmoid["generator"][-2:] == ["Activation", "Rescaling"]
    assert sigmoid["discriminator"][1] == "Rescaling"
