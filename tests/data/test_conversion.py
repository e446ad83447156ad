import dataclasses
import io
import os
import shutil
import signal
import struct
import zlib

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from tfgan_series import pictures, series
from tfgan_series.data import conversion, pipeline, preprocess, records
from tfgan_series.errors import UserError

from conftest import CELEBA_COUNT, GREEN, LEAVING_BOX, OUTSIDE_BOX, RED, ZERO_BOX, command, rejected, write_celeba, write_mnist


def read(folder, split):
    """All examples of a split by file name, read by TFDS alone."""
    dataset = tfds.builder_from_directory(folder).as_dataset(split=split)
    return {example["filename"].decode(): example for example in tfds.as_numpy(dataset)}


@pytest.fixture(scope="module")
def boxed(celeba, tmp_path_factory):
    root = tmp_path_factory.mktemp("boxed")
    return conversion.convert(series.resolve("celeba", image_size=16), dataset_path=celeba, tfrecord_path=root)


def test_the_crop_shows_the_box(boxed):
    examples = read(boxed.folder, "train")
    assert len(examples) == 14
    for name, example in examples.items():
        if name != f"{LEAVING_BOX:06d}.jpg":
            assert np.abs(example["image"][2:-2, 2:-2].astype(int) - RED).max() < 25, name
    leaving = examples[f"{LEAVING_BOX:06d}.jpg"]["image"].astype(int)  # x = 31 of 200: a quarter red, then green
    assert np.abs(leaving[8, 1] - RED).max() < 40
    assert np.abs(leaving[8, 10] - GREEN).max() < 40


def test_bad_boxes_are_rejected_and_nowhere_else(boxed):
    reasons = rejected(boxed.folder)
    assert set(reasons) == {f"{ZERO_BOX:06d}.jpg", f"{OUTSIDE_BOX:06d}.jpg"}
    assert reasons[f"{ZERO_BOX:06d}.jpg"] == "box of zero size: 0 0 0 0"
    assert "box outside the picture: 300 10 40 40 in 200x150" in reasons[f"{OUTSIDE_BOX:06d}.jpg"]
    everything = {name for split in ("train", "val", "test") for name in read(boxed.folder, split)}
    assert len(everything) == CELEBA_COUNT - 2
    assert not everything & set(reasons)


def test_without_box_the_picture_of_the_bad_box_is_a_record(celeba, tmp_path):
    found = conversion.convert(series.resolve("celeba", bbox=False, image_size=16), dataset_path=celeba, tfrecord_path=tmp_path)
    assert found.folder == tmp_path / "img_celeba/16"
    assert rejected(found.folder) == {}
    assert found.counts == {"train": 16, "val": 2, "test": 2}
    example = read(found.folder, "train")[f"{ZERO_BOX:06d}.jpg"]
    assert example["bbox"].tolist() == [0, 0, 0, 0]
    assert np.abs(example["image"][0].astype(int) - GREEN).max() < 25


def test_tfds_opens_the_folder(boxed):
    builder = tfds.builder_from_directory(boxed.folder)
    assert {name: split.num_examples for name, split in builder.info.splits.items()} == {"train": 14, "val": 2, "test": 2}
    assert builder.info.features["image"].shape == (16, 16, 3)
    assert builder.info.features["attributes"].doc.desc.split()[39] == "Attribute_39"
    example = read(boxed.folder, "train")["000001.jpg"]
    assert example["label"] == -1
    assert example["bbox"].tolist() == [13, 20, 40, 48]
    assert example["landmarks"].tolist() == list(range(1, 11))
    assert example["identity"] == 2
    assert example["attributes"].tolist() == [(1 + column) % 2 for column in range(40)]


def test_samples_show_the_first_records(boxed):
    with Image.open(boxed.folder / "samples.png") as sheet:
        assert sheet.size == (8 * 98 + 2, 2 * 98 + 2)  # 14 pictures, 96 wide with gaps of 2
        assert np.abs(np.array(sheet.getpixel((50, 50))) - RED).max() < 25


