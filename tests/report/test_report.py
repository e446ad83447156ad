"""The page: what is on it, and what a browser shows if it opens the page from disk, without a network."""

import base64
import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import PurePosixPath, PureWindowsPath

import numpy as np
import pytest
from PIL import Image

from tfgan_series import losses, report, runs, series
from tfgan_series.errors import UserError
from tfgan_series.evaluation import scores
from tfgan_series.report import reading
from tfgan_series.report.page import distinct_names

from conftest import command_environment

NASTY = "<script>alert(1)</script>"  # as a path: a folder `script>` in a folder `<script>alert(1)<`
FILES = ['it\'s "quoted" & <b>bold</b>.jpg', "图片/你好.png", "ảnh/Nguyễn Thị Mười.jpg"]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def colour(epoch):
    return (10 * epoch, 0, 255 - 10 * epoch)


def lengthen(folder, epochs, shade=colour):
    """Give a run this number of epochs, each with a grid of its own colour."""
    experiment, count, _ = runs.read_info(folder)
    runs.write_experiment(folder, experiment.change(epochs=epochs), count, "identity", folder / "tfrecords")
    first = runs.read_log(folder)[0]
    log = [
        {**first, "epoch": epoch, "step": 23 * epoch, "Gen_loss": 1 + 1 / epoch, "lr": 0.1**epoch}
        for epoch in range(1, epochs + 1)
    ]
    runs.write_log(folder, log)
    for epoch in range(epochs + 1):
        Image.new("RGB", (80, 90), shade(epoch)).save(runs.grid_path(folder, 23 * epoch, 23))
    return folder


def fill(folder):
    """Give a run the files that other commands write, under awkward names."""
    experiment = runs.read_experiment(folder)
    records = folder / "tfrecords" / experiment.records_name / str(experiment.image_size)
    explored, translated, originals = folder / "explored", folder / "translated/ab", folder / "originals"
    for place in (records, explored, translated, originals):
        place.mkdir(parents=True)
    with open(records / "rejected.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("file", "reason"), *((name, "it's no picture") for name in FILES * 20)])
    (records / "conversion.json").write_text(json.dumps({"identity": runs.read_info(folder).records_identity}))
    pages = [Image.new("RGB", (200, 50), shade) for shade in ("red", "green")]
    pages[0].save(explored / "đi bộ.gif", save_all=True, append_images=pages[1:], duration=100)
    pages[1].save(explored / "walk.png")
    walk = {"title": "A walk <b>", "text": "Between two z.", "pictures": ["walk.png", "đi bộ.gif", "gone.png"]}
    (explored / "walk.json").write_text(json.dumps(walk), encoding="utf-8")
    names = [f"马 {number}.png" for number in range(10)]
    for name in names:
        Image.new("RGB", (600, 300), "red").save(translated / name)
        Image.new("RGB", (600, 300), "blue").save(originals / name)
    (originals / names[0]).unlink()
    (translated / "translated.json").write_text(
        json.dumps({"source": str(originals), "direction": "ab", "names": names}), encoding="utf-8"
    )
    return folder


def note(path, **values):
    """Change values in a JSON file."""
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | values), encoding="utf-8")


def copy(run, place):
    place.parent.mkdir(parents=True, exist_ok=True)
    return shutil.copytree(run, place, ignore=shutil.ignore_patterns("checkpoints", "tensorboard", "steps"))


@pytest.fixture(scope="module")
def nasty(trained, tmp_path_factory):
    """A run of 9 epochs with everything on its page. Its folder has a name that must not become markup."""
    return fill(lengthen(copy(trained, tmp_path_factory.mktemp("nasty") / NASTY), 9))


@pytest.fixture(scope="module")
def page(nasty):
    return report.make([nasty], nasty / "report.html")


@pytest.fixture(scope="module")
def pair(trained, nasty, tmp_path_factory):
    """The page of two runs, of 9 and of 4 epochs."""
    other = lengthen(copy(trained, tmp_path_factory.mktemp("other") / "short"), 4)
    return report.make([nasty, other], other.parent / "pair.html")


