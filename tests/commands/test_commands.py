"""The commands as a user types them, in processes of their own."""

import os
import shutil
import signal
import subprocess
import zipfile

import numpy as np
import pytest
from PIL import Image

from tfgan_series import latent, pictures, runs
from tfgan_series.generators import load_generator

from conftest import ROOT, command, command_environment, command_words, run_code, write_celeba, write_squares


@pytest.fixture(scope="module")
def workplace(tmp_path_factory, digits):
    """A folder with the digits' records at 8 pixels in place."""
    folder = tmp_path_factory.mktemp("workplace")
    (folder / "tfrecords").symlink_to(digits[0])
    (folder / "itself.txt").write_text("--flagfile=itself.txt\n")
    return folder


def stop(folder, arguments, run_dir, number, after):
    """Train, and send the process a signal after so many batches. Returns its exit status and what it printed."""
    words = (*arguments, f"--run_dir={run_dir}")
    done = command("train.py", *words, cwd=folder, check=False, at_batch=(after, signal.raise_signal, number))
    return done.returncode, done.stdout


def test_from_jpegs_over_a_stop_and_a_kill_to_the_same_bits(tmp_path):
    """The main job from end to end: CelebA's layout on disk is converted and trained; the training is stopped, killed, and goes
    on. The boxes hold red squares on green, and the generator learns red."""
    write_celeba(tmp_path / "celeba", count=500)
    source = ("--ImageType=celeba", "--image_size=8", f"--DatasetPath={tmp_path / 'celeba'}")
    done = command("make_tfrecord.py", *source, cwd=tmp_path).stdout
    assert "tfrecords/img_celeba-bbox/8: 398 train + 50 val + 50 test records." in done
    arguments = (
        "--ImageType=celeba", "--image_size=8", "--base_filters=4", "--batch_size=2", "--steps=560", "--grid_every=100",
        "--deterministic",
    )  # fmt: skip
    steps = 199  # in an epoch; the rows end after the steps 100, 199, 200, 300, 398, 400, 500 and 560
    command("train.py", *arguments, "--run_dir=through", cwd=tmp_path)
    status, output = stop(tmp_path, arguments, "stopped", signal.SIGTERM, after=steps + 7)
    assert status == 128 + signal.SIGTERM
    assert "Stopped and saved in epoch 2 of 3, after step 207 of 560" in output
    assert "To go on, type the same command again." in output
    status, _ = stop(tmp_path, arguments, "stopped", signal.SIGKILL, after=steps)  # in the row after step 400
    assert status == -signal.SIGKILL
    done = command("train.py", *arguments, "--run_dir=stopped", cwd=tmp_path).stdout
    assert "Going on from epoch 3, step 401 of 560" in done

    logs = [runs.read_log(tmp_path / name) for name in ("through", "stopped")]
    assert [row["step"] for row in logs[1]] == [100, 199, 200, 300, 398, 400, 500, 560]
    numbers = runs.read_steps(tmp_path / "stopped", epochs=3)
    assert numbers["step"].tolist() == list(range(1, 561))
    assert logs[1][3]["Gen_loss"] == pytest.approx(numbers["Gen_loss"][200:300].mean(), rel=1e-4)  # the row with the stop
    for one, other in zip(*logs, strict=True):
        assert {**one, "images_per_second": 0} == {**other, "images_per_second": 0}
    through, stopped = (load_generator(tmp_path / name / runs.GENERATOR).get_weights() for name in ("through", "stopped"))
    assert all(np.array_equal(one, other) for one, other in zip(through, stopped, strict=True))

    colours = []
    for step in (199, 560):
        grid = np.asarray(Image.open(runs.grid_path(tmp_path / "stopped", step, steps)))[26:]
        colours.append(grid[6::12, 6::12].reshape(-1, 3).mean(axis=0))
    assert colours[1][0] - colours[1][1] > 30  # more red than green
    assert colours[1][0] - colours[1][1] > colours[0][0] - colours[0][1]


