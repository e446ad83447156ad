import json
import shutil

import numpy as np
import pytest
from PIL import Image

from tfgan_series import latent, pictures, runs, series, workflow
from tfgan_series.data import conversion
from tfgan_series.errors import UserError
from tfgan_series.exploration import explore
from tfgan_series.generators import load_generator

from conftest import write_celeba


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """(run folder, TFRecordPath) of 80 aligned pictures. Every other picture is blue, and the attributes say so."""
    root = tmp_path_factory.mktemp("faces")
    write_celeba(root / "celeba", count=100)
    for number in range(1, 101, 2):
        Image.new("RGB", (178, 218), (20, 20, 220)).save(root / f"celeba/Img/img_align_celeba/{number:06d}.jpg")
    partitions = [f"{number:06d}.jpg {max(number // 2 % 10 - 7, 0)}" for number in range(1, 101)]  # both kinds in each
    (root / "celeba/Eval/list_eval_partition.txt").write_text("\n".join(partitions) + "\n")
    experiment = series.resolve("img_align_celeba", image_size=8, base_filters=4, epochs=1, batch_size=16)
    conversion.convert(experiment, dataset_path=root / "celeba", tfrecord_path=root / "records")
    return workflow.train(experiment, tfrecord_path=root / "records", run_dir=root / "run"), root / "records"


def test_an_equation_of_attributes(faces, tmp_path, monkeypatch):
    monkeypatch.setattr(explore.classifier, "STEPS", 50)
    folder, root = faces
    found = explore.add_attributes(folder, "Attribute_0 - Attribute_1", out=tmp_path, tfrecord_path=root, count=100)
    (listed,) = tmp_path.glob("equation-Attribute_0-Attribute_1-count-100.json")
    page = json.loads(listed.read_text())
    assert page["title"] == "Arithmetic of attributes: Attribute_0 - Attribute_1"
    assert page["text"] == found.text
    assert page["pictures"] == [f"{listed.stem}.png"] == list(found.pictures)
    assert page["step"] == runs.read_log(folder)[-1]["step"]
    assert page["balanced_accuracy"] == {"Attribute_0": 1, "Attribute_1": 1}
    assert [group["term"] for group in page["groups"]] == ["+ Attribute_0", "- Attribute_1"]
    chosen = [set(group["samples"]) for group in page["groups"]]
    assert [len(samples) for samples in chosen] == [16, 16]
    assert not chosen[0] & chosen[1]
    assert chosen[0] | chosen[1] <= set(range(1, 101))
    assert Image.open(tmp_path / page["pictures"][0]).size[0] > 2 * 4 * 98
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{listed.stem}.json", f"{listed.stem}.png"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Attribute_0 + Hat", "at character 15: 'Hat' is no attribute of these records; choose"),
        ("Attribute_0 +", "at character 14: wanted an attribute, found the end"),
    ],
)
def test_bad_equations_train_and_write_nothing(faces, tmp_path, text, line, monkeypatch):
    monkeypatch.setattr(explore.classifier, "find_or_train", None)
    with pytest.raises(UserError, match=line):
        explore.add_attributes(faces[0], text, out=tmp_path / "out", tfrecord_path=faces[1])
    assert not (tmp_path / "out").exists()


def test_a_number_that_is_no_sample(faces, tmp_path):
    for what in (
        lambda: explore.interpolate(faces[0], [3, 0], out=tmp_path / "out"),
        lambda: explore.add_samples(faces[0], [(1, (3, 0))], out=tmp_path / "out"),
        lambda: explore.find_neighbours(faces[0], [3, 0], out=tmp_path / "out", tfrecord_path=faces[1]),
    ):
        with pytest.raises(UserError, match="there is no sample 0: samples are numbered from 1"):
            what()
    assert not (tmp_path / "out").exists()


def test_records_without_attributes(digits, trained, tmp_path):
    with pytest.raises(UserError, match="mnist/8 has no attributes .* choose samples by number with --plus and --minus"):
        explore.add_attributes(trained, "Male", out=tmp_path, tfrecord_path=digits[0])


def test_records_that_are_elsewhere(trained, tmp_path):
    with pytest.raises(UserError, match="mnist/8 is not there: give the --TFRecordPath .*flags.txt has it"):
        explore.find_neighbours(trained, [1], out=tmp_path, tfrecord_path=tmp_path)