def test_pictures_of_an_older_generator_say_so(trained, tmp_path):
    """The run has two epochs of 23 steps."""
    folder = fill(copy(trained, tmp_path / "run"))
    for step, notes in ((46, 0), (23, 2)):
        for name in ("explored/walk.json", "translated/ab/translated.json"):
            note(folder / name, step=step)
        text = report.make([folder], tmp_path / "page.html").read_text(encoding="utf-8")
        assert text.count("Drawn after epoch 1; the run has gone on since.") == notes


def test_the_page_of_a_plain_run_has_no_empty_sections(trained, tmp_path):
    text = report.make([trained], tmp_path / "deep/page.html").read_text(encoding="utf-8")
    assert re.findall("<h2>(.*?)</h2>", text) == ["Settings", "Repeat this run"]
    assert "still training" not in text
    assert f"--flagfile={trained}/flags.txt --run_dir={trained}-again" in text
    assert f"--TFRecordPath={runs.read_flags(trained).split('--TFRecordPath=')[1].splitlines()[0]}" in text


def test_sections_of_a_run_that_has_everything(page, nasty):
    text = page.read_text(encoding="utf-8")
    headings = ["A walk &lt;b&gt;", "Translated, A to B", "Settings", "Rejected files", "Repeat this run"]
    assert re.findall("<h2>(.*?)</h2>", text) == headings
    assert "60 files were left out when the records were made; these are the first 50" in text
    assert text.count("no picture</td>") == 50
    assert text.count('class="cut"') == 8
    assert "8 of 10 pictures" in text
    assert "gone.png" not in text
    assert "马 0.png" not in text
    assert NASTY not in text
    assert [path.name for path in nasty.glob("*report*")] == ["report.html"]


def test_files_that_other_records_left_out_are_not_shown(trained, tmp_path):
    folder = fill(lengthen(copy(trained, tmp_path / "run"), 2))
    assert "<h2>Rejected files</h2>" in report.make([folder], tmp_path / "page.html").read_text(encoding="utf-8")
    note(next(folder.glob("tfrecords/**/conversion.json")), identity="of other pictures")
    assert "<h2>Rejected files</h2>" not in report.make([folder], tmp_path / "page.html").read_text(encoding="utf-8")


def test_a_page_that_cannot_be_made_again_is_said(trained, tmp_path, capsys):
    folder = copy(trained, tmp_path / "run")
    assert report.refresh(folder)
    runs.grid_path(folder, 23, 23).write_bytes(b"no picture")
    assert not report.refresh(folder)
    made, failed = capsys.readouterr().out.splitlines()
    assert made == f"To see the run, open {folder}/report.html"
    assert failed.startswith(f"{folder}/report.html was not made (")
    assert failed.endswith(f"To try again: tfgan report --run_dir={folder}")


def test_an_original_is_shown_as_the_generator_got_it(trained, tmp_path):
    """It is turned as its EXIF says, 16 bits are not clipped to white, and its name may have any bytes."""
    folder = copy(trained, tmp_path / "run")
    originals, translated = folder / "originals", folder / "translated/ab"
    originals.mkdir()
    translated.mkdir(parents=True)
    names = ["turned.jpg", "deep.png", os.fsdecode(b"caf\xe9.png")]
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.new("RGB", (80, 40), "red").save(originals / names[0], exif=turned)
    Image.fromarray(np.full((80, 40), 128 * 257, np.uint16)).save(originals / names[1])
    Image.new("RGB", (40, 80), "red").save(originals / names[2])
    for name in names:
        Image.new("RGB", (40, 80), "blue").save(translated / name)
    (translated / "translated.json").write_text(
        json.dumps({"source": str(originals), "direction": "ab", "names": names}), encoding="utf-8"
    )
    text = report.make([folder], tmp_path / "page.html").read_text(encoding="utf-8")
    assert "caf\\udce9.png" in text
    shown = re.findall(r'src="data:image/webp;base64,([^"]+)" alt="[^"]+, the original"', text)
    pictures = [Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB") for data in shown]
    assert [picture.size for picture in pictures] == [(40, 80)] * 3
    assert [picture.getpixel((20, 40)) for picture in pictures] == [(254, 0, 0), (128, 128, 128), (255, 0, 0)]


def test_settings_that_are_not_the_rows_come_first(page):
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"<code>(\w+)</code> <small>", text)[:5] == [
        *("image_size", "base_filters", "epochs", "steps", "ImageType")
    ]
    assert f'<td class="changed">9 <small>default {series.resolve("digits").epochs}</small></td>' in text


