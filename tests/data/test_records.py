import json
import shutil

import pytest

from tfgan_series import series
from tfgan_series.data import conversion, records
from tfgan_series.errors import UserError


@pytest.fixture
def copy(digits, tmp_path):
    """A copy of the digits' records to damage."""
    folder = tmp_path / "mnist/8"
    shutil.copytree(digits[1].folder, folder)
    return folder


def test_partitions(digits):
    found = records.open_records(digits[1].folder)
    assert found == digits[1]
    assert (found.count("train"), found.count("test"), found.count("all")) == (1500, 297, 1797)
    assert found.shards("all") == found.shards("train") + found.shards("test")
    with pytest.raises(UserError, match="--Partition=val: .* has train, test, all"):
        found.count("val")


def test_a_shard_cut_short_is_named(copy):
    shard = copy / "mnist-train.tfrecord-00003-of-00008"
    shard.write_bytes(shard.read_bytes()[:-100])
    with pytest.raises(UserError, match=r"mnist-train\.tfrecord-00003-of-00008: damaged or cut short after 18[0-9] records"):
        records.open_records(copy)


def test_a_shard_that_is_gone_is_named(copy):
    (copy / "mnist-test.tfrecord-00001-of-00008").unlink()
    with pytest.raises(UserError, match="mnist-test.tfrecord-00001-of-00008 is missing"):
        records.open_records(copy)


def test_a_folder_without_metadata_is_not_finished(copy):
    (copy / "dataset_info.json").unlink()
    with pytest.raises(UserError, match="is no finished record folder") as error:
        records.open_records(copy)
    assert "\n" not in str(error.value)


def test_a_folder_of_an_earlier_version_is_made_again(copy, tiny, small_digits):
    settings = json.loads((copy / records.CONVERSION).read_text())
    del settings["identity"]
    (copy / records.CONVERSION).write_text(json.dumps(settings))
    with pytest.raises(UserError, match="was made by an earlier version: make the records again with") as error:
        records.find_records(copy.parents[1], tiny)
    assert "\n" not in str(error.value)
    with pytest.raises(UserError, match="was made by an earlier version"):
        conversion.convert(tiny, tfrecord_path=copy.parents[1])
    again = conversion.convert(tiny, dataset_path=small_digits, tfrecord_path=copy.parents[1], overwrite=True)
    assert records.find_records(copy.parents[1], tiny) == again


def test_an_image_type_of_the_same_pictures_shares_the_records(digits, tiny, capsys):
    same = series.resolve("mnist", image_size=8)
    assert records.find_records(digits[0], same) == digits[1]
    for experiment in (same, tiny):
        assert conversion.convert(experiment, tfrecord_path=digits[0]).identity == digits[1].identity
    assert capsys.readouterr().out.count("mnist/8 is finished (1,500 train + 297 test records): nothing to do") == 2


def test_records_of_the_digits_before_they_were_mnist_are_refused(copy, tiny):
    """They are refused in their old folder, and where that was renamed."""
    settings = json.loads((copy / records.CONVERSION).read_text())
    (copy / records.CONVERSION).write_text(json.dumps(settings | {"image_type": "digits"}))
    with pytest.raises(UserError, match=r"mnist/8 was made with image_type=digits and not mnist: give another"):
        records.find_records(copy.parents[1], tiny)
    copy.parent.rename(copy.parents[1] / "digits")
    line = r"digits is from an earlier version and has other pictures: remove it; the records of digits are now in .*mnist$"
    with pytest.raises(UserError, match=line):
        records.find_records(copy.parents[1], tiny)
    assert records.find_records(copy.parents[1], series.resolve("mnist", image_size=8)) is None


def test_the_size_asked_for_comes_before_the_originals(celeba, tmp_path):
    experiment = series.resolve("img_align_celeba", image_size=8)
    assert records.find_records(tmp_path, experiment) is None
    conversion.convert(experiment, dataset_path=celeba, tfrecord_path=tmp_path, store="source")
    assert records.find_records(tmp_path, experiment).folder.name == "source"
    conversion.convert(experiment, dataset_path=celeba, tfrecord_path=tmp_path)
    found = records.find_records(tmp_path, experiment)
    assert found.folder.name == "8"
    original = records.open_records(tmp_path / "img_align_celeba/source")
    assert records.beside(found, original.identity) == f"{original.folder} has them: to use these, move {found.folder} away"
    assert records.beside(found, found.identity) == records.beside(found, "another") == ""
    noted = tmp_path / "img_align_celeba/source/conversion.json"
    settings = json.loads(noted.read_text())
    noted.write_text(json.dumps(settings | {"source": "/elsewhere"}))
    with pytest.raises(UserError, match=r"different pictures, .*8 \(of .*celeba0\) and .*source \(of /elsewhere\): remove"):
        records.find_records(tmp_path, experiment)
    noted.write_text(json.dumps(settings))
    refused = (
        "was made with fit=squash and not crop: give --fit=squash, another --TFRecordPath, or .* --image_size=8 .*--fit=crop"
    )
    with pytest.raises(UserError, match=refused):
        records.find_records(tmp_path, experiment.change(fit="crop"))
