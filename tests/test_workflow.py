import os
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorboard.compat.proto import event_pb2

from tfgan_series import files, latent, pictures, preparation, runs, series, workflow
from tfgan_series.data import conversion, pipeline
from tfgan_series.errors import Diverged, UserError
from tfgan_series.generators import load_asked, load_generator
from tfgan_series.training import devices, workers
from tfgan_series.training import train as training
from tfgan_series.training.checkpoints import Checkpoints


def test_what_a_run_leaves(trained, tiny, digits):
    entries = {path.name for path in trained.iterdir()}
    assert entries == {
        "experiment.json", "flags.txt", "log.csv", "steps", "images", "checkpoints", "tensorboard",
        "generator.keras", "training.gif", "loss.png", "probability.png", "report.html",
    }  # fmt: skip
    assert [path.name for path in sorted((trained / "images").iterdir())] == [f"epoch-00{epoch}.png" for epoch in range(3)]
    assert runs.read_info(trained) == (tiny, 1500, digits[1].identity)
    assert (trained / "log.csv").read_text().startswith("epoch,step,Real_P,Fake_P,Gen_loss,Dis_loss,lr,images_per_second,")
    log = runs.read_log(trained)
    assert [row["epoch"] for row in log] == [1, 2]
    assert all(row["steps"] == 1500 // 64 and row["images_per_second"] > 0 for row in log)
    steps = runs.read_steps(trained, epochs=2)
    assert steps["step"].tolist() == list(range(1, 2 * 23 + 1))
    for name in ("Real_P", "Gen_loss", "Gen_grad"):
        assert steps[name].reshape(2, 23).mean(axis=1) == pytest.approx([row[name] for row in log], rel=1e-5)
        assert steps[name].std() > 0
    with Image.open(trained / "training.gif") as gif:
        assert gif.n_frames == 3


def tensorboard_steps(folder, name):
    """The steps of a number's or a picture's TensorBoard events, in the order in which TensorBoard reads them."""
    events = tf.data.TFRecordDataset([str(path) for path in sorted((folder / runs.TENSORBOARD).iterdir())])
    events = [event_pb2.Event.FromString(event) for event in events.as_numpy_iterator()]
    return [event.step for event in events for value in event.summary.value if value.tag == name]


def test_tensorboard_has_every_number_and_the_grid(trained):
    for name in ("grid", "epoch", "Real_P", "Fake_P", "Gen_loss", "Dis_loss", "lr", "images_per_second"):
        assert tensorboard_steps(trained, name) == [23, 46]


def test_a_run_killed_before_its_checkpoint_has_each_epoch_once(trained, digits, tiny, tmp_path, monkeypatch):
    """All files of epoch 3 are written, except its checkpoint. The run that goes on trains this epoch again. A copy that somebody
    made by hand and a warning that no text editor wrote do not stop it."""

    class Killed(BaseException):
        pass

    def die(_):
        raise Killed

    folder, longer = shutil.copytree(trained, tmp_path / "run"), tiny.change(epochs=3)
    with monkeypatch.context() as patch:
        patch.setattr(Checkpoints, "save", die)
        with pytest.raises(Killed):
            workflow.train(longer, tfrecord_path=digits[0], run_dir=folder)
    assert len(runs.read_log(folder)) == 3
    (written,) = (folder / runs.TENSORBOARD).glob("*-000069.v2")
    copied = shutil.copy(written, written.with_name(f"{written.stem} (copy).v2"))
    (folder / runs.WARNINGS).write_bytes(b"no UTF-8: \xff\n")
    workflow.train(longer, tfrecord_path=digits[0], run_dir=folder)
    assert [row["epoch"] for row in runs.read_log(folder)] == [1, 2, 3]
    copied.unlink()
    for name in ("Gen_loss", "grid"):
        assert tensorboard_steps(folder, name) == [23, 46, 69]


def test_a_diverged_run_leaves_a_line(digits, tiny, tmp_path):
    with pytest.raises(Diverged, match="smaller --lr"):
        workflow.train(tiny.change(lr=1e38), tfrecord_path=digits[0], run_dir=tmp_path / "run")
    assert (tmp_path / "run" / runs.DIVERGED).read_text().startswith("the run diverged: ")


def test_a_run_that_diverges_later_gets_its_report(trained, digits, tiny, tmp_path, monkeypatch):
    def diverge(*_, **__):
        raise Diverged("Gen_loss is nan in epoch 3")

    folder = shutil.copytree(trained, tmp_path / "run")
    monkeypatch.setattr(training.loop, "run", diverge)
    with pytest.raises(Diverged):
        workflow.train(tiny.change(epochs=3), tfrecord_path=digits[0], run_dir=folder)
    assert "the run diverged: Gen_loss is nan in epoch 3" in (folder / "report.html").read_text()


def test_a_run_keeps_what_auto_was_at_its_start(digits, tiny, tmp_path, monkeypatch, capsys):
    def diverge(*_, **__):
        raise Diverged("Gen_loss is nan")

    auto = tiny.change(precision="auto")
    here = devices.resolve_precision(auto).precision
    with monkeypatch.context() as patch:
        patch.setattr(training, "train", diverge)
        with pytest.raises(Diverged):
            workflow.train(auto, tfrecord_path=digits[0], run_dir=tmp_path / "run")
    assert f"--precision=auto is {here} in this run." in capsys.readouterr().out
    assert runs.read_experiment(tmp_path / "run").precision == here
    assert f"precision: {here}" in "\n".join(preparation.describe(auto, tfrecord_path=digits[0]))
    # As on another machine.
    monkeypatch.setattr(devices, "resolve_precision", lambda asked: asked.change(precision="mixed_float16"))
    monkeypatch.setattr(training, "train", diverge)
    with pytest.raises(Diverged):
        workflow.train(auto, tfrecord_path=digits[0], run_dir=tmp_path / "run")
    assert runs.read_experiment(tmp_path / "run").precision == here
    assert f"precision: {here}" in "\n".join(preparation.describe(auto, tfrecord_path=digits[0], run_dir=tmp_path / "run"))
    with pytest.raises(Diverged):
        workflow.train(auto, tfrecord_path=digits[0], run_dir=tmp_path / "run", overwrite=True)
    assert runs.read_experiment(tmp_path / "run").precision == "mixed_float16"


def test_the_grid_is_the_generators_for_the_fixed_z(trained):
    generator = keras.models.load_model(trained / "generator.keras")
    images = pictures.to_uint8(latent.sample(generator, latent.noise(16, 100, seed=0)))
    assert images.std() > 0
    again = np.asarray(pictures.grid(images, columns=4, caption="epoch 2"))
    assert np.array_equal(np.asarray(Image.open(trained / "images/epoch-002.png")), again)
    assert not np.array_equal(np.asarray(Image.open(trained / "images/epoch-001.png"))[26:], again[26:])  # below the caption


def test_the_generator_is_float32_whatever_the_training(digits, tmp_path, capsys):
    experiment = series.resolve("digits", image_size=8, base_filters=4, batch_size=500, epochs=1, precision="mixed_bfloat16")
    folder = workflow.train(experiment, tfrecord_path=digits[0], run_dir=tmp_path / "run")
    assert "1 epoch with 3 steps an epoch, into" in (printed := capsys.readouterr().out)
    assert "The curves will have a single point: --grid_every=1 gives more." in printed
    generator = keras.models.load_model(folder / "generator.keras")
    assert {layer.compute_dtype for layer in generator.layers} == {"float32"}
    assert generator(np.zeros((1, 100), "float32")).dtype == "float32"


def test_a_log_that_lost_its_last_row_is_refused(trained, digits, tiny, tmp_path):
    folder = shutil.copytree(trained, tmp_path / "run")
    runs.write_log(folder, runs.read_log(folder)[:1])
    with pytest.raises(UserError, match=r"log\.csv has no row of step 46, and the checkpoint is of step 46: bring back"):
        workflow.train(tiny.change(epochs=3), tfrecord_path=digits[0], run_dir=folder)


def test_a_finished_run_says_so_and_more_epochs_go_on(trained, digits, tiny, tmp_path, capsys):
    folder = shutil.copytree(trained, tmp_path / "run")
    before = (folder / "generator.keras").read_bytes()
    workflow.train(tiny, tfrecord_path=digits[0], run_dir=folder)
    assert "is finished, 2 epochs" in capsys.readouterr().out
    assert (folder / "generator.keras").read_bytes() == before
    workflow.train(tiny.change(epochs=3), tfrecord_path=digits[0], run_dir=folder)
    assert "Going on from epoch 3, step 47 of 69, in" in capsys.readouterr().out
    assert [row["epoch"] for row in runs.read_log(folder)] == [1, 2, 3]
    assert runs.read_experiment(folder).epochs == 3


def test_a_run_killed_at_its_very_end_still_gets_its_pictures(trained, digits, tiny, tmp_path):
    folder = shutil.copytree(trained, tmp_path / "run")
    (folder / "training.gif").unlink()
    workflow.train(tiny, tfrecord_path=digits[0], run_dir=folder)
    assert (folder / "training.gif").read_bytes() == (trained / "training.gif").read_bytes()


def test_a_report_that_cannot_be_made_leaves_the_training_finished(trained, digits, tiny, tmp_path, capsys):
    folder = shutil.copytree(trained, tmp_path / "run")
    (folder / "images/epoch-001.png").write_bytes(b"no picture")
    before = (folder / "report.html").read_bytes()
    workflow.train(tiny, tfrecord_path=digits[0], run_dir=folder)
    printed = capsys.readouterr().out
    assert "images/epoch-001.png cannot be read as a picture" in printed
    assert f"tfgan report --run_dir={folder}" in printed
    assert "is finished, 2 epochs" in printed
    assert (folder / "report.html").read_bytes() == before


def test_a_run_that_lost_its_checkpoints_is_not_silently_a_new_one(trained, digits, tiny, tmp_path):
    folder = shutil.copytree(trained, tmp_path / "run")
    shutil.rmtree(folder / "checkpoints")
    with pytest.raises(UserError, match="has a log and no checkpoint to go on from"):
        workflow.train(tiny, tfrecord_path=digits[0], run_dir=folder)
    assert len(runs.read_log(folder)) == 2


def test_other_settings_are_refused_with_the_differences(trained, digits, tiny):
    with pytest.raises(
        UserError, match=r"holds another run \(batch_size: 64 in the run, 32 asked; seed: 0 in the run, 1 asked\)"
    ):
        workflow.train(tiny.change(batch_size=32, seed=1), tfrecord_path=digits[0], run_dir=trained)
    with pytest.raises(UserError, match=r"epochs: 2 in the run, 1 asked"):
        workflow.train(tiny.change(epochs=1), tfrecord_path=digits[0], run_dir=trained)


def test_overwrite_starts_over(trained, digits, tiny, tmp_path):
    folder = shutil.copytree(trained, tmp_path / "run")
    workflow.train(tiny.change(epochs=1, seed=1), tfrecord_path=digits[0], run_dir=folder, overwrite=True)
    assert [row["epoch"] for row in runs.read_log(folder)] == [1]
    assert not (folder / "images/epoch-002.png").exists()


def test_nothing_is_written_where_another_process_writes(trained, digits, tiny, tmp_path):
    folder = shutil.copytree(trained, tmp_path / "run")
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    with files.claimed(folder):
        for overwrite in (False, True):
            with pytest.raises(UserError, match="another process is writing .*run"):
                workflow.train(tiny.change(epochs=3), tfrecord_path=digits[0], run_dir=folder, overwrite=overwrite)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    with files.claimed(tmp_path / "mnist" / "8"), pytest.raises(UserError, match="another process is writing .*mnist/8"):
        conversion.convert(tiny, tfrecord_path=tmp_path)
    assert not (tmp_path / "mnist").exists()


def test_overwrite_through_a_link_and_after_a_start_cut_short(digits, tiny, tmp_path):
    experiment = tiny.change(epochs=1, batch_size=500)
    (tmp_path / "disk").mkdir()
    files.partial(tmp_path / "disk/experiment.json").write_text("{")
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    for _ in range(2):
        workflow.train(experiment, tfrecord_path=digits[0], run_dir=tmp_path / "link", overwrite=True)
    assert (tmp_path / "disk/generator.keras").exists()
    assert (tmp_path / "link").is_symlink()


def test_a_folder_that_is_no_run_is_never_emptied(digits, tiny, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UserError, match="has files in it and is not a run"):
        workflow.train(tiny, tfrecord_path=digits[0], run_dir=tmp_path, overwrite=True)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("OOM when allocating tensor", "out of memory: give a smaller --batch_size"),
        ("No space left on device", "the disk of .* is full"),
    ],
)
def test_what_runs_out_is_told_in_a_line(trained, digits, tiny, tmp_path, monkeypatch, message, line):
    def exhausted(*_):
        raise tf.errors.ResourceExhaustedError(None, None, message)

    folder = shutil.copytree(trained, tmp_path / "run")
    monkeypatch.setattr(training, "create_state", exhausted)
    with pytest.raises(UserError, match=line) as error:
        workflow.train(tiny.change(epochs=3), tfrecord_path=digits[0], run_dir=folder)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "kind", [tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.DeadlineExceededError]
)  # of a worker that was killed; that stood still and woke, by the others and by the first one
def test_a_lost_worker_is_told_in_a_line(trained, digits, tiny, tmp_path, monkeypatch, kind):
    def lost(*_):
        raise kind(None, None, "Collective ops is aborted by: Task heartbeat timeout.\nRPC: Heartbeat")

    folder = shutil.copytree(trained, tmp_path / "run")
    monkeypatch.setattr(workers, "several_workers", lambda strategy: True)
    monkeypatch.setattr(training, "create_state", lost)
    with pytest.raises(
        UserError, match="^another worker has ended or cannot be reached: .* on all workers type the same command again$"
    ):
        workflow.train(tiny.change(epochs=3), tfrecord_path=digits[0], run_dir=folder)