def test_a_run_that_goes_on_and_one_that_diverged_say_so(trained, tmp_path):
    folder = lengthen(copy(trained, tmp_path / "run"), 5)
    runs.write_log(folder, runs.read_log(folder)[:3])
    text = report.make([folder], tmp_path / "page.html").read_text(encoding="utf-8")
    assert "3 of 5 epochs" in text
    assert "still training, or stopped" in text
    (folder / runs.DIVERGED).write_text("the run diverged: Gen_loss is inf in epoch 4\n")
    text = report.make([folder], tmp_path / "page.html").read_text(encoding="utf-8")
    assert "the run diverged: Gen_loss is inf in epoch 4" in text
    assert "still training" not in text


def test_the_last_scores_of_each_name_are_a_table(trained, tmp_path):
    folder = copy(trained, tmp_path / "run")
    protocol = dict.fromkeys(("n_real", "n_fake", "n_floor", "seed"), 7) | {"partition": "test", "features": "random"}
    protocol |= {"features_digest": "f", "checkpoint": "generator.keras", "versions": {}}
    for step, value in ((23, 80.0), (46, 12.25)):
        own = {"step": step, "checkpoint_digest": str(step), **protocol}
        scores.add(folder, [
            scores.Score(metric="fid7_test_random", value=value, error=None, floor=1.5, **own),
            scores.Score(metric="kid7_test_random", value=0.5, error=0.125, floor=0.0, **own),
        ])  # fmt: skip
    other = own | {"checkpoint": "other.keras", "checkpoint_digest": "other"}  # no generator of the run
    scores.add(folder, [scores.Score(metric="fid7_test_random", value=80.0, error=None, floor=1.5, **other)])
    text = report.make([folder], tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<h2>Scores</h2>" in text
    assert "80" not in re.findall(r"<td>(.*?)</td>", text)
    assert re.search(r"fid7_test_random</code></th>\s*<td>12.25</td>\s*<td>1.5</td>\s*<td>46</td>", text)
    assert re.search(r"kid7_test_random</code></th>\s*<td>0.5 ± 0.12</td>", text)
    assert "<h2>Scores</h2>" not in report.make([trained], tmp_path / "page.html").read_text(encoding="utf-8")


def test_several_runs_share_one_table_of_scores_and_what_differs_follows(trained, tmp_path):
    folders = [fill(copy(trained, tmp_path / name)) for name in ("one", "other", "none")]
    protocol = dict.fromkeys(("n_real", "n_fake", "n_floor", "seed"), 7) | {"partition": "test", "features": "random"}
    protocol |= {"features_digest": "f", "checkpoint": "generator.keras", "checkpoint_digest": "c", "versions": {}, "step": 46}
    for folder, value in zip(folders, (12.25, 9.5), strict=False):
        scores.add(folder, [scores.Score(metric="fid7_test_random", value=value, error=0.5, floor=1.5, **protocol)])
    text = report.make(folders, tmp_path / "page.html").read_text(encoding="utf-8")
    heads = re.findall("<h2>(.*?)</h2>", text)
    assert heads[:3] == ["Scores", "Settings", "A walk &lt;b&gt;"]
    assert (heads.count("Scores"), heads.count("Settings")) == (1, 1)
    assert re.search('score</th><th scope="col">one</th><th scope="col">other</th><th scope="col">none</th>', text)
    assert re.search(r"fid7_test_random</th><td>12.25 ± 0.5 \(1.5\)</td><td>9.5 ± 0.5 \(1.5\)</td><td>–</td>", text)
    assert re.search(r"measured after step</th><td>46</td><td>46</td><td></td>", text)
    assert "The smaller fid and kid are, the better" in text
    assert "that the generator was trained on" not in text
    later = protocol | {"step": 92, "checkpoint_digest": "later", "features_digest": "g"}
    scores.add(folders[1], [
        scores.Score(metric="kid7_test_random", value=3.0, error=None, floor=1.5, **later),
        scores.Score(metric="fid7_test_random", value=8.5, error=None, floor=1.25, **protocol | {"features_digest": "g"}),
    ])  # fmt: skip
    text = report.make(folders, tmp_path / "page.html").read_text(encoding="utf-8")
    assert "other networks or against other real pictures (fid7_test_random): do not compare their scores" in text
    assert re.search(r"<td>8.5 \(1.25\), step 46</td>", text)
    assert re.search(r"<td>3 \(1.5\), step 92</td>", text)
    own = scores.Score(metric="fid7_train_random", value=1.0, error=None, floor=1.5, **protocol | {"partition": "train"})
    scores.add(folders[0], [own])
    text = report.make(folders, tmp_path / "page.html").read_text(encoding="utf-8")
    assert "one: The real pictures are pictures that the generator was trained on." in text
    assert "neighbours too. Through random features, pictures can score like real ones" in text


@pytest.mark.parametrize("loss", series.LOSSES)
def test_the_loss_at_equilibrium(loss):
    """D gives one answer to real and generated pictures, the best one. losses.py has the loss."""
    logits = np.linspace(-3, 3, 601, dtype="float32")
    of_players, known = losses.LOSSES[loss], series.LOSSES[loss]
    of_d = [float(of_players.discriminator(logit[None], logit[None])) for logit in logits]
    assert float(known.equilibrium.split("= ")[-1]) == pytest.approx(min(of_d), abs=6e-4)
    best = logits[np.isclose(of_d, min(of_d), atol=1e-6)]
    of_g = {round(float(of_players.generator(0 * logit[None] if of_players.relative else logit[None])), 3) for logit in best}
    assert known.g_equilibrium.split("= ")[-1] == (str(*of_g) if len(of_g) == 1 else "")
    probable = "Real_P and Fake_P are both 0.5" in reading.of_curves([series.resolve("digits", loss=loss, r1=0.0)])[-1]
    assert probable == series.LOSSES[loss].log_odds


@pytest.mark.parametrize("loss", series.LOSSES)
def test_who_has_won_is_said_of_losses_that_end_at_zero(loss):
    bounds = {"G": losses.LOSSES[loss].g_bound, "D": losses.LOSSES[loss].d_bound}
    assert series.LOSSES[loss].ends_at_zero == tuple(player for player, bound in bounds.items() if bound == 0)
    said = [line for line in reading.of_curves([series.resolve("digits", loss=loss, r1=0.0)]) if "has won if" in line]
    assert [line.split(" comes")[0] for line in said] == {
        ("G", "D"): ["One player has won if a loss"], ("D",): ["One player has won if D's loss"], (): []
    }[series.LOSSES[loss].ends_at_zero]  # fmt: skip


def test_a_smooth_label_moves_the_answers_at_equilibrium():
    """D's best answer p to real and generated pictures alike has the least -0.9 log p - 1.1 log(1 - p)."""
    p = np.linspace(0.01, 0.99, 99)
    best = p[np.argmin(-0.9 * np.log(p) - 1.1 * np.log(1 - p))]
    said = reading.of_curves([series.resolve("digits", real_label=0.9, r1=0.0)])[-1]
    assert f"Real_P and Fake_P are both {best:g}. Few" in said


def test_how_to_read_the_curves_is_beside_them(page, pair):
    equilibrium = "D&#39;s loss with --loss=non_saturating is 2 log 2 = 1.386 and G&#39;s log 2 = 0.693. D&#39;s loss may"
    for file in (page, pair):
        text = file.read_text(encoding="utf-8")
        for words in ("How to read the curves", equilibrium, "D tells nothing apart"):
            assert text.count(words) == 1


def test_scores_by_class_have_a_table_of_their_own(trained, tmp_path):
    folder = copy(trained, tmp_path / "run")
    protocol = dict.fromkeys(("n_real", "n_fake", "n_floor", "seed", "step"), 7) | {"partition": "test", "features": "classifier"}
    protocol |= {"features_digest": "f", "checkpoint": "generator.keras", "checkpoint_digest": "c", "versions": {}, "error": None}
    found = [scores.Score(metric="fid70_test_classifier", value=9.5, floor=1.5, **protocol)]
    for place, name in enumerate(("cat", "dog")):
        for metric, value in (("fid", 20.0 + place), ("as_asked", 0.75)):
            found.append(
                scores.Score(metric=f"{metric}_of_{name}_7_test_classifier", of=name, value=value, floor=1.0, **protocol)
            )
    scores.add(folder, found)
    text = report.make([folder], tmp_path / "page.html").read_text(encoding="utf-8")
    assert re.search(r'<th scope="col">class</th><th scope="col">fid</th><th scope="col">as_asked</th>', text)
    assert re.search(r'<th scope="row">dog</th><td>21 \(1\)</td><td>0.75 \(1\)</td>', text)
    assert "fid_of_cat" not in text
    assert "Measured after step 7, against test pictures, through classifier features." in text
    first, *_, cat, dog = scores.table(found).splitlines()
    assert first.split() == ["score", "value", "of", "real", "pictures"]
    assert (cat.split(), dog.split()) == (["cat", "20", "(1)", "0.75", "(1)"], ["dog", "21", "(1)", "0.75", "(1)"])


def test_a_run_by_steps_has_its_grids_between_the_epochs(trained, tmp_path):
    folder = lengthen(copy(trained, tmp_path / "run"), 2)
    run = runs.read_info(folder)
    runs.write_experiment(folder, run.experiment.change(steps=60), run.record_count, "identity", folder / "tfrecords")
    first = runs.read_log(folder)[0]
    runs.write_log(folder, [{**first, "step": step, "epoch": step / 23} for step in (10, 20, 23, 30)])
    for step in (10, 30):
        Image.new("RGB", (80, 90)).save(runs.grid_path(folder, step, 23))
    text = report.make([folder], tmp_path / "page.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'id="data">(.*?)</script>', text)[1])
    frames = data["runs"][0]["frames"]
    assert [frame["text"] for frame in frames] == ["epoch 0", "step 10", "epoch 1", "step 30"]
    assert [frame["row"] for frame in frames] == [None, 0, 2, 3]  # step 20 has no grid
    assert [moment["text"] for moment in data["moments"]] == [frame["text"] for frame in frames]
    assert "<li>30 of 60 steps</li>" in text
    assert "still training, or stopped" in text
    assert "Pictures drawn after step 30" in text


def test_a_long_run_is_thinned_and_says_so(trained, tmp_path, monkeypatch):
    folder = lengthen(copy(trained, tmp_path / "run"), 12)
    monkeypatch.setattr("tfgan_series.report.page.ROOM", 600)
    text = report.make([folder], tmp_path / "page.html").read_text(encoding="utf-8")
    kept = json.loads(re.search(r'id="data">(.*?)</script>', text)[1])["moments"]
    assert 1 < len(kept) < 13
    assert (kept[0], kept[-1]) == ({"epoch": 0, "text": "epoch 0"}, {"epoch": 12, "text": "epoch 12"})
    assert f"{len(kept)} of 13 grids are here, evenly chosen." in text


def test_a_gif_too_large_for_the_page_stands_still_and_says_so(nasty, tmp_path):
    folder = copy(nasty, tmp_path / "run")
    assert report.make([folder], tmp_path / "page.html").read_text(encoding="utf-8").count("data:image/gif") == 1
    with open(folder / "explored/đi bộ.gif", "ab") as file:
        file.write(bytes(2_000_000))  # after the GIF's end, where no reader looks
    text = report.make([folder], tmp_path / "page.html").read_text(encoding="utf-8")
    assert "data:image/gif" not in text
    assert "đi bộ.gif is too large for this page to play: open the file itself." in text


def test_a_run_without_grids_keeps_its_curves(trained, tmp_path):
    folder = copy(trained, tmp_path / "run")
    shutil.rmtree(folder / "images")
    text = report.make([folder], tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<img" not in text
    assert text.count('class="plot"') == 3


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["/runs/dcgan/mnist-64", "/runs/dcgan/digits-32"], ["mnist-64", "digits-32"]),
        (["/runs/dcgan/mnist-64", "/runs/gan/mnist-28"], ["dcgan/mnist-64", "gan/mnist-28"]),
        (["/runs/a", "/runs/a/b"], ["a", "a/b"]),
        (["/runs/a", "/runs/a"], ["a", "a"]),
        (["/a", "/b"], ["a", "b"]),
    ],
)
def test_runs_are_told_apart_by_where_their_paths_part(paths, names):
    assert distinct_names([PurePosixPath(path) for path in paths]) == names


