import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from tfgan_series import generation, latent, pictures, runs
from tfgan_series.errors import UserError
from tfgan_series.generators import load_generator


def test_grid_and_singles(trained, tmp_path):
    grid, folder = generation.generate(trained / runs.GENERATOR, tmp_path, count=5, seed=3, singles=True)
    assert (grid, folder) == (tmp_path / "seed-3-count-5.png", tmp_path / "seed-3")
    singles = [np.asarray(Image.open(tmp_path / f"seed-3/{number:06d}.png")) for number in range(1, 6)]
    assert all(single.shape == (8, 8) for single in singles)
    sheet = np.asarray(Image.open(grid))  # 3 columns of 8x8, each pixel 12x12
    for index, single in enumerate(singles):
        top, left = 2 + 98 * (index // 3), 2 + 98 * (index % 3)
        assert np.array_equal(sheet[top : top + 96 : 12, left : left + 96 : 12], single)


def test_a_seed_repeats_its_pictures(trained, tmp_path):
    sheets = [
        generation.generate(trained / runs.GENERATOR, tmp_path / str(index), seed=seed)[0].read_bytes()
        for index, seed in enumerate((1, 1, 2))
    ]
    assert sheets[0] == sheets[1] != sheets[2]


def test_the_runs_own_seed_gives_the_epochs_grid(trained, tmp_path):
    sheet = np.asarray(Image.open(generation.generate(trained / runs.GENERATOR, tmp_path)[0]))
    assert np.array_equal(np.asarray(Image.open(trained / "images/epoch-002.png"))[26:], sheet)


def test_a_number_is_the_same_picture_whatever_the_count(trained, tmp_path):
    for count in (2, 5):
        generation.generate(trained / runs.GENERATOR, tmp_path / str(count), count=count, singles=True)
    one, other = ((tmp_path / f"{count}/seed-0/000002.png").read_bytes() for count in (2, 5))
    assert one == other


def test_the_single_pictures_are_those_of_the_last_call(trained, conditional, tmp_path):
    """Files that generate did not write stay."""
    for run, labels in ((trained, []), (conditional, ["7"])):
        out = tmp_path / run.name
        folder = Path(out, "seed-0", *labels)
        for count in (3, 2):
            generation.generate(run, out, labels=labels, count=count, singles=True, grid=False)
            (folder / "000003-mine.png").touch()
        assert sorted(path.name for path in folder.iterdir()) == ["000001.png", "000002.png", "000003-mine.png"]


def test_what_is_drawn_in_several_calls_stands_side_by_side(trained, tmp_path):
    asked = [{}, {"count": 2}, {"count": 2, "numbered": True}, {"seed": 1}, {"count": 2, "singles": True, "grid": False}]
    for given in asked:
        generation.generate(trained / runs.GENERATOR, tmp_path, **given)
    best = shutil.copy(trained / runs.GENERATOR, tmp_path / "generator-best.keras")
    assert generation.generate(best, tmp_path)[0].name == "generator-best-seed-0-count-16.png"
    names = ["seed-0", "seed-0-count-16.png", "seed-0-count-2-numbered.png", "seed-0-count-2.png", "seed-1-count-16.png"]
    assert sorted(path.name for path in tmp_path.iterdir() if not path.name.startswith("generator")) == names


def test_a_number_is_the_same_picture_to_the_last_bit_wherever_it_stands(trained):
    """As in explore.py, which draws chosen numbers; here in other batches, and beside other samples."""
    generator = load_generator(trained / runs.GENERATOR)
    every = latent.sample(generator, latent.noise(2 * latent.BATCH + 3, 100, seed=0))
    for numbers in ([35], [2, 35, 17], [*range(30, 0, -1)]):
        assert np.array_equal(latent.sample(generator, latent.numbered(numbers, 100, 0)), every[np.array(numbers) - 1])


def test_numbers_on_the_grid(trained, tmp_path):
    plain, numbered = (
        np.asarray(Image.open(generation.generate(trained / runs.GENERATOR, tmp_path / str(on), count=4, numbered=on)[0]))
        for on in (False, True)
    )
    changed = plain != numbered
    assert all(changed[top : top + 20, left : left + 20].any() for top in (2, 100) for left in (2, 100))
    assert not changed[30:98].any()


def test_a_generator_that_does_not_draw_from_z(tmp_path):
    pictures = keras.Input([8, 8, 3])
    keras.Model(pictures, keras.layers.Conv2D(3, 1)(pictures)).save(tmp_path / "generator_ab.keras")
    with pytest.raises(UserError, match="draws from pictures, not from z: use tfgan translate"):
        generation.generate(tmp_path / "generator_ab.keras", tmp_path)


def test_a_run_that_draws_from_pictures(tmp_path, translator):
    with pytest.raises(UserError, match="is a run of cyclegan; this is for dcgan and gan"):
        generation.draw(translator[0])


def test_a_row_for_each_label_and_the_same_z_in_a_column(conditional, tmp_path):
    generator = load_generator(conditional / runs.GENERATOR)
    grid, _ = generation.generate(conditional / runs.GENERATOR, tmp_path, labels=["7", "3"], count=2, seed=1, singles=True)
    assert grid == tmp_path / "seed-1-count-2-label-7-3.png"
    z = latent.noise(2, 100, seed=1).numpy()
    for label in (7, 3):
        asked = np.eye(10, dtype="float32")[[label, label]]
        wanted = pictures.to_uint8(generator([z, asked]).numpy())[..., 0]
        singles = [np.asarray(Image.open(tmp_path / f"seed-1/{label}/{number:06d}.png")) for number in (1, 2)]
        np.testing.assert_allclose(np.stack(singles), wanted, atol=1)
    whole = np.asarray(Image.open(generation.generate(conditional / runs.GENERATOR, tmp_path, count=8)[0]))
    assert np.array_equal(np.asarray(Image.open(conditional / "images/epoch-001.png"))[26:], whole)


def test_a_generator_without_its_run_has_numbers_for_labels(conditional, tmp_path):
    alone = shutil.copy(conditional / runs.GENERATOR, tmp_path / "alone.keras")
    assert generation.generate(alone, tmp_path, labels=["9"], count=1)[0].name == "alone-seed-0-count-1-label-9.png"
    with pytest.raises(UserError, match="--label=10: there is no '10'; choose one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9$"):
        generation.generate(alone, tmp_path, labels=["9", "10"])


def test_a_label_for_a_run_that_is_not_conditional(trained, tmp_path):
    with pytest.raises(UserError, match="--label=7: .* is not conditional.*: give --model=cgan or --model=cdcgan, or leave"):
        generation.generate(trained / runs.GENERATOR, tmp_path / "out", labels=["7"])
    assert not (tmp_path / "out").exists()
