import numpy as np
from scipy import stats

from tfgan_series import latent, runs


def test_noise_is_standard_normal_and_its_seeds_own():
    z = latent.noise(2000, 5, seed=3).numpy()
    assert stats.kstest(z.ravel(), "norm").pvalue > 0.01
    assert np.array_equal(z, latent.noise(2000, 5, seed=3))
    assert not np.array_equal(z, latent.noise(2000, 5, seed=4))
    assert not np.array_equal(z, latent.noise(2000, 5, seed=3, stream=0))


def test_a_picture_depends_on_its_own_z_alone(trained):
    generator = runs.load_generator(trained / runs.GENERATOR)
    z = latent.noise(70, 100, seed=1)
    images = latent.sample(generator, z)
    assert images.shape == (70, 8, 8, 1)
    assert np.abs(images).max() <= 1
    np.testing.assert_allclose(latent.sample(generator, z[64:66]), images[64:66], atol=1e-6)