def test_runs_on_two_drives_are_told_apart_by_their_whole_paths():
    paths = [PureWindowsPath(path) for path in (r"C:\runs\mnist-64", r"D:\runs\mnist-64")]
    assert distinct_names(paths) == [r"C:\runs\mnist-64", r"D:\runs\mnist-64"]
    paths = [PureWindowsPath(path) for path in (r"C:\runs\mnist-64", r"C:\runs\digits-32")]
    assert distinct_names(paths) == ["mnist-64", "digits-32"]


def test_what_the_page_says_of_a_run(page):
    text = page.read_text(encoding="utf-8")
    assert "<li>9 of 9 epochs</li>" in text
    assert "<li>1,500 pictures of 8 × 8, grey</li>" in text
    assert re.search(r"<li>[\d,]+ pictures a second</li>", text)


def test_numbers_that_are_none_reach_the_page_and_its_script(trained, tmp_path):
    folder = copy(trained, tmp_path / "run")
    log = runs.read_log(folder)
    runs.write_log(folder, [{**log[0], "Gen_grad": float("nan")}, log[1]])
    text = report.make([folder], tmp_path / "page.html").read_text(encoding="utf-8")

    def refuse(constant):
        raise AssertionError(f"no browser reads {constant}")

    data = json.loads(re.search(r'id="data">(.*?)</script>', text)[1], parse_constant=refuse)
    (gradient,) = (line for plot in data["runs"][0]["plots"] for line in plot["lines"] if line["values"][0] == "nan")
    assert gradient["y"][0] is None
    assert gradient["y"][1] is not None


