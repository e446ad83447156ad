import numpy as np
from PIL import Image

from tfgan_series import generation, runs


def test_grid_and_singles(trained, tmp_path):
    grid = generation.generate(trained / runs.GENERATOR, tmp_path, count=5, seed=3, singles=True)
    assert grid == tmp_path / "seed-3.png"
    singles = [np.asarray(Image.open(tmp_path / f"seed-3/{number:06d}.png")) for number in range(1, 6)]
    assert all(single.shape == (8, 8) for single in singles)
    sheet = np.asarray(Image.open(grid))  # 3 columns of 8x8, each pixel 12x12
    for index, single in enumerate(singles):
        top, left = 2 + 98 * (index // 3), 2 + 98 * (index % 3)
        assert np.array_equal(sheet[top : top + 96 : 12, left : left + 96 : 12], single)


def test_a_seed_repeats_its_pictures(trained, tmp_path):
    sheets = [
        generation.generate(trained / runs.GENERATOR, tmp_path / str(index), seed=seed).read_bytes()
        for index, seed in enumerate((1, 1, 2))
    ]
    assert sheets[0] == sheets[1] != sheets[2]


def test_the_runs_own_seed_gives_the_epochs_grid(trained, tmp_path):
    sheet = np.asarray(Image.open(generation.generate(trained / runs.GENERATOR, tmp_path)))
    assert np.array_equal(np.asarray(Image.open(trained / "images/epoch-002.png"))[26:], sheet)
