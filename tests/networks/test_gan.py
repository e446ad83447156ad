import numpy as np

from tfgan_series import networks, series


def test_the_reports_two_layers():
    built = networks.build(series.resolve("mnist", model="gan"))
    # Weights and biases of 100 -> 128 -> 784, and of 784 -> 128 -> 1.
    assert built["generator"].count_params() == 100 * 128 + 128 + 128 * 784 + 784
    assert built["discriminator"].count_params() == 784 * 128 + 128 + 128 + 1
    images = built["generator"](np.zeros((3, 100), "float32"))
    assert images.shape == (3, 28, 28, 1)
    assert built["discriminator"](images).shape == (3,)
