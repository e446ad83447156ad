import numpy as np
import pytest
from scipy import stats

from tfgan_series import latent, networks, runs, series
from tfgan_series.errors import UserError
from tfgan_series.generators import load_generator


def test_noise_is_standard_normal_and_its_seeds_own():
    z = latent.noise(2000, 5, seed=3).numpy()
    assert stats.kstest(z.ravel(), "norm").pvalue > 0.01
    assert np.array_equal(z, latent.noise(2000, 5, seed=3))
    assert not np.array_equal(z, latent.noise(2000, 5, seed=4))
    assert not np.array_equal(z, latent.noise(2000, 5, seed=3, stream=0))


def test_a_picture_depends_on_its_own_z_alone(trained):
    generator = load_generator(trained / runs.GENERATOR)
    z = latent.noise(70, 100, seed=1)
    images = latent.sample(generator, z)
    assert images.shape == (70, 8, 8, 1)
    assert np.abs(images).max() <= 1
    assert np.array_equal(latent.sample(generator, z[64:66]), images[64:66])


def test_to_the_last_bit_whatever_is_drawn_beside_it():
    """The vanilla GAN: its matrix products give other bits in batches of 8."""
    generator = networks.build(series.resolve("mnist", "gan"))["generator"]
    z = latent.noise(16, 100, seed=2)
    images = latent.sample(generator, z)
    assert all(np.array_equal(latent.sample(generator, z[k : k + 8])[0], images[k]) for k in range(16))
    assert np.allclose(latent.sample(generator, z, batch=8), images, atol=1e-5)


@pytest.mark.parametrize("noise_dim", [3, 100])
def test_a_sample_has_the_same_z_whatever_the_count(noise_dim):
    many = latent.noise(1000, noise_dim, seed=4).numpy()
    assert all(np.array_equal(latent.noise(count, noise_dim, seed=4), many[:count]) for count in (1, 2, 16, 17, 999))
    assert np.array_equal(latent.numbered([17, 1, 17], noise_dim, seed=4), many[[16, 0, 16]])


@pytest.mark.parametrize("seed", [True, -1, 2**32, 1.5])
def test_a_seed_that_is_none_is_refused(seed):
    with pytest.raises(UserError, match=f"seed={seed}: give a whole number from 0 to 4,294,967,295"):
        latent.noise(1, 5, seed)


def test_no_number_is_refused():
    with pytest.raises(UserError, match="no sample: give the number of one"):
        latent.numbered([], 5, seed=0)


@pytest.mark.parametrize("number", [0, -1, latent.LARGEST + 1])
def test_a_number_that_is_no_sample(number):
    with pytest.raises(UserError, match=f"there is no sample {number}: samples are numbered from 1 to 100000"):
        latent.numbered([3, number], 5, seed=0)
