import numpy as np
import pytest
from PIL import Image

from tfgan_series.data.datasets import unpaired
from tfgan_series.data.datasets.source import Request
from tfgan_series.errors import NeedsFiles, UserError


def write_sets(root):
    """Three pictures of A, two of B and one of A to test with, as JPEGs of noise."""
    rng = np.random.default_rng(0)
    for name, count in (("trainA", 3), ("trainB", 2), ("testA", 1)):
        (root / name).mkdir()
        for index in range(count):
            Image.fromarray(rng.integers(0, 255, (12, 16, 3), np.uint8)).save(root / name / f"{index}.jpg")
    return root


@pytest.fixture
def folders(tmp_path):
    return write_sets(tmp_path)


def test_a_train_set_that_is_missing_or_empty(folders):
    for file in (folders / "trainB").iterdir():
        file.unlink()
    with pytest.raises(UserError, match="trainB: no picture in it"):
        unpaired.find(Request("unpaired", folders, folders))
    (folders / "trainB").rmdir()
    with pytest.raises(UserError, match="has no trainB: --DatasetPath must be a folder with trainA and trainB"):
        unpaired.find(Request("unpaired", folders, folders))


def test_other_pairs_of_sets_need_their_folder(folders):
    assert list(unpaired.find(Request("unpaired", folders, folders)).partitions) == ["trainA", "trainB", "testA"]
    with pytest.raises(NeedsFiles, match="unpaired needs --DatasetPath=FOLDER, a folder with trainA and trainB"):
        unpaired.find(Request("unpaired", None, folders))
