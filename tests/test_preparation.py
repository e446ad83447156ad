import pytest

from tfgan_series import preparation, series, workflow
from tfgan_series.errors import UserError


def test_missing_records_are_made_or_the_command_is_told(tmp_path):
    with pytest.raises(UserError) as error:
        workflow.train(series.resolve("celeba", bbox=False, image_size=32), tfrecord_path=tmp_path / "t", run_dir=tmp_path / "r")
    command = (
        f"make_tfrecord.py --ImageType=img_celeba --DatasetPath=FOLDER --image_size=32 --nobbox --TFRecordPath={tmp_path / 't'}"
    )
    assert command in str(error.value)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "r").exists()


def test_describe_tells_sizes_and_makes_nothing(tmp_path, digits, tiny):
    lines = "\n".join(preparation.describe(series.resolve("img_celeba"), tfrecord_path=tmp_path / "t", run_dir=tmp_path / "r"))
    assert "generator: 12,664,195 parameters" in lines
    assert "batch_size: 128" in lines
    assert "no records yet in" in lines
    assert list(tmp_path.iterdir()) == []
    assert "1,500 train + 297 test" in "\n".join(preparation.describe(tiny, tfrecord_path=digits[0]))
    with pytest.raises(UserError, match="--image_size=28"):
        preparation.describe(series.resolve("mnist", image_size=28))