def test_records_replaced_while_a_run_trains_end_it_before_it_saves(trained, digits, tiny, tmp_path, monkeypatch):
    """A shard gets the pictures of another one when epoch 3 begins."""
    folder = shutil.copytree(trained, tmp_path / "run")
    root = shutil.copytree(digits[0], tmp_path / "tfrecords")
    shards = sorted((root / "mnist/8").glob("mnist-train.*"))
    batches = pipeline.batches

    def replacing(*arguments):
        shutil.copyfile(shards[1], shards[0])
        return batches(*arguments)

    monkeypatch.setattr(pipeline, "batches", replacing)
    with pytest.raises(
        UserError, match=rf"{shards[0].name} was changed or removed while it was in use: .* type the same"
    ) as error:
        workflow.train(tiny.change(epochs=3), tfrecord_path=root, run_dir=folder)
    assert "\n" not in str(error.value)
    for name in (runs.LOG, runs.GENERATOR):
        assert (folder / name).read_bytes() == (trained / name).read_bytes()
    assert not (folder / "checkpoints/step-69.index").exists()


def test_paths_that_are_not_utf_8_are_refused(digits, tiny, tmp_path):
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/\xff")
    with pytest.raises(UserError, match="--run_dir .*: TensorFlow cannot open a path that is not UTF-8; give another"):
        workflow.train(tiny, tfrecord_path=digits[0], run_dir=odd)
    with pytest.raises(UserError, match="--TFRecordPath .*: TensorFlow cannot open a path that is not UTF-8; give another"):
        workflow.train(tiny, tfrecord_path=odd, run_dir=tmp_path / "run")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written(digits, tiny, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"run folder .*/file/run cannot be written \(Not a directory\)"):
        workflow.train(tiny, tfrecord_path=digits[0], run_dir=tmp_path / "file/run")