def test_samples_show_as_many_of_each_set(tmp_path):
    for name, colour in (("trainA", RED), ("trainB", GREEN), ("testA", RED)):
        (tmp_path / name).mkdir()
        for index in range(33):
            Image.new("RGB", (4, 4), colour).save(tmp_path / name / f"{index}.png")
    found = conversion.convert(series.resolve("horse2zebra"), dataset_path=tmp_path, tfrecord_path=tmp_path / "t")
    with Image.open(found.folder / "samples.png") as sheet:
        assert sheet.size == (8 * 130 + 2, 8 * 130 + 2)
        shown = [sheet.getpixel((130 * column + 60, 130 * row + 60)) for row in range(8) for column in range(8)]
    assert shown == [RED] * 32 + [GREEN] * 32


def test_fit_decides_what_a_wide_picture_shows(tmp_path):
    (tmp_path / "pictures").mkdir()
    picture = Image.new("RGB", (60, 20), GREEN)
    picture.paste(RED, (20, 0, 40, 20))
    picture.save(tmp_path / "pictures/wide.png")
    experiment = series.resolve("folder", image_size=8, fit="crop")
    found = conversion.convert(experiment, dataset_path=tmp_path / "pictures", tfrecord_path=tmp_path / "t")
    assert (read(found.folder, "train")["wide.png"]["image"] == RED).all()


@pytest.mark.parametrize(("image_type", "given"), [("folder", {}), ("folder", {"fit": "crop"}), ("unpaired", {})])
def test_squashed_pictures_are_counted(tmp_path, capsys, image_type, given):
    for name in ("trainA", "trainB"):
        (tmp_path / name).mkdir()
        for number, size in enumerate([(8, 8), (9, 8), (8, 9)]):
            Image.new("RGB", size).save(tmp_path / name / f"{number}.png")
    experiment = series.resolve(image_type, image_size=4, **given)
    conversion.convert(experiment, dataset_path=tmp_path, tfrecord_path=tmp_path / "t")
    stored, later = (
        "Note: 4 pictures are not square, and are squashed. To cut out the middle instead, give --fit=crop, here (with "
        "--overwrite) and when you train.",
        "Note: 4 pictures are not square, and training will have them squashed. To cut out the middle instead, give --fit=crop "
        "when you train.",
    )
    told = capsys.readouterr().out
    assert (stored in told, later in told) == (image_type == "folder" and not given, image_type == "unpaired")


def test_records_are_shuffled_and_repeatable(digits, tiny, small_digits, tmp_path):
    names = list(read_in_file_order(digits[1]))
    assert names != sorted(names)
    again = conversion.convert(tiny, dataset_path=small_digits, tfrecord_path=tmp_path)
    assert names == list(read_in_file_order(again))
    for one, other in zip(digits[1].files["train"], again.files["train"], strict=True):
        assert one.read_bytes() == other.read_bytes()


def read_in_file_order(found):
    config = tfds.ReadConfig(interleave_cycle_length=1)
    dataset = tfds.builder_from_directory(found.folder).as_dataset(split="train", read_config=config)
    return [example["filename"] for example in tfds.as_numpy(dataset)]


def test_shards(digits):
    assert len(digits[1].files["train"]) == 8
    assert digits[1].files["train"][0].name == "mnist-train.tfrecord-00000-of-00008"
    assert digits[1].counts == {"train": 1500, "test": 297}


def test_the_number_of_shards_by_hand():
    for count, size, wanted in ((1500, 10**6, 8), (3, 10**6, 3), (10**5, 2**32, 16), (10**5, 2**32 + 1, 17)):
        assert conversion.shard_number(count, size) == wanted


