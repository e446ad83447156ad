import json

import numpy as np
import pytest
from PIL import Image

from tfgan_series import runs, series
from tfgan_series.data import conversion
from tfgan_series.errors import UserError
from tfgan_series.training import resume


@pytest.fixture
def make_records(tmp_path):
    """A function that makes records of `count` pictures, drawn from a seed, in place of the old ones."""

    def make(seed, count=8):
        folder = tmp_path / f"pictures-{seed}-{count}"
        folder.mkdir(exist_ok=True)
        for index in range(count):
            noise = np.random.default_rng([seed, index]).integers(256, size=(8, 8, 3), dtype=np.uint8)
            Image.fromarray(noise).save(folder / f"{index}.png")
        return conversion.convert(MINE, dataset_path=folder, tfrecord_path=tmp_path / "records", overwrite=True)

    return make


MINE = series.resolve("folder", image_size=8, batch_size=4)


def begin(folder, found):
    """The folder as a run on these records leaves it."""
    folder.mkdir()
    runs.write_experiment(folder, MINE, found.count_of(MINE), found.identity, "records")
    return folder


def test_a_longer_run_whose_rate_falls_is_told_that_it_rises(make_records, tmp_path):
    folder = tmp_path / "run"
    falling = MINE.change(lr_decay=0.5, epochs=8)
    assert resume.warm_restart(folder, falling) == ""
    folder.mkdir()
    runs.write_experiment(folder, falling, 8, "identity", "records")
    assert resume.warm_restart(folder, falling) == ""
    assert "With 10 epochs in place of 8" in resume.warm_restart(folder, falling.change(epochs=10))
    assert resume.warm_restart(folder, MINE.change(epochs=10)) == ""


def test_a_run_goes_on_on_the_records_that_it_began_on(make_records, tmp_path):
    folder = begin(tmp_path / "run", make_records(seed=0))
    resume.check(folder, MINE, make_records(seed=0))
    resume.check(tmp_path / "new", MINE, make_records(seed=0))


def test_as_many_other_pictures_are_refused(make_records, tmp_path):
    folder = begin(tmp_path / "run", make_records(seed=0))
    with pytest.raises(
        UserError,
        match=r"\(records: those in .*/records/folder/8 are not the run's \(.*\)\)\. .* add --overwrite to tfgan train$",
    ) as error:
        resume.check(folder, MINE, make_records(seed=1))
    assert "\n" not in str(error.value)


def test_another_number_of_pictures_is_refused(make_records, tmp_path):
    folder = begin(tmp_path / "run", make_records(seed=0))
    with pytest.raises(UserError, match=r"\(records: 8 in the run, 12 now\)"):
        resume.check(folder, MINE, make_records(seed=1, count=12))


def test_a_run_of_an_older_version_is_refused(make_records, tmp_path):
    folder = begin(tmp_path / "run", make_records(seed=0))
    record = json.loads((folder / runs.EXPERIMENT).read_text())
    del record["records_identity"]
    (folder / runs.EXPERIMENT).write_text(json.dumps(record))
    with pytest.raises(UserError, match="it is damaged or from another version"):
        resume.check(folder, MINE, make_records(seed=0))
