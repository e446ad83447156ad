import json
import shutil

import numpy as np
import pytest
from PIL import Image

from tfgan_series import runs, translation
from tfgan_series.errors import UserError
from tfgan_series.evaluation import scores
from tfgan_series.generators import load_generator

from conftest import command


@pytest.fixture
def folder(tmp_path):
    """A tree with pictures of several sizes and kinds, and one file that is no picture."""
    (tmp_path / "in/deeper").mkdir(parents=True)
    draw = np.random.default_rng(0)
    for name, width, height in (("a.jpg", 101, 57), ("b.png", 640, 480), ("deeper/c.webp", 16, 16), ("deeper/d.png", 16, 16)):
        Image.fromarray(draw.integers(0, 256, (height, width, 3), np.uint8)).save(tmp_path / "in" / name)
    Image.new("L", (20, 20), 90).save(tmp_path / "in/grey.jpg")
    (tmp_path / "in/broken.jpg").write_bytes(b"no picture")
    return tmp_path / "in"


def test_any_size_under_the_same_names(translator, folder, tmp_path, capsys):
    run, _ = translator
    assert translation.translate_files(run, folder, tmp_path / "out", batch_size=2) == tmp_path / "out"
    (skipped,) = capsys.readouterr().out.splitlines()
    assert skipped.startswith("broken.jpg was skipped: cannot be decoded")
    names = ["a.jpg", "b.png", "deeper/c.webp", "deeper/d.png", "grey.jpg"]
    for name in names:
        with Image.open(tmp_path / "out" / name) as there, Image.open(folder / name) as original:
            assert (there.size, there.format, there.mode) == (original.size, original.format, "RGB")
    generator = load_generator(run / "generator_ab.keras")
    for name in ("b.png", "deeper/d.png"):  # saved without loss
        with Image.open(tmp_path / "out" / name) as there, Image.open(folder / name) as original:
            expected = translation.translate(generator, np.asarray(original)[None])[0]
            assert np.abs(np.asarray(there).astype(int) - expected).max() <= 1
    record = json.loads((tmp_path / "out/translated.json").read_text(encoding="utf-8"))
    assert record == {"source": str(folder), "direction": "ab", "names": names, "step": runs.last_step(run)}


def test_padding_is_cut_back_and_a_batch_is_its_pictures(translator):
    """A picture whose sides are multiples of 4 goes through unchanged. Another one is first extended by mirroring."""
    run, squares = translator
    generator = load_generator(run / "generator_ab.keras")
    images = np.round((squares("red")[0][:3] + 1) * 127.5).astype(np.uint8)
    direct = np.round((np.asarray(generator(images / np.float32(127.5) - 1)) + 1) * 127.5)
    together = translation.translate(generator, images)
    assert np.abs(together - direct).max() <= 1
    apart = np.concatenate([translation.translate(generator, image[None]) for image in images])
    assert np.abs(apart.astype(int) - together).max() <= 1
    cut = images[:, :13, :15]
    enlarged = np.pad(cut, [(0, 0), (0, 3), (0, 1), (0, 0)], mode="symmetric")
    assert np.array_equal(translation.translate(generator, cut), translation.translate(generator, enlarged)[:, :13, :15])
    assert translation.translate(generator, images[:, :1, :3]).shape == (3, 1, 3, 3)


def test_both_ways_are_measured_by_the_command(translator, tmp_path):
    folder = shutil.copytree(translator[0], tmp_path / "run")
    words = ("--run_dir=run", f"--TFRecordPath={translator[0].parent}", "--count=24")
    done = command("evaluate.py", *words, cwd=tmp_path)
    found = {score.metric: score.checkpoint for score in scores.read(folder)}
    assert found["fid_ab24_train_random"] == "generator_ab.keras"
    assert found["fid_ba24_train_random"] == "generator_ba.keras"
    assert "precision_ba24_train_random" in done.stdout
    assert "fid_ab24_train_random" in (folder / "report.html").read_text(encoding="utf-8")


def test_one_file(translator, folder, tmp_path):
    run, _ = translator
    translation.translate_files(run, folder / "a.jpg", tmp_path / "out", direction="ba")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.jpg", "translated.json"]
    assert json.loads((tmp_path / "out/translated.json").read_text(encoding="utf-8"))["direction"] == "ba"


def test_a_call_that_ended_early_has_no_record_of_other_originals(translator, folder, tmp_path):
    run, _ = translator
    out = translation.translate_files(run, folder, tmp_path / "out")
    (out / "b.png").unlink()
    (out / "b.png").mkdir()  # so b.png cannot be written
    with pytest.raises(OSError, match=r"b\.png"):
        translation.translate_files(run, folder, out)
    assert not (out / "translated.json").exists()


def test_what_cannot_be_translated(translator, folder, tmp_path):
    run, _ = translator
    (tmp_path / "empty").mkdir()
    (tmp_path / "page.txt").touch()
    for source, out, words in (
        (tmp_path / "nowhere", "out", "no such file or folder"),
        (tmp_path / "empty", "out", "no picture in it"),
        (folder, "page.txt", "page.txt is a file: give a folder"),
        (folder, "in", "is in the folder of the originals"),
        (folder, "in/out", "is in the folder of the originals"),
        (folder / "deeper", "in", "has the folder of the originals in it"),
        (folder.parent / "page.txt", "out", "wanted .jpg"),
        (folder / "broken.jpg", "out", "none of the 1 pictures can be read; the first: broken.jpg: cannot be decoded"),
    ):
        with pytest.raises(UserError, match=words):
            translation.translate_files(run, source, tmp_path / out, direction="ab")
    assert not (tmp_path / "out").exists()