def test_finished_folder_is_left_alone_and_overwrite_makes_it_again(celeba, tmp_path, capsys):
    experiment = series.resolve("img_align_celeba", image_size=8)
    found = conversion.convert(experiment, dataset_path=celeba, tfrecord_path=tmp_path)
    before = {file.name: file.stat().st_mtime_ns for file in found.folder.iterdir()}
    conversion.convert(experiment, dataset_path=celeba, tfrecord_path=tmp_path)
    assert "is finished (16 train + 2 val + 2 test records): nothing to do" in capsys.readouterr().out
    assert before == {file.name: file.stat().st_mtime_ns for file in found.folder.iterdir()}
    conversion.convert(experiment, dataset_path=celeba, tfrecord_path=tmp_path, overwrite=True)
    assert before != {file.name: file.stat().st_mtime_ns for file in found.folder.iterdir()}
    assert [entry.name for entry in found.folder.parent.iterdir()] == ["8"]


def test_other_settings_do_not_pass_for_finished(celeba, tmp_path):
    conversion.convert(series.resolve("img_align_celeba", image_size=8), dataset_path=celeba, tfrecord_path=tmp_path)
    grey = series.resolve("img_align_celeba", image_size=8, channels=1)
    with pytest.raises(UserError, match="was made with channels=3 and not 1"):
        conversion.convert(grey, dataset_path=celeba, tfrecord_path=tmp_path)


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path, monkeypatch, capsys):
    mnist = write_mnist(tmp_path / "files")
    experiment = series.resolve("mnist", image_size=8)
    whole = conversion.convert(experiment, dataset_path=mnist, tfrecord_path=tmp_path / "whole")
    prepare, prepared = preprocess.prepare_arrays, []

    def counted(images, **how):
        prepared.append(len(images))
        return prepare(images, **how)

    def stop_in_the_sixth_shard(images, **how):
        if len(prepared) == 5:  # the 40 pictures make eight shards of five
            raise KeyboardInterrupt
        return counted(images, **how)

    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    monkeypatch.setattr(preprocess, "prepare_arrays", stop_in_the_sixth_shard)
    with pytest.raises(KeyboardInterrupt):
        conversion.convert(experiment, dataset_path=mnist, tfrecord_path=tmp_path / "t")
    assert not (tmp_path / "t/mnist/8").exists()
    progress = tmp_path / "t/mnist/8.partial/progress.txt"
    first, *lines = progress.read_bytes().splitlines()
    # The first is damaged. The last was killed while it wrote.
    progress.write_bytes(b"\n".join([first.replace(b"records", b"rec\xff\xfeds"), *lines, b'01234567 {"file": "mnist-tr']))
    prepared.clear()
    monkeypatch.setattr(preprocess, "prepare_arrays", counted)
    found = conversion.convert(experiment, dataset_path=mnist, tfrecord_path=tmp_path / "t")
    assert "Going on: 4 of 16 shards" in capsys.readouterr().out
    assert sum(prepared) == 60 - 20
    assert found.counts == {"train": 40, "test": 20}
    assert found.identity == whole.identity
    for split in ("train", "test"):
        for one, other in zip(whole.files[split], found.files[split], strict=True):
            assert one.read_bytes() == other.read_bytes()


def test_bad_files_among_good_ones(tmp_path, capsys):
    pictures = tmp_path / "pictures"
    for name, value in (("a/1.png", 10), ("a/2.png", 20), ("b/3.png", 30)):
        (pictures / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (30, 20), (value, value, value)).save(pictures / name)
    (pictures / "b/text.jpg").write_text("no picture")
    buffer = io.BytesIO()
    Image.new("RGB", (300, 200)).save(buffer, "JPEG")
    (pictures / "b/cắt, ngắn.jpg").write_bytes(buffer.getvalue()[:400])
    (pictures / "c").mkdir()
    (pictures / "c/empty.png").touch()
    found = conversion.convert(series.resolve("folder", image_size=8), dataset_path=pictures, tfrecord_path=tmp_path / "t")
    assert found.counts == {"train": 3}
    assert found.class_names == ("a", "b", "c")
    assert "Note: these classes have no usable picture, and are kept: c.\n" in capsys.readouterr().out
    examples = read(found.folder, "train")
    assert {name: int(example["label"]) for name, example in examples.items()} == {"a/1.png": 0, "a/2.png": 0, "b/3.png": 1}
    assert (examples["b/3.png"]["image"] == 30).all()
    reasons = rejected(found.folder)
    assert set(reasons) == {"b/text.jpg", "b/cắt, ngắn.jpg", "c/empty.png"}
    assert "cannot be decoded" in reasons["b/cắt, ngắn.jpg"]