def test_a_cyclegan_over_a_kill_to_the_same_bits_and_in_use(tmp_path, trained):
    """Two folders of pictures are converted and trained. A copy of the run in mid-epoch with a full pool, which is what a kill
    would leave, goes on. Both generators open in plain Keras. translate.py accepts this run, and no run of another model."""
    write_squares(tmp_path / "files", train=40, test=4)
    source = ("--ImageType=horse2zebra", f"--DatasetPath={tmp_path / 'files'}")
    done = command("make_tfrecord.py", *source, cwd=tmp_path).stdout
    assert "tfrecords/horse2zebra/source: 40 trainA + 32 trainB + 4 testA + 4 testB records." in done
    arguments = (
        "--ImageType=horse2zebra", "--lr_decay=0.5", "--image_size=16", "--base_filters=2", "--blocks=1", "--pool=3",
        "--epochs=2", "--deterministic",
    )  # fmt: skip
    kill = (43, shutil.copytree, "through", "killed")
    command("train.py", *arguments, "--run_dir=through", cwd=tmp_path, at_batch=kill)
    done = command("train.py", *arguments, "--run_dir=killed", cwd=tmp_path).stdout
    assert "Going on from epoch 2, step 41 of 80" in done
    one, other = (runs.read_log(tmp_path / name) for name in ("through", "killed"))
    assert [row | {"images_per_second": 0} for row in one] == [row | {"images_per_second": 0} for row in other]
    np.save(tmp_path / "images.npy", np.zeros((1, 16, 16, 3), "float32"))
    code = """
import sys
sys.modules["tfgan_series"] = None
import keras, numpy as np
for name in ("generator_ab", "generator_ba"):
    images = [keras.models.load_model(f"{run}/{name}.keras")(np.load("images.npy")).numpy() for run in ("through", "killed")]
    assert images[0].shape == (1, 16, 16, 3) and np.array_equal(*images)
"""
    run_code(code, tmp_path)

    done = command("translate.py", "--run_dir=killed", "--input=files/testB", "--direction=ba", cwd=tmp_path)
    assert "Translated into killed/translated/ba" in done.stdout
    assert len(list((tmp_path / "killed/translated/ba").glob("*.png"))) == 4
    for words, line in (
        (("translate.py", f"--run_dir={trained}", "--input=files"), "is a run of dcgan; this is for cyclegan"),
        (("generate.py", "--run_dir=killed"), "is a run of cyclegan; this is for dcgan and gan"),
        (("translate.py", "--run_dir=killed"), "--input"),
    ):
        done = command(*words, cwd=tmp_path, check=False)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert line in done.stderr


def test_flags_txt_repeats_the_run(workplace, trained):
    flags = (trained / "flags.txt").read_text().replace(str(trained), "again")
    (workplace / "flags.txt").write_text(flags)
    command("train.py", "--flagfile=flags.txt", cwd=workplace)
    again, first = (load_generator(folder / runs.GENERATOR).get_weights() for folder in (workplace / "again", trained))
    assert all(np.allclose(one, other, atol=1e-4) for one, other in zip(again, first, strict=True))


def test_a_run_named_alone_has_its_own_settings_and_records(trained, digits, tmp_path):
    """Also with --overwrite, which must not make another run of it."""
    for more in ((), ("--overwrite", "--lr=0.5")):
        done = command("train.py", f"--run_dir={trained}", "--dry_run", *more, cwd=tmp_path)
        assert "image_size: 8" in done.stdout
        assert ("lr: 0.5" in done.stdout) == bool(more)
        assert f"in {digits[1].folder}" in done.stdout