def test_bad_input_is_a_line_and_leaves_nothing(trained, tmp_path):
    empty = copy(trained, tmp_path / "empty")
    (empty / "log.csv").unlink()
    diverged = copy(empty, tmp_path / "diverged")
    (diverged / runs.DIVERGED).write_text("the run diverged: Gen_loss is nan in epoch 1")
    (tmp_path / "folder").mkdir()
    for folders, line in (
        ([tmp_path / "folder"], "folder is not a run"),
        ([trained, tmp_path / "gone"], "gone is not a run"),
        ([trained, empty], "empty has nothing to show yet"),
        ([diverged], "diverged has nothing to show: the run diverged: Gen_loss is nan in epoch 1"),
    ):
        with pytest.raises(UserError, match=line) as error:
            report.make(folders, tmp_path / "out/page.html")
        assert "\n" not in str(error.value)
    fill(copy(trained, tmp_path / "damaged"))
    for text in ("{", "[" * 200_000, "[]", '{"title": "", "text": "", "pictures": 1}'):
        (tmp_path / "damaged/explored/walk.json").write_text(text)
        with pytest.raises(UserError, match=r"walk\.json cannot be read") as error:
            report.make([tmp_path / "damaged"], tmp_path / "out/page.html")
        assert "\n" not in str(error.value)
    assert not (tmp_path / "out").exists()
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="give another --out"):
        report.make([trained], tmp_path / "file/page.html")