def test_no_picture_that_can_be_used(tmp_path):
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures/a.jpg").write_text("no")
    with pytest.raises(UserError, match=r"none of the 1 pictures can be used; the first: a\.jpg: cannot be decoded"):
        conversion.convert(series.resolve("folder"), dataset_path=tmp_path / "pictures", tfrecord_path=tmp_path / "t")
    assert list((tmp_path / "t").rglob("*.tfrecord*")) == []


def test_source_store_keeps_the_files_and_the_box(celeba, tmp_path):
    experiment = series.resolve("celeba")
    found = conversion.convert(experiment, dataset_path=celeba, tfrecord_path=tmp_path, store="source")
    assert found.folder == tmp_path / "img_celeba-bbox/source"
    assert set(rejected(found.folder)) == {f"{ZERO_BOX:06d}.jpg", f"{OUTSIDE_BOX:06d}.jpg"}
    decoders = {"image": tfds.decode.SkipDecoding()}
    dataset = tfds.builder_from_directory(found.folder).as_dataset(split="test", decoders=decoders)
    for example in tfds.as_numpy(dataset):
        name = example["filename"].decode()
        assert example["image"] == (celeba / "Img/img_celeba" / name).read_bytes()
        assert example["bbox"].tolist()[2:] == [40, 48]


def png_chunk(name, content, checksum=None):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum or zlib.crc32(name + content))


def test_originals_that_training_cannot_decode_are_stored_clean(tmp_path):
    """Pillow takes no notice of some damage, but TensorFlow refuses the file. It decodes originals in training."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    values = np.random.default_rng(0).integers(0, 256, (5, 6, 3), np.uint8)
    Image.fromarray(values).save(pictures / "good.png")
    good = (pictures / "good.png").read_bytes()
    end, pixels = len(good) - 12, good.index(b"IDAT") - 4
    for name, data in {
        "no end": good[:end],
        "end": good[:end] + png_chunk(b"IEND", b"", 1),
        "pixels' checksum": good[: end - 4] + bytes(4) + good[end:],
        "unknown chunk": good[:pixels] + png_chunk(b"ABCD", b"x") + good[pixels:],
    }.items():
        (pictures / f"{name}.png").write_bytes(data)
    (pictures / "half.png").write_bytes(good[: len(good) // 2])
    experiment = series.resolve("folder", image_size=4)
    found = conversion.convert(experiment, dataset_path=pictures, tfrecord_path=tmp_path / "t", store="source")
    assert set(rejected(found.folder)) == {"half.png"}
    examples = read(found.folder, "train")
    assert len(examples) == 5
    for example in examples.values():
        assert np.array_equal(example["image"], values)
    assert next(iter(pipeline.batches(found, dataclasses.replace(experiment, batch_size=5), 1))).shape == (5, 4, 4, 3)


def test_a_damaged_jpeg_is_what_training_will_see(tmp_path):
    """Pillow and TensorFlow decode some damaged files to other pixels. samples.png shows those of TensorFlow."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    noise.save(pictures / "a.jpg", quality=90)
    whole = (pictures / "a.jpg").read_bytes()
    draw = np.random.default_rng(1)
    for number in range(40):
        data = bytearray(whole)
        data[draw.integers(700, len(data))] ^= 1 << draw.integers(8)
        (pictures / f"{number}.jpg").write_bytes(data)
    experiment = series.resolve("folder", image_size=64, batch_size=1)
    found = conversion.convert(experiment, dataset_path=pictures, tfrecord_path=tmp_path / "t", store="source")
    count = found.counts["train"]
    assert count + len(rejected(found.folder)) == 41
    seen = np.concatenate([known["image"] for known in pipeline.in_order(found, experiment)])  # all can be decoded
    assert len(seen) == count
    with Image.open(found.folder / "samples.png") as sheet:
        first = sheet.crop((2, 2, 130, 130)).resize((64, 64), Image.Resampling.BOX)
    assert np.abs(np.asarray(first) - (seen[0] + 1) * 127.5).mean() < 16  # the sheet shows it enlarged