def test_a_run_without_a_generator(trained, tmp_path):
    shutil.copy(trained / runs.EXPERIMENT, tmp_path)
    with pytest.raises(UserError, match="generator.keras is not there: tfgan train writes it after the first epoch"):
        explore.interpolate(tmp_path, [1, 2], out=tmp_path / "out")
    with pytest.raises(UserError, match="is not a run"):
        explore.add_samples(tmp_path / "none", [(1, [1])], out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_neighbours_in_pixels_and_features(faces, tmp_path):
    folder, root = faces
    found = explore.find_neighbours(folder, [3, 1], out=tmp_path, tfrecord_path=root)
    assert {space: list(kinds) for space, kinds in found.numbers["medians"].items()} == {
        space: ["samples", "real pictures of test"] for space in ("pixels", "features")
    }
    assert Image.open(tmp_path / "neighbours-3-1.png").size == (2 + 11 * 98, 26 + 22 + 2 + 2 * 98)
    assert (root / "classifiers/img_align_celeba-8.keras").is_file()
    assert not list((root / "img_align_celeba").rglob("*classifier*"))


def test_records_other_than_the_runs_are_refused(faces, tmp_path):
    folder, root = faces
    run = shutil.copytree(folder, tmp_path / "run")
    record = json.loads((run / "experiment.json").read_text())
    (run / "experiment.json").write_text(json.dumps(record | {"records_identity": "of other pictures"}))
    with pytest.raises(UserError, match="does not hold the records that .* was trained on"):
        explore.find_neighbours(run, [1], out=tmp_path / "out", tfrecord_path=root)


def test_a_walk_between_labels_keeps_its_z(conditional, tmp_path):
    explore.interpolate(conditional, [5], out=tmp_path, labels=["7", "3", "8"], seed=2, steps=3)
    explore.interpolate(conditional, [5], out=tmp_path, labels=["7", "3"])
    name = "interpolate-5-label-7-3-8-seed-2-steps-3"
    page = json.loads((tmp_path / f"{name}.json").read_text())
    assert page["pictures"] == [f"{name}.png", f"{name}.gif"]
    assert Image.open(tmp_path / "interpolate-5-label-7-3.png").width == 2 + 9 * 98
    assert (page["labels"], page["sample"]) == (["7", "3", "8"], 5)
    sheet = np.asarray(Image.open(tmp_path / f"{name}.png"))
    generator, z = load_generator(conditional / runs.GENERATOR), latent.numbered([5], 100, 2)
    halfway = np.zeros((1, 10), "float32")
    halfway[0, [3, 8]] = 0.5
    wanted = pictures.to_uint8(generator([z, halfway]).numpy())[0, ..., 0]
    np.testing.assert_allclose(sheet[100 : 100 + 96 : 12, 100 : 100 + 96 : 12], wanted, atol=1)  # the second row, the middle


def test_samples_of_one_label(conditional, tmp_path):
    for label in ("7", "3"):
        explore.interpolate(conditional, [1, 2], out=tmp_path, labels=[label], steps=3)
        explore.add_samples(conditional, [(1, (1, 2)), (-1, (3,))], out=tmp_path, labels=[label])
    for name in ("interpolate-1-2-label-{}-steps-3.png", "arithmetic-1.2-3-label-{}.png"):
        assert (tmp_path / name.format(7)).read_bytes() != (tmp_path / name.format(3)).read_bytes()


def test_labels_that_do_not_fit_the_run(conditional, trained, tmp_path):
    for run, labels, numbers, line in (
        (conditional, [], [1, 2], "is conditional: give one --label of 0, 1, 2"),
        (conditional, ["11"], [1, 2], "--label=11: there is no '11'"),
        (conditional, ["1"], [5], "--label=1 --samples=5: a walk has two ends: give a second sample, or a second label"),
        (conditional, ["1", "2"], [1, 2], "--label=1,2: a walk between labels keeps its z: give one number in --samples"),
        (trained, ["1"], [1, 2], "--label=1: .* is not conditional"),
        (trained, ["1", "2"], [1], "--label=1,2: .* is not conditional"),
    ):
        with pytest.raises(UserError, match=line):
            explore.interpolate(run, numbers, out=tmp_path / "out", labels=labels)
    assert not (tmp_path / "out").exists()
