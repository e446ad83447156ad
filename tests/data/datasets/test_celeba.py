import os
import shutil

import numpy as np
import pytest

from tfgan_series.data.datasets import DATASETS
from tfgan_series.data.datasets.source import Request
from tfgan_series.errors import UserError

from conftest import CELEBA_COUNT, ZERO_BOX, celeba_box, write_celeba


def find(path, variant="img_celeba", bbox=False):
    return DATASETS[variant].find(Request(variant, path, path / "downloads", bbox))


def test_partitions_and_what_is_known(celeba):
    source = find(celeba, bbox=True)
    counts = {name: len(examples) for name, examples in source.partitions.items()}
    assert counts == {"train": 16, "val": 2, "test": 2}
    first = source.partitions["train"][0]
    assert first.filename == "000001.jpg"
    assert first.label == -1
    assert tuple(first.known["bbox"]) == celeba_box(1)
    assert first.known["landmarks"].tolist() == list(range(1, 11))
    assert first.known["identity"] == 2
    assert first.known["attributes"].tolist() == [(1 + column) % 2 for column in range(40)]
    assert source.attribute_names == tuple(f"Attribute_{column}" for column in range(40))
    assert [one.filename for one in source.partitions["val"]] == ["000008.jpg", "000018.jpg"]


def test_aligned_variants_have_their_own_landmarks_and_no_box(celeba):
    for variant, ending in (("img_align_celeba", ".jpg"), ("img_align_celeba_png", ".png")):
        first = find(celeba, variant).partitions["train"][0]
        assert first.filename == f"000001{ending}"
        assert "bbox" not in first.known
        assert first.known["landmarks"].tolist() == list(range(101, 111))


def test_torchvisions_flat_layout(tmp_path):
    tree = write_celeba(tmp_path / "published")
    flat = tmp_path / "celeba"
    flat.mkdir()
    for part in ("Img", "Anno", "Eval"):
        for entry in (tree / part).iterdir():
            shutil.move(entry, flat / entry.name)
    assert len(find(flat, bbox=True).partitions["val"]) == 2


def test_kaggles_layout(tmp_path):
    tree = write_celeba(tmp_path / "published")
    kaggle = tmp_path / "kaggle"
    shutil.copytree(tree / "Img/img_align_celeba", kaggle / "img_align_celeba/img_align_celeba")
    lines = (tree / "Anno/list_attr_celeba.txt").read_text().splitlines()[1:]
    header, *rows = lines
    table = ["image_id," + ",".join(header.split()), *(",".join(row.split()) for row in rows)]
    (kaggle / "list_attr_celeba.csv").write_text("\n".join(table) + "\n\n")
    rows = [",".join(row.split()) for row in (tree / "Eval/list_eval_partition.txt").read_text().splitlines()]
    (kaggle / "list_eval_partition.csv").write_text("\n".join(["image_id,partition", *rows]))
    source = find(kaggle, "img_align_celeba")
    assert {name: len(examples) for name, examples in source.partitions.items()} == {"train": 16, "val": 2, "test": 2}
    assert source.attribute_names[39] == "Attribute_39"
    assert set(source.partitions["train"][0].known) == {"attributes"}


def test_without_lists_all_is_train(tmp_path):
    tree = write_celeba(tmp_path)
    for folder in ("Anno", "Eval"):
        shutil.rmtree(tree / folder)
    source = find(tree, "img_align_celeba")
    assert {name: len(examples) for name, examples in source.partitions.items()} == {"train": CELEBA_COUNT}
    assert source.partitions["train"][0].known == {}
    with pytest.raises(UserError, match=r"has no list_bbox_celeba\.txt.*--nobbox"):
        find(tree, bbox=True)
    assert len(find(tree).partitions["train"]) == CELEBA_COUNT


def test_names_of_any_bytes(tmp_path):
    tree = write_celeba(tmp_path)
    folder = tree / "Img/img_celeba"
    shutil.copy(folder / "000001.jpg", os.path.join(os.fsencode(folder), b"\xb9.jpg"))
    last = find(tree).partitions["train"][-1]
    assert (last.filename, last.problem) == ("\\xb9.jpg", "not in list_landmarks_celeba.txt")
    assert os.path.isfile(last.image)


def test_lists_and_folder_share_names_of_any_bytes(tmp_path):
    tree = write_celeba(tmp_path)
    (tree / "Img/img_celeba/000002.jpg").rename(os.fsdecode(os.path.join(os.fsencode(tree), b"Img/img_celeba/\xb9.jpg")))
    for file in [*(tree / "Anno").iterdir(), *(tree / "Eval").iterdir()]:
        file.write_bytes(file.read_bytes().replace(b"000002.jpg", b"\xb9.jpg"))
    last = find(tree, bbox=True).partitions["train"][-1]
    assert (last.filename, last.problem) == ("\\xb9.jpg", "")
    assert tuple(last.known["bbox"]) == celeba_box(2)


