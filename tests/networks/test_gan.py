import numpy as np
import pytest

from tfgan_series import networks, series


def test_the_reports_two_layers():
    built = networks.build(series.resolve("mnist", model="gan"))
    # Weights and biases of 100 -> 128 -> 784, and of 784 -> 128 -> 1.
    assert built["generator"].count_params() == 100 * 128 + 128 + 128 * 784 + 784
    assert built["discriminator"].count_params() == 784 * 128 + 128 + 128 + 1
    images = built["generator"](np.zeros((3, 100), "float32"))
    assert images.shape == (3, 28, 28, 1)
    assert built["discriminator"](images).shape == (3,)


def test_pytorchs_initial_weights():
    first, second = networks.build(series.resolve("mnist", model="gan"))["generator"].weights[:4:2]
    biases = networks.build(series.resolve("mnist", model="gan"))["generator"].weights[1:4:2]
    for kernel, bias, inputs in zip((first, second), biases, (100, 128), strict=True):
        for drawn in (kernel.numpy(), bias.numpy()):
            assert abs(drawn).max() <= inputs**-0.5
            assert drawn.std() == pytest.approx(inputs**-0.5 / 3**0.5, rel=0.12)  # of a uniform distribution
    assert not np.array_equal(biases[0].numpy(), first.numpy()[0])


def test_glorots_initial_weights():
    """Glorot and Bengio 2010, equation 16: uniform up to the square root of 6 / (inputs + outputs). Biases are 0."""
    first, first_bias, second, second_bias = networks.build(series.resolve("mnist", model="gan", init="glorot"))[
        "generator"
    ].weights
    for kernel, units in ((first, 100 + 128), (second, 128 + 784)):
        bound = (6 / units) ** 0.5
        assert 0.99 * bound < abs(kernel.numpy()).max() <= bound
        assert kernel.numpy().std() == pytest.approx(bound / 3**0.5, rel=0.05)
    assert not first_bias.numpy().any()
    assert not second_bias.numpy().any()
