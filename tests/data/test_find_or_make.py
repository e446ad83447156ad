import pytest

from tfgan_series import series
from tfgan_series.data.find_or_make import find_or_make, make_command
from tfgan_series.errors import UserError


def test_records_that_are_there_are_found(tiny, digits):
    assert find_or_make(tiny, digits[0], may_make=False) == digits[1]


def test_records_of_the_bundled_digits_are_made(tiny, tmp_path):
    assert find_or_make(tiny, tmp_path).counts == {"train": 1500, "test": 297}
    with pytest.raises(UserError, match="make them before several workers train, with: python scripts/make_tfrecord.py"):
        find_or_make(tiny, tmp_path / "elsewhere", may_make=False)
    assert not (tmp_path / "elsewhere").exists()


def test_where_files_are_needed_the_command_is_told(tmp_path):
    faces = series.resolve("celeba", bbox=False, image_size=32)
    with pytest.raises(UserError, match="they cannot be made on the spot") as error:
        find_or_make(faces, tmp_path / "t")
    assert str(error.value).endswith(f"Type: {make_command(faces, tmp_path / 't')}")
    assert "\n" not in str(error.value)


def test_the_command_names_what_is_not_usual(tmp_path):
    start = "python scripts/make_tfrecord.py --ImageType=img_celeba --DatasetPath=FOLDER"
    assert make_command(series.resolve("celeba"), "tfrecords") == start
    faces = series.resolve("celeba", bbox=False, image_size=32, fit="crop")
    assert make_command(faces, "my records") == f"{start} --image_size=32 --fit=crop --nobbox --TFRecordPath='my records'"
