import numpy as np
import pytest
from PIL import Image

from tfgan_series import latent, pictures, runs
from tfgan_series.errors import UserError
from tfgan_series.exploration import findings, interpolation
from tfgan_series.generators import load_generator


def angles(path):
    """Degrees from each z of a path to the next, by the arc cosine."""
    path = path.astype(np.float64)
    path /= np.linalg.norm(path, axis=1, keepdims=True)
    return np.degrees(np.arccos((path[:-1] * path[1:]).sum(axis=1)))


@pytest.mark.parametrize("noise_dim", [2, 100])
def test_spherical_steps_are_of_equal_angle(noise_dim):
    """Also between z of different lengths, for which the textbook's slerp has unequal angles."""
    start, end = latent.noise(2, noise_dim, seed=1).numpy() * [[1], [3]]
    path = interpolation.sphere(start, end, 7)
    whole = np.degrees(np.arccos(start @ end / np.linalg.norm(start) / np.linalg.norm(end)))
    np.testing.assert_allclose(angles(path), whole / 6, atol=1e-3)
    lengths = np.linalg.norm(path, axis=1)
    np.testing.assert_allclose(lengths, np.linspace(lengths[0], lengths[-1], 7), rtol=1e-5)


def test_a_quarter_circle_by_hand():
    """From (2, 0) to (0, 5) in thirds of a right angle, the length growing by 1 each."""
    path = interpolation.sphere(np.array([2.0, 0, 0]), np.array([0.0, 5, 0]), 4)
    expected = [[2, 0, 0], [3 * np.sqrt(0.75), 1.5, 0], [2, 4 * np.sqrt(0.75), 0], [0, 5, 0]]
    np.testing.assert_allclose(path, expected, atol=1e-6)


@pytest.mark.parametrize(("degrees", "refused"), [(179.9985, False), (179.9995, True)])
@pytest.mark.filterwarnings("error")
def test_only_what_lies_opposite_to_a_thousandth_of_a_degree_is_refused(degrees, refused):
    ends = np.array([1.0, 0]), np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
    if refused:
        with pytest.raises(UserError, match="opposite"):
            interpolation.sphere(*ends, 3)
    else:
        np.testing.assert_allclose(interpolation.sphere(*ends, 3)[1], [0, 1], atol=1e-4)


def test_a_z_of_one_number():
    assert interpolation.sphere(np.array([1.0]), np.array([3.0]), 3).tolist() == [[1], [2], [3]]
    with pytest.raises(UserError, match="opposite"):
        interpolation.sphere(np.array([1.0]), np.array([-3.0]), 3)


def test_linear_steps_are_of_equal_length():
    start, end = latent.noise(2, 9, seed=1).numpy()
    path = interpolation.line(start, end, 5)
    np.testing.assert_allclose(np.diff(path, axis=0), np.tile((end - start) / 4, (4, 1)), atol=1e-6)


@pytest.mark.parametrize("way", [interpolation.sphere, interpolation.line])
@pytest.mark.parametrize("steps", [2, 3, 24])
def test_ends_are_the_samples_to_the_last_bit(way, steps):
    start, end = latent.noise(2, 100, seed=1).numpy()
    path = way(start, end, steps)
    assert path.shape == (steps, 100)
    assert np.array_equal(path[0], start)
    assert np.array_equal(path[-1], end)


def test_a_way_to_itself_and_to_the_opposite():
    z = latent.noise(1, 5, seed=1).numpy()[0]
    assert np.array_equal(interpolation.sphere(z, z, 3), [z, z, z])
    with pytest.raises(UserError, match="lie opposite each other.*give --linear"):
        interpolation.sphere(z, -2 * z, 3)


def test_pictures_begin_and_end_at_the_samples(trained, tmp_path):
    generator = load_generator(trained / runs.GENERATOR)
    findings.write(interpolation.interpolate(generator, [3, 17, 5], steps=4, seed=2), "interpolate", tmp_path, None)
    samples = pictures.to_uint8(latent.sample(generator, latent.noise(20, 100, seed=2)))[..., 0]
    sheet = np.asarray(Image.open(tmp_path / "interpolate.png"))
    cells = {(row, column): sheet[2 + 98 * row :, 2 + 98 * column :][:96:12, :96:12] for row in (0, 1) for column in range(4)}
    for place, number in {(0, 0): 3, (0, 3): 17, (1, 0): 17, (1, 3): 5}.items():
        assert np.array_equal(cells[place][2:], samples[number - 1][2:])  # its first rows are under the label
    assert not np.array_equal(cells[0, 1], cells[0, 2])
    with Image.open(tmp_path / "interpolate.gif") as gif:
        assert gif.n_frames == 4 * 24  # there and back: the two ends once
        pages = []
        for frame in (0, 24, 48, 72, 95):
            gif.seek(frame)
            pages.append(np.asarray(gif.convert("L")).astype(int)[2:98:12, 2:98:12])
    assert np.abs(pages[0] - samples[2]).max() <= 4
    assert np.abs(pages[2] - samples[4]).max() <= 4
    assert np.array_equal(pages[1], pages[3])
    assert np.abs(pages[4] - pages[0]).mean() < np.abs(pages[1] - pages[0]).mean()


def test_what_is_said_of_a_walk(trained):
    generator = load_generator(trained / runs.GENERATOR)
    z = latent.numbered([3, 17], 100, seed=2).astype(np.float64)
    lengths = np.linalg.norm(z, axis=1)
    degrees = np.degrees(np.arccos(z[0] @ z[1] / lengths.prod()))
    straight = f"{np.linalg.norm(z.mean(axis=0)):.1f}"
    found = interpolation.interpolate(generator, [3, 17], seed=2, steps=3)
    assert found.text == (
        f"From sample 3 to sample 17 in 2 steps of equal angle; they are {degrees:.0f} degrees apart. "
        f"Halfway the length of z is {lengths.mean():.1f} (on the straight line it would be {straight}); "
        "the length of a sample is about 10.0."
    )
    assert found.numbers["degrees"] == [pytest.approx(degrees, abs=0.06)]
    linear = interpolation.interpolate(generator, [3, 17], seed=2, steps=2, spherical=False)
    assert "in 1 step on the straight line;" in linear.text
    assert f"Halfway the length of z is {straight}; the length of a sample" in linear.text


def test_a_row_for_each_walk_is_said(trained):
    generator = load_generator(trained / runs.GENERATOR)
    found = interpolation.interpolate(generator, [3, 17, 5], steps=2)
    assert found.text.startswith("A row for each walk. The first goes from sample 3 to sample 17 in 1 step of equal angle; ")
    assert list(found.pictures) == ["interpolate.png", "interpolate.gif"]


def test_one_sample_is_no_walk(trained):
    with pytest.raises(UserError, match="--samples=3: a walk needs two samples or more"):
        interpolation.interpolate(load_generator(trained / runs.GENERATOR), [3])