def test_it_needs_no_tensorflow(trained, tmp_path):
    code = f"""
import sys
sys.modules["tensorflow"] = sys.modules["keras"] = None
from tfgan_series import report
report.make([{str(trained)!r}], "page.html")
"""
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, env=command_environment())
    assert (tmp_path / "page.html").is_file()


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium from the system's packages. Its tests are skipped only if there is none and CI is not set."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None and not os.environ.get("CI"):
        pytest.skip("no Chromium here: install one (Debian: apt install chromium)")
    from playwright.sync_api import sync_playwright

    assert program, "CI is set and there is no Chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--disable-gpu", "--disable-background-networking"])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser):
    """visit(file, **how): the page as the browser shows it, with its clock stopped. The test fails if the page does something
    forbidden."""
    faults, contexts = [], []

    def open_page(file, **how):
        contexts.append(browser.new_context(offline=True, **how))
        tab = contexts[-1].new_page()
        tab.on("console", lambda message: faults.append(message.text))
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.on("dialog", lambda dialog: (faults.append(dialog.message), dialog.dismiss()))
        tab.on("request", lambda request: request.url.startswith(("file:", "data:")) or faults.append(request.url))
        tab.clock.install(time="2030-01-01T00:00:00")
        tab.goto(file.as_uri())
        tab.clock.pause_at("2030-01-01T01:00:00")
        return tab

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []


def seen(tab, number=0):
    """(epoch shown, the colour of its grid, the marker's place) of a run on the page."""
    run = tab.locator(".run").nth(number)
    middle = run.locator(".grid").evaluate(
        """async (image) => {
            await image.decode();
            const context = document.createElement("canvas").getContext("2d");
            context.drawImage(image, 0, 0);
            return [...context.getImageData(40, 45, 1, 1).data];
        }"""
    )
    marker = run.locator(".marker").first
    return run.locator(".shown").inner_text(), tuple(middle[:3]), marker.bounding_box()["x"]


def test_the_slider_moves_grid_marker_and_numbers(visit, page):
    tab = visit(page)
    slider = tab.get_by_role("slider", name="Epoch", exact=True)
    epoch, shade, end = seen(tab)
    assert (epoch, shade) == ("epoch 9", colour(9))
    assert slider.get_attribute("aria-valuetext") == "epoch 9"
    slider.fill("4")
    epoch, shade, place = seen(tab)
    assert (epoch, shade) == ("epoch 4", colour(4))
    assert place < end
    assert tab.locator(".value").first.inner_text() == "1.25"
    assert tab.locator("[aria-live]").inner_text() == "Epoch 4"
    assert tab.get_by_role("img", name="Pictures drawn after epoch 4").is_visible()
    slider.focus()
    tab.keyboard.press("ArrowRight")
    assert seen(tab)[:2] == ("epoch 5", colour(5))
    tab.keyboard.press("Home")
    assert seen(tab)[:2] == ("epoch 0", colour(0))
    assert tab.locator(".value").first.inner_text() == "–"  # before the first step there are no numbers
    assert tab.locator(".marker").first.evaluate("(marker) => getComputedStyle(marker).visibility") == "hidden"
    assert tab.locator(".epoch").evaluate("(slider) => getComputedStyle(slider).outlineStyle") == "solid"


def test_arrow_keys_work_anywhere_and_a_click_on_a_curve_goes_there(visit, page):
    tab = visit(page)
    tab.keyboard.press("ArrowLeft")
    assert seen(tab)[:2] == ("epoch 8", colour(8))
    tab.locator(".plot > svg").nth(2).click()
    assert seen(tab)[:2] == ("epoch 5", colour(5))


def test_play_runs_to_the_end_and_stops(visit, page):
    tab = visit(page)
    tab.get_by_role("button", name="Play through the epochs").click()
    assert seen(tab)[0] == "epoch 0"
    tab.clock.run_for(650)
    assert seen(tab)[:2] == ("epoch 3", colour(3))
    tab.get_by_role("button", name="Stop playing").click()
    tab.clock.run_for(1000)
    assert seen(tab)[0] == "epoch 3"
    tab.get_by_role("button", name="Play through the epochs").press("Enter")
    tab.clock.run_for(5000)
    assert seen(tab)[0] == "epoch 9"
    assert tab.get_by_role("button", name="Play through the epochs").is_visible()
    assert tab.locator("[aria-live]").inner_text() == "Epoch 9"