def test_any_size_from_one_pixel_on(tmp_path):
    found = conversion.convert(
        series.resolve("mnist", image_size=1), dataset_path=write_mnist(tmp_path / "files"), tfrecord_path=tmp_path
    )
    assert read(found.folder, "train")["train/000007"]["image"].tolist() == [[[7]]]


def test_commands_bad_input_is_one_line(tmp_path, celeba):
    bad_list = write_celeba(tmp_path / "bad")
    lines = (bad_list / "Anno/list_bbox_celeba.txt").read_text().splitlines()
    lines[4] = "000003.jpg 1 2 3"
    (bad_list / "Anno/list_bbox_celeba.txt").write_text("\n".join(lines))
    for arguments, words in (
        (["--ImageType=celeba", f"--DatasetPath={bad_list}"], "line 5"),
        (["--ImageType=cats"], "choose one of digits, mnist, "),
    ):
        done = command("make_tfrecord.py", *arguments, cwd=tmp_path, check=False)
        assert done.returncode != 0
        assert words in done.stderr
        assert done.stderr.count("\n") == 1
    assert not list(tmp_path.glob("tfrecords/**/*.tfrecord*"))


def test_command_writes_records_and_another_process_the_same_bytes(celeba, boxed, tmp_path):
    arguments = ("--ImageType=CELEBA", f"--DatasetPath={celeba}", "--image_size=16")
    done = command("make_tfrecord.py", *arguments, cwd=tmp_path, PYTHONHASHSEED="1")
    assert "tfrecords/img_celeba-bbox/16: 14 train + 2 val + 2 test records." in done.stdout
    why = "box of zero size 1, box outside the picture 1"
    assert f"Pictures that could not be used: 2 ({why}); tfrecords/img_celeba-bbox/16/rejected.csv names them." in done.stdout
    folder = tmp_path / "tfrecords/img_celeba-bbox/16"
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {
        file.name: file.read_bytes() for file in boxed.folder.iterdir()
    }


def test_the_identity_is_that_of_the_records(tmp_path):
    """Another picture under the same name makes other records; the same files elsewhere make the same."""
    experiment = series.resolve("folder", image_size=4)

    def identity(name, *values, **options):
        (tmp_path / name).mkdir(exist_ok=True)
        for index, value in enumerate(values):
            Image.new("L", (5, 5), value).save(tmp_path / name / f"{index}.png")
        return conversion.convert(
            experiment, dataset_path=tmp_path / name, tfrecord_path=tmp_path / f"t-{name}", **options
        ).identity

    first = identity("a", 10, 20)
    assert identity("b", 10, 20) == first
    assert identity("b", 10, 30, overwrite=True) != first
    assert records.open_records(tmp_path / "t-a/folder/4").identity == first


def test_another_source_does_not_pass_for_the_finished_one(tmp_path):
    experiment = series.resolve("folder", image_size=4)
    for name, value in (("cats", 10), ("dogs", 20)):
        (tmp_path / name).mkdir()
        Image.new("RGB", (5, 5), (value,) * 3).save(tmp_path / name / "1.png")
    conversion.convert(experiment, dataset_path=tmp_path / "cats", tfrecord_path=tmp_path / "t")
    with pytest.raises(
        UserError,
        match="was made with source=.*cats and not .*dogs: give another",
    ):
        conversion.convert(experiment, dataset_path=tmp_path / "dogs", tfrecord_path=tmp_path / "t")
    assert conversion.convert(experiment, tfrecord_path=tmp_path / "t").counts == {"train": 1}