def test_generator_opens_without_this_package(workplace, trained):
    """In a process that cannot import the package: plain Keras draws what generate.py draws for the same z."""
    command("generate.py", f"--run_dir={trained}", "--out=drawn", "--seed=5", cwd=workplace)
    np.save(workplace / "z.npy", latent.noise(16, 100, seed=5))
    code = f"""
import sys
sys.modules["tfgan_series"] = None
import keras, numpy as np
generator = keras.models.load_model({str(trained / "generator.keras")!r})
np.save("images.npy", generator.predict(np.load("z.npy"), verbose=0))
"""
    run_code(code, workplace)
    images = np.load(workplace / "images.npy")
    assert images.dtype == np.float32
    sheet = np.asarray(pictures.grid(pictures.to_uint8(images), columns=4)).astype(int)
    drawn = np.asarray(Image.open(workplace / "drawn/seed-5-count-16.png")).astype(int)
    assert np.abs(sheet - drawn).max() <= 1
    with zipfile.ZipFile(trained / "generator.keras") as file:
        assert "tfgan" not in file.read("config.json").decode()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["train.py", "--ImageType=cats"], "flag --ImageType=cats"),
        (["train.py", "--batch_size=0"], "--batch_size=0: at least 1 is needed"),
        (["train.py", "extra"], "'extra' is no flag"),
        (["train.py", "--image_size=8", "--batch_size=1501"], "--batch_size=1501 is more than the 1500 records of train"),
        (["train.py", "--TFRecordPath="], "--TFRecordPath= names nothing: give a path, or leave the flag out"),
        (["train.py", "--flagfile=nowhere.txt"], "--flagfile=nowhere.txt cannot be read ([Errno 2] No such file"),
        (["train.py", "--flagfile=tfrecords"], "--flagfile=tfrecords cannot be read ([Errno 21] Is a directory"),
        (["train.py", "--flagfile"], "--flagfile= names nothing: give a path, or leave the flag out"),
        (["train.py", "--flagfile=itself.txt"], "--flagfile=itself.txt cannot be read (it names itself): give a file in UTF-8"),
        (["generate.py", "--run_dir=nowhere"], "nowhere is not a run"),
        (["generate.py", "--model=cgan", "--classes=a b,c"], "scripts/train.py --model=cgan '--classes=a b,c', or"),
        (["export.py", "--run_dir=nowhere"], "nowhere is not a run"),
        (["generate.py", "--run_dir=run", "--generator=file"], "--generator names the generator: leave --run_dir"),
        (["report.py", "--runs=,"], "--runs names no run"),
        (["evaluate.py", "--run_dir=nowhere"], "nowhere is not a run"),
        (["evaluate.py", "--weights=file.h5"], "--weights is for --features=inception: give both, or leave it out"),
        (["compare.py"], "give --study=optimizer|noise_dim|tips|loss|recipe or --vary=SETTING=VALUE,VALUE"),
        (["compare.py", "--vary=noise=1,2"], "--vary=noise=1,2: wanted SETTING=VALUE,VALUE"),
        (["compare.py", "--vary=noise_dim"], "with a setting that --help lists; noise_dim needs its values"),
        (["compare.py", "--vary=noise_dim=1,x"], "--vary=noise_dim=1,x: a whole number is needed"),
        (["compare.py", "--vary=noise_dim=1", "--vary=noise_dim=2"], "--vary names noise_dim twice"),
        (["compare.py", "--vary=norm_ends=1,maybe"], "Non-boolean argument to boolean flag maybe"),
        (["compare.py", "--vary=noise_dim=20"], "--vary=noise_dim=20: a comparison needs two values or more"),
        (["compare.py", "--vary=lr_drops=1,2"], "--vary=lr_drops=1,2: its values have commas themselves"),
        (["compare.py", "--study=loss", "--seeds=0,one"], "flag --seeds=0,one: 'one' is no whole number"),
        (["compare.py", "--study=noise_dim", "--noise_dim=7"], "this comparison varies --noise_dim itself"),
    ],
)
def test_bad_input_is_one_line(workplace, arguments, line):
    script, *flags = arguments
    done = command(script, *flags, cwd=workplace, check=False)
    assert done.returncode == 1
    assert line in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (workplace / "runs").exists()


def test_a_comparison_of_ones_own(workplace):
    flags = (
        "--vary=noise_dim=2",
        "--vary=lr=0.1,0.2",
        "--image_size=8",
        "--base_filters=4",
        "--batch_size=700",
        "--epochs=1",
        "--count=0",
    )
    done = command("compare.py", *flags, "--out=compared", cwd=workplace)
    assert "Run 2 of 2: noise_dim=2, lr=0.2, seed 0" in done.stdout
    assert "| noise_dim=2, lr=0.1 | 1 |" in done.stdout
    assert "# noise_dim=2 and lr=0.1,0.2 (base_filters=4, batch_size=700, epochs=1)" in done.stdout
    (drawn,) = (workplace / "compared/dcgan/digits-8").glob("*.png")
    assert drawn.name.startswith("vary-noise_dim=2-lr=0.1-0.2")  # so a comparison of other values has a page of its own