def test_who_wants_less_motion_has_a_slower_player_and_stills(visit, page):
    tab = visit(page, reduced_motion="reduce")
    tab.get_by_role("button", name="Play through the epochs").click()
    tab.clock.run_for(1400)
    assert seen(tab)[0] == "epoch 0"
    tab.clock.run_for(200)
    assert seen(tab)[0] == "epoch 1"
    moving = tab.get_by_role("img", name="đi bộ.gif")
    assert moving.evaluate("(image) => image.currentSrc").startswith("data:image/webp")
    assert visit(page).get_by_role("img", name="đi bộ.gif").evaluate("(image) => image.currentSrc").startswith("data:image/gif")


def test_two_runs_stay_in_step(visit, pair):
    tab = visit(pair)
    sliders = tab.locator(".epoch")
    assert (seen(tab, 0)[0], seen(tab, 1)[0]) == ("epoch 9", "epoch 4")  # the short run stays at its last epoch
    for number, value in ((1, "2"), (0, "1")):
        sliders.nth(number).fill(value)
        epoch = int(value)
        assert [sliders.nth(which).input_value() for which in (0, 1)] == [value, value]
        assert seen(tab, 0)[:2] == seen(tab, 1)[:2] == (f"epoch {epoch}", colour(epoch))
    sliders.nth(1).focus()
    tab.keyboard.press("ArrowRight")
    assert seen(tab, 0)[0] == seen(tab, 1)[0] == "epoch 2"
    tab.get_by_role("button", name="Play through the epochs").nth(1).click()
    tab.clock.run_for(650)
    assert (seen(tab, 0)[0], seen(tab, 1)[0]) == ("epoch 5", "epoch 4")
    widths = [tab.locator(".run").nth(number).bounding_box() for number in (0, 1)]
    assert widths[0]["y"] == widths[1]["y"]
    assert widths[0]["x"] + widths[0]["width"] < widths[1]["x"]


def test_names_are_shown_as_text(visit, page, pair):
    tab = visit(page)
    text = tab.locator("body").inner_text()
    assert NASTY in text
    assert NASTY in tab.title()
    assert all(name in text for name in FILES)
    assert "A walk <b>" in text
    assert tab.locator("main b b, h2 b").count() == 0
    assert NASTY in visit(pair).get_by_role("heading", name=NASTY).inner_text()


def test_the_handle_between_before_and_after(visit, page):
    tab = visit(page)
    handle = tab.get_by_role("slider", name="How much of 马 1.png is the original")
    handle.focus()
    assert handle.bounding_box()["width"] == 256
    after = tab.get_by_role("img", name="马 1.png, translated")
    cut = after.evaluate("(image) => getComputedStyle(image).clipPath")
    tab.keyboard.press("End")
    assert after.evaluate("(image) => getComputedStyle(image).clipPath") != cut
    assert handle.get_attribute("aria-valuetext") == "100 % original"
    assert seen(tab)[0] == "epoch 9"  # its keys move nothing else


@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_is_wider_than_the_screen(visit, page, pair, width):
    for file in (page, pair):
        tab = visit(file, viewport={"width": width, "height": 700})
        tab.locator("details").evaluate_all("(all) => all.forEach((one) => { one.open = true; })")
        assert tab.evaluate("document.documentElement.scrollWidth") == width


def test_every_control_has_a_name_and_dark_is_dark(visit, page):
    tab = visit(page, color_scheme="dark")
    assert all(tab.locator("img").evaluate_all("(all) => all.map((one) => one.alt)"))
    for role in ("slider", "button"):
        controls = tab.get_by_role(role)
        assert controls.count() == tab.get_by_role(role, name=re.compile(".")).count() > 0
    paper, ink = (tab.evaluate(f"getComputedStyle(document.body).{name}") for name in ("backgroundColor", "color"))
    assert sum(map(int, re.findall(r"\d+", paper))) < 150 < 600 < sum(map(int, re.findall(r"\d+", ink)))