@pytest.mark.parametrize("module, name", [(pictures, "grid"), (tfds.folder_dataset, "write_metadata")])
def test_killed_while_finishing_loses_no_shard(tmp_path, monkeypatch, capsys, module, name):
    mnist = write_mnist(tmp_path / "files")
    experiment = series.resolve("mnist", image_size=4)

    def kill(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(module, name, kill)
        conversion.convert(experiment, dataset_path=mnist, tfrecord_path=tmp_path / "t")
    assert not (tmp_path / "t/mnist/4").exists()
    found = conversion.convert(experiment, dataset_path=mnist, tfrecord_path=tmp_path / "t")
    assert "Going on: 16 of 16 shards" in capsys.readouterr().out
    assert found.counts == {"train": 40, "test": 20}
    assert not (found.folder / "plan.json").exists()


@pytest.mark.parametrize("store", ["pixels", "source"])
def test_a_picture_that_has_gone_and_one_with_an_odd_name(tmp_path, store):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    Image.new("RGB", (5, 5)).save(pictures / "good.png")
    (pictures / "gone.png").symlink_to(pictures / "nowhere")
    odd = os.path.join(os.fsencode(pictures), b"\xb9\xb7\n.png")
    with open(odd, "wb") as file:
        file.write(b"no picture")
    found = conversion.convert(
        series.resolve("folder", image_size=4), dataset_path=pictures, tfrecord_path=tmp_path / "t", store=store
    )
    assert list(read(found.folder, "train")) == ["good.png"]
    reasons = rejected(found.folder)
    assert set(reasons) == {"gone.png", "\\xb9\\xb7\n.png"}
    assert reasons["gone.png"] == "cannot be read: No such file or directory"


def test_a_pipe_and_a_folder_that_cannot_be_read_are_listed(tmp_path, monkeypatch):
    folder = tmp_path / "pictures"
    (folder / "secret").mkdir(parents=True)
    for name in ("good.png", "secret/a.png"):
        Image.new("RGB", (5, 5)).save(folder / name)
    os.mkfifo(folder / "pipe.jpg")
    scandir = os.scandir

    def guarded(path="."):  # root may read all, so no mode of the folder would do
        if str(path).endswith("secret"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    found = conversion.convert(series.resolve("folder", image_size=4), dataset_path=folder, tfrecord_path=tmp_path / "t")
    assert list(read(found.folder, "train")) == ["good.png"]
    reason = "no file, but a folder that cannot be read, a pipe or a device"
    assert rejected(found.folder) == {"pipe.jpg": reason, "secret": reason}


def test_names_in_old_encodings(tmp_path):
    (tmp_path / "pictures").mkdir()
    name = "狗.png".encode("gbk")
    Image.new("RGB", (5, 5)).save(os.path.join(os.fsencode(tmp_path / "pictures"), name).decode(errors="surrogateescape"))
    found = conversion.convert(
        series.resolve("folder", image_size=4), dataset_path=tmp_path / "pictures", tfrecord_path=tmp_path / "t"
    )
    assert list(read(found.folder, "train")) == [r"\xb9\xb7.png"]


@pytest.mark.signals
def test_an_interrupted_overwrite_goes_on_too_and_a_changed_source_does_not(tmp_path, monkeypatch, capsys):
    for name in "abcdefghij":
        (tmp_path / "pictures").mkdir(exist_ok=True)
        Image.new("RGB", (5, 5)).save(tmp_path / f"pictures/{name}.png")
    arguments = {"dataset_path": tmp_path / "pictures", "tfrecord_path": tmp_path / "t"}
    experiment = series.resolve("folder", image_size=4)
    conversion.convert(experiment, **arguments)

    def interrupted():
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(pictures, "grid", lambda *_, **__: os.kill(os.getpid(), signal.SIGINT))
            conversion.convert(experiment, overwrite=True, **arguments)

    interrupted()
    conversion.convert(experiment, overwrite=True, **arguments)
    assert "Going on: 8 of 8 shards" in capsys.readouterr().out
    interrupted()
    Image.new("RGB", (5, 5), RED).save(tmp_path / "pictures/a.png")  # in place
    found = conversion.convert(experiment, overwrite=True, **arguments)
    assert "Going on" not in capsys.readouterr().out
    assert (read(found.folder, "train")["a.png"]["image"] == RED).all()


@pytest.mark.signals
def test_an_interrupted_run_whose_lists_changed_starts_again(celeba, tmp_path, monkeypatch, capsys):
    tree = shutil.copytree(celeba, tmp_path / "celeba")
    experiment = series.resolve("celeba", image_size=4)
    arguments = {"dataset_path": tree, "tfrecord_path": tmp_path / "t"}
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(pictures, "grid", lambda *_, **__: os.kill(os.getpid(), signal.SIGINT))
        conversion.convert(experiment, **arguments)
    boxes = tree / "Anno/list_bbox_celeba.txt"
    boxes.write_text(boxes.read_text().replace("000001.jpg     13", "000001.jpg     14"))
    found = conversion.convert(experiment, **arguments)
    assert "Going on" not in capsys.readouterr().out
    assert read(found.folder, "train")["000001.jpg"]["bbox"].tolist() == [14, 20, 40, 48]


@pytest.mark.signals
def test_an_interrupted_run_whose_records_would_have_other_fields_now_starts_again(celeba, tmp_path, monkeypatch, capsys):
    lists = shutil.copytree(celeba, tmp_path / "celeba")
    attributes = (lists / "Anno/list_attr_celeba.txt").rename(tmp_path / "later.txt")
    experiment = series.resolve("img_align_celeba", image_size=4)
    arguments = {"dataset_path": lists, "tfrecord_path": tmp_path / "t"}
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(pictures, "grid", lambda *_, **__: os.kill(os.getpid(), signal.SIGINT))
        conversion.convert(experiment, **arguments)
    attributes.rename(lists / "Anno/list_attr_celeba.txt")
    found = conversion.convert(experiment, **arguments)
    assert "Going on" not in capsys.readouterr().out
    assert len(found.attribute_names) == 40


@pytest.mark.signals
def test_overwrite_takes_nothing_from_a_run_that_was_interrupted_before(tmp_path, monkeypatch, capsys):
    (tmp_path / "pictures").mkdir()
    Image.new("RGB", (5, 5)).save(tmp_path / "pictures/a.png")
    arguments = {"dataset_path": tmp_path / "pictures", "tfrecord_path": tmp_path / "t"}
    experiment = series.resolve("folder", image_size=4)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(pictures, "grid", lambda *_, **__: os.kill(os.getpid(), signal.SIGINT))
        conversion.convert(experiment, **arguments)
    Image.new("RGB", (5, 5), RED).save(tmp_path / "pictures/a.png")
    found = conversion.convert(experiment, overwrite=True, **arguments)
    assert "Going on" not in capsys.readouterr().out
    assert (read(found.folder, "train")["a.png"]["image"] == RED).all()


def test_samples_where_the_first_partition_is_all_rejected(tmp_path):
    tree = write_celeba(tmp_path / "tree")
    for number in range(1, 21):
        if not 8 <= number % 10 <= 9:
            (tree / f"Img/img_align_celeba/{number:06d}.jpg").write_text("no picture")
    found = conversion.convert(series.resolve("img_align_celeba", image_size=4), dataset_path=tree, tfrecord_path=tmp_path / "t")
    assert found.counts == {"val": 2, "test": 2}
    assert (found.folder / "samples.png").exists()