def test_a_run_folder_for_its_generator(workplace, trained):
    shutil.copytree(trained, workplace / "given")
    command("generate.py", "--generator=given", "--count=2", cwd=workplace)
    assert (workplace / "given/generated/seed-0-count-2.png").is_file()


def test_a_run_other_than_the_flags_say(workplace, trained):
    done = command("generate.py", f"--run_dir={trained}", "--Partition=test", cwd=workplace, check=False)
    assert done.returncode == 1
    assert "does not match the flags: --Partition is train in the run" in done.stderr


def test_too_much_for_the_memory_is_one_line(workplace, trained):
    done = command("generate.py", f"--run_dir={trained}", "--count=1000000000000", cwd=workplace, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("generate.py: out of memory (")


def test_other_backends_are_refused_in_a_line(workplace):
    done = command("train.py", cwd=workplace, check=False, KERAS_BACKEND="torch")
    assert (done.returncode, done.stderr) == (1, "train.py: KERAS_BACKEND=torch: this package trains with TensorFlow; unset it\n")


def test_a_flagfile_is_read_in_utf_8_whatever_the_locale(tmp_path):
    old = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    flags = "\ufeff# Cờ\n\n// of a run\n--ImageType=folder\n--model=cgan\n--classes=mèo,chó\n"
    (tmp_path / "flags.txt").write_text(flags, encoding="utf-8")
    (tmp_path / "more.txt").write_text("--flagfile=flags.txt\n--TFRecordPath=mèo\n", encoding="utf-8")
    done = command("train.py", "--flagfile=flags.txt", "--dry_run", cwd=tmp_path, **old)
    assert "classes: ('m\\xe8o', 'ch\\xf3')  (changed: the usual value is ())\n" in done.stdout
    done = command("train.py", "--flagfile", "more.txt", "--dry_run", cwd=tmp_path, check=False, **old)
    line = "train.py: m\\xe8o: this locale cannot write such a name (ascii): set PYTHONUTF8=1\n"
    assert (done.returncode, done.stderr) == (1, line)


# A module that the commands import, which sends its process a signal, and with AGAIN another one while Python shuts down.
SIGNALLING = """
import atexit, os, signal
if AGAIN:
    atexit.register(os.kill, os.getpid(), NUMBER)
os.kill(os.getpid(), NUMBER)
"""


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("module", ["absl", "tensorflow"])  # which is imported first, and after the flags are read
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_before_the_work_begins_is_one_line(number, module, again, tmp_path):
    (tmp_path / f"{module}.py").write_text(SIGNALLING.replace("AGAIN", str(again)).replace("NUMBER", str(int(number))))
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = command("train.py", cwd=tmp_path, check=False, PYTHONPATH=path)
    assert done.returncode == 128 + number
    assert (done.stdout, done.stderr) == ("", "train.py: stopped; to go on, type the same command again\n")


@pytest.mark.parametrize(("script", "arguments"), [("train.py", ["--help"]), ("report.py", ["--out=page.html", "--run_dir"])])
def test_output_that_nobody_reads_is_one_line(script, arguments, trained, tmp_path):
    """As of `report.py | head -1`, whose head has ended."""
    reader, writer = os.pipe()
    os.close(reader)
    words = command_words(script, *arguments, *([trained] if arguments[-1] == "--run_dir" else []))
    done = subprocess.run(words, cwd=tmp_path, env=command_environment(), stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    line = f"{script}: its output cannot be written (Broken pipe); to go on, type the same command again\n"
    assert (done.returncode, done.stderr) == (141, line)


def test_without_the_packages_a_line_tells_how_to_get_them(workplace):
    words = command_words("train.py")
    done = subprocess.run([words[0], "-S", "-E", *words[1:]], cwd=workplace, capture_output=True, text=True)  # -S: no packages
    assert done.returncode == 1
    assert "type 'make install'" in done.stderr
    assert done.stderr.count("\n") == 1