def test_a_folder_of_a_storage_service_is_not_taken_for_one_of_this_machine(digits, tiny):
    with pytest.raises(UserError, match="^--run_dir gs:/bucket/run: only files of this machine can be opened"):
        workflow.train(tiny, tfrecord_path=digits[0], run_dir="gs://bucket/run")


@pytest.mark.parametrize("name", ["run [2]", "run*", r"run\2"])
def test_a_folder_that_tensorflow_takes_for_a_pattern(digits, tiny, tmp_path, name):
    with pytest.raises(UserError, match=r"^--run_dir .*TensorFlow finds no file if a path has one of .* give another$"):
        workflow.train(tiny, tfrecord_path=digits[0], run_dir=tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_where_records_cannot_be_made_there_is_no_run(tmp_path):
    with pytest.raises(UserError, match="no records in .* Type: tfgan convert"):
        workflow.train(series.resolve("celeba"), tfrecord_path=tmp_path / "t", run_dir=tmp_path / "r")
    assert not (tmp_path / "r").exists()


def test_celeba_from_jpegs_to_a_colour_grid(celeba, tmp_path):
    experiment = series.resolve("celeba", image_size=8, base_filters=4, batch_size=7, epochs=2)
    conversion.convert(experiment, dataset_path=celeba, tfrecord_path=tmp_path / "t")
    folder = workflow.train(experiment, tfrecord_path=tmp_path / "t", run_dir=tmp_path / "r")
    assert runs.read_log(folder)[-1]["steps"] == 2  # 14 records that have usable boxes
    with Image.open(folder / "images/epoch-002.png") as grid:
        assert grid.mode == "RGB"
        assert grid.size == (4 * 98 + 2, 4 * 98 + 2 + 26)


def test_a_conditional_run_goes_on_to_the_same_bits(conditional, digits, tmp_path):
    """From a checkpoint in the middle of a row of its log."""
    folder = shutil.copytree(conditional, tmp_path / "run")
    for path in (folder / "checkpoints").glob("step-23.*"):
        path.unlink()
    (middle,) = (folder / "checkpoints").glob("step-*.index")
    assert 15 < int(middle.stem.removeprefix("step-")) < 23  # the row before ended after step 15
    (folder / "generator.keras").unlink()
    experiment = runs.read_experiment(folder)
    workflow.train(experiment.change(classes=()), tfrecord_path=digits[0], run_dir=folder)
    assert runs.read_experiment(folder).classes == tuple("0123456789")
    one, other = (load_generator(run / "generator.keras").get_weights() for run in (conditional, folder))
    assert all(map(np.array_equal, one, other))
    one, other = (runs.read_log(run) for run in (conditional, folder))
    assert [row | {"images_per_second": 0} for row in one] == [row | {"images_per_second": 0} for row in other]
    other = experiment.change(classes=(), condition=("Smiling",))
    with pytest.raises(UserError, match="has no attributes: leave --condition out"):
        workflow.train(other, tfrecord_path=digits[0], run_dir=folder)


def test_the_grid_of_a_conditional_run_has_a_row_for_each_class(conditional):
    with Image.open(conditional / "images/epoch-001.png") as grid:
        width, height = grid.size
    assert height == 10 * 98 + 2 + 26
    assert 8 * 98 < width < 9 * 98
    assert "cdcgan on digits" in (conditional / "report.html").read_text()


def test_attributes_from_jpegs_to_a_grid(celeba, tmp_path):
    """CelebA's attributes: a row without any, and one for each. Attributes can be joined, and are what the run keeps."""
    settings = {"image_size": 8, "base_filters": 4, "batch_size": 8, "epochs": 1}
    experiment = series.resolve("img_align_celeba", "cgan", condition=["Attribute_3", "Attribute_0"], **settings)
    conversion.convert(experiment, dataset_path=celeba, tfrecord_path=tmp_path / "t")
    folder = workflow.train(experiment, tfrecord_path=tmp_path / "t", run_dir=tmp_path / "r")
    with Image.open(folder / "images/epoch-001.png") as grid:
        assert grid.size[1] == 3 * 98 + 2 + 26
    _, asked = load_asked(folder / "generator.keras", ["Attribute_0", "Attribute_0+Attribute_3"])
    assert [condition.tolist() for condition in asked.values()] == [[0, 1], [1, 1]]
    with pytest.raises(UserError, match=r"condition: \('Attribute_3', 'Attribute_0'\) in the run, \('Attribute_0',\) asked"):
        workflow.train(experiment.change(condition=["Attribute_0"]), tfrecord_path=tmp_path / "t", run_dir=folder)
    with pytest.raises(
        UserError, match="--model=cgan needs two classes or more, and .* give --condition with some of Attribute_0"
    ):
        workflow.train(experiment.change(condition=()), tfrecord_path=tmp_path / "t", run_dir=tmp_path / "other")
    assert not (tmp_path / "other").exists()