def test_a_picture_in_a_folder_below_has_not_the_box_of_its_namesake(tmp_path):
    tree = write_celeba(tmp_path)
    (tree / "Img/img_celeba/sub").mkdir()
    shutil.copy(tree / "Img/img_celeba/000001.jpg", tree / "Img/img_celeba/sub/000002.jpg")
    last = find(tree, bbox=True).partitions["train"][-1]
    assert (last.filename, last.problem) == ("sub/000002.jpg", "not in list_bbox_celeba.txt")


@pytest.mark.parametrize("names", [[], [str(CELEBA_COUNT), " ".join(f"Name_{column}" for column in range(39))]])
def test_attributes_without_their_names(tmp_path, names):
    path = write_celeba(tmp_path) / "Anno/list_attr_celeba.txt"
    path.write_text("\n".join([*names, *path.read_text().splitlines()[2:]]))
    with pytest.raises(UserError, match=r"list_attr_celeba.txt: (0|39) names before the first picture; wanted those of the 40"):
        find(tmp_path)


def test_pictures_that_lists_and_folder_do_not_share(tmp_path):
    tree = write_celeba(tmp_path)
    (tree / "Img/img_celeba/000003.jpg").unlink()
    shutil.copy(tree / "Img/img_celeba/000001.jpg", tree / "Img/img_celeba/extra.jpg")
    source = find(tree, bbox=True)
    assert source.notes == (f"1 of the 20 pictures in list_eval_partition.txt are not in {tree / 'Img/img_celeba'}",)
    extra = source.partitions["train"][-1]
    assert (extra.filename, extra.problem) == ("extra.jpg", "not in list_bbox_celeba.txt")
    assert find(tree).partitions["train"][-1].problem == "not in list_landmarks_celeba.txt"


def test_a_missing_box_rejects_only_where_the_box_is_used(tmp_path):
    tree = write_celeba(tmp_path)
    path = tree / "Anno/list_bbox_celeba.txt"
    path.write_text("\n".join(line for line in path.read_text().splitlines() if not line.startswith("000002")))
    assert find(tree, bbox=True).partitions["train"][1].problem == "not in list_bbox_celeba.txt"
    without = find(tree).partitions["train"][1]
    assert (without.problem, without.known["bbox"].tolist()) == ("", [0, 0, 0, 0])


@pytest.mark.parametrize(
    ("file", "line", "text", "words"),
    [
        (
            "Anno/list_bbox_celeba.txt",
            5,
            "000003.jpg 1 2 3",
            "line 5: '000003.jpg 1 2 3'; wanted a file name and 4 whole numbers",
        ),
        ("Anno/list_bbox_celeba.txt", 9, "000007.jpg 1 2 3 x", "line 9"),
        ("Anno/list_bbox_celeba.txt", 9, "000007.jpg 1 2 3 99999999999", "line 9"),
        ("Anno/list_attr_celeba.txt", 4, "000002.jpg 1 -1", "line 4: .*40 whole numbers"),
        ("Eval/list_eval_partition.txt", 2, "000002.jpg 7", "line 2: partition 7; wanted 0"),
    ],
)
def test_a_line_that_does_not_parse_is_named(tmp_path, file, line, text, words):
    tree = write_celeba(tmp_path)
    lines = (tree / file).read_text().splitlines()
    lines[line - 1] = text
    (tree / file).write_text("\n".join(lines))
    with pytest.raises(UserError, match=words) as error:
        find(tree, bbox=True)
    assert str(tree / file) in str(error.value)


def test_folders_that_are_not_there(tmp_path):
    with pytest.raises(UserError, match=r"--DatasetPath=.*nowhere: no such folder"):
        find(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"--DatasetPath=.*file: is no folder; give"):
        find(tmp_path / "file")
    with pytest.raises(UserError, match="has neither Img/img_celeba/ nor img_celeba/"):
        find(tmp_path)
    (tmp_path / "Img/img_celeba").mkdir(parents=True)
    with pytest.raises(UserError, match="no picture in it"):
        find(tmp_path)


def test_the_zero_box_is_known_as_it_is(celeba):
    box = find(celeba).partitions["train"][ZERO_BOX - 1].known["bbox"]
    assert np.array_equal(box, [0, 0, 0, 0])
