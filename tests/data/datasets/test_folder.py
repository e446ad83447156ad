import re

import pytest
from PIL import Image

from tfgan_series.data.datasets import folder
from tfgan_series.data.datasets.source import Request
from tfgan_series.errors import UserError


def find(path):
    return folder.find(Request("folder", path, path))


def test_first_level_folder_is_the_label(tmp_path):
    for name in ("dog/a.PNG", "dog/old/b.jpeg", "mèo 猫/c.webp", "d.bmp", "dog/notes.txt", ".hidden/e.png", "dog/._a.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".txt":
            path.write_text("no picture")
        else:
            Image.new("RGB", (4, 4)).save(path)
    source = find(tmp_path)
    assert list(source.partitions) == ["train"]
    assert source.class_names == ("dog", "mèo 猫")
    assert [(one.filename, one.label) for one in source.partitions["train"]] == [
        ("d.bmp", -1),
        ("dog/a.PNG", 0),
        ("dog/old/b.jpeg", 0),
        ("mèo 猫/c.webp", 1),
    ]
    assert source.notes == ("other files were passed over: 1 .txt, 1 hidden",)


def test_a_link_to_a_folder_is_followed_and_one_back_is_not(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    Image.new("RGB", (4, 4)).save(tmp_path / "elsewhere/a.png")
    (tmp_path / "root").mkdir()
    (tmp_path / "root/cat").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere/back").symlink_to(tmp_path / "root")
    assert [one.filename for one in find(tmp_path / "root").partitions["train"]] == ["cat/a.png"]
    (tmp_path / "root/bat").symlink_to(tmp_path / "elsewhere")
    found = find(tmp_path / "root")
    assert [one.filename for one in found.partitions["train"]] == ["bat/a.png"]  # by name, whatever the order on the disk
    assert "1 in a folder that links to another one here" in " ".join(found.notes)


@pytest.mark.parametrize("name", ["cat ", " cat", " ", "two\nlines", "two\rlines", "red\x1b[31m"])
def test_a_folder_that_cannot_name_a_class(tmp_path, name):
    (tmp_path / name).mkdir()
    Image.new("RGB", (4, 4)).save(tmp_path / name / "a.png")
    with pytest.raises(UserError, match="a class cannot be named .*rename the folder") as error:
        find(tmp_path)
    assert "\n" not in str(error.value)


def test_empty_folder(tmp_path):
    with pytest.raises(UserError, match=r"no picture in it or below it; wanted \.jpg"):
        find(tmp_path)


def test_other_files_are_counted(tmp_path):
    for name in ("a.HEIC", "b/c.heic", "b/d.txt", "b/README", ".hidden"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    passed = r"other files were passed over: 2 \.heic, 1 \.txt, 1 without an ending; to use the pictures in \.heic, turn"
    with pytest.raises(UserError, match=rf"no picture in it or below it; wanted \.jpg, .*; {passed}"):
        find(tmp_path)
    Image.new("RGB", (4, 4)).save(tmp_path / "b/e.tiff")
    source = find(tmp_path)
    assert [one.filename for one in source.partitions["train"]] == ["b/e.tiff"]
    assert re.match(passed, source.notes[0])


def test_what_this_package_wrote_is_no_data(tmp_path):
    for name in ("cats/a.png", "tfrecords/folder/8/samples.png", "runs/mine/images/epoch-001.png"):
        (tmp_path / name).parent.mkdir(parents=True)
        Image.new("RGB", (4, 4)).save(tmp_path / name)
    (tmp_path / "tfrecords/folder/8/conversion.json").touch()
    (tmp_path / "runs/mine/experiment.json").touch()
    source = find(tmp_path)
    assert ([one.filename for one in source.partitions["train"]], source.class_names) == (["cats/a.png"], ("cats",))
    assert source.notes[0] == "other files were passed over: 3 in a folder of records or of a run"
    assert [one.filename for one in find(tmp_path / "runs/mine").partitions["train"]] == ["images/epoch-001.png"]  # if asked for


def test_no_path():
    with pytest.raises(UserError, match="folder needs --DatasetPath=FOLDER"):
        folder.find(Request("folder", None, None))
