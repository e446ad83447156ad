"""Many files are prepared in processes. The files here are links to a few, so that many cost little."""

import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from tfgan_series import progress, series
from tfgan_series.data import conversion, records, serialization
from tfgan_series.data.datasets.source import Example
from tfgan_series.errors import UserError

from conftest import ROOT, rejected

EXPERIMENT = series.resolve("folder", image_size=4)
COUNT = 2100


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A folder of so many files that they are prepared in processes: of 64 pictures, one is damaged."""
    folder, first = tmp_path_factory.mktemp("many"), tmp_path_factory.mktemp("first")
    for number in range(64):
        Image.fromarray(np.random.default_rng(number).integers(0, 256, (5, 5, 3), np.uint8)).save(first / f"{number}.png")
    (first / "63.png").write_text("no picture")
    for number in range(COUNT):
        os.link(first / f"{number % 64}.png", folder / f"{number:04d}.png")
    return folder


@pytest.fixture(scope="module")
def converted(many, tmp_path_factory):
    return conversion.convert(EXPERIMENT, dataset_path=many, tfrecord_path=tmp_path_factory.mktemp("t"))


def workers():
    """The process numbers of the workers of this process."""
    listed = subprocess.run(["ps", "-ww", "-o", "pid=,args=", "--ppid", str(os.getpid())], capture_output=True, text=True).stdout
    return [int(line.split()[0]) for line in listed.splitlines() if "LokyProcess" in line]


class Counted(list):
    """A list that counts how many of it are taken."""

    taken = 0

    def __iter__(self):
        for one in super().__iter__():
            self.taken += 1
            yield one


@pytest.mark.parametrize(("size", "most"), [(4, 64 * 100), (1024, 4 * 100)])
def test_records_wait_in_a_small_queue_for_a_slow_disk(size, most, monkeypatch):
    """Else all pictures would lie in memory. Large ones are fewer in the queue."""
    monkeypatch.setattr(serialization.joblib, "cpu_count", lambda: 2)
    examples = Counted([Example(str(number), np.zeros((4, 4), np.uint8)) for number in range(64 * 200)])
    settings = records.conversion_settings(series.resolve("mnist", image_size=size), "pixels")
    found = serialization.serialized([examples], settings, {"image": None, "label": (), "filename": None})
    next(found)
    assert 0 < examples.taken - len(examples) < most  # the first look counts the files
    found.close()


def test_an_array_that_its_source_calls_bad_is_rejected():
    examples = [Example(str(number), np.zeros((4, 4), np.uint8), problem="broken" * number) for number in range(2)]
    settings = records.conversion_settings(series.resolve("mnist", image_size=4), "pixels")
    good, bad = serialization.serialized([examples], settings, {"image": None, "label": (), "filename": None})
    assert isinstance(good, serialization.Serialized)
    assert str(bad) == "broken"


def test_processes_write_what_threads_write(many, converted, tmp_path):
    """The second half of the files alone is few enough for threads."""
    half = tmp_path / "half"
    half.mkdir()
    for number in range(COUNT // 2):
        os.link(many / f"{number:04d}.png", half / f"{number:04d}.png")
    few = conversion.convert(EXPERIMENT, dataset_path=half, tfrecord_path=tmp_path / "t")

    def pictures(found):
        return {name.numpy(): image for image, name in read(found)}

    def read(found):
        import tensorflow as tf

        for batch in tf.data.TFRecordDataset([str(file) for file in found.files["train"]]).batch(COUNT):
            known = found.schema.parse(batch, ["image", "filename"])
            yield from zip(known["image"].numpy(), known["filename"], strict=True)

    all_pictures, some = pictures(converted), pictures(few)
    assert len(some) == few.counts["train"] == COUNT // 2 - len(rejected(few.folder))
    assert converted.counts["train"] == COUNT - len(rejected(converted.folder)) == COUNT - COUNT // 64
    assert all(np.array_equal(image, all_pictures[name]) for name, image in some.items())
    assert workers() == []


@pytest.mark.parametrize("number", ["1", "3"])
def test_the_number_of_workers_changes_no_byte(many, converted, tmp_path, monkeypatch, number):
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", number)
    assert conversion.convert(EXPERIMENT, dataset_path=many, tfrecord_path=tmp_path).identity == converted.identity


@pytest.mark.signals
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("end, error", [("killed", UserError), ("Ctrl-C", KeyboardInterrupt)])
def test_an_end_in_the_middle_is_one_error_and_the_next_start_goes_on(many, converted, tmp_path, monkeypatch, capsys, end, error):
    class Bar(progress.tqdm):
        pictures = 0

        def update(self, n=1):
            Bar.pictures += n
            if Bar.pictures == 300:  # the second shard: other pictures are on their way
                os.kill(*((workers()[0], signal.SIGKILL) if end == "killed" else (os.getpid(), signal.SIGINT)))

    with monkeypatch.context() as patched, pytest.raises(error) as raised:
        patched.setattr(progress, "tqdm", Bar)
        conversion.convert(EXPERIMENT, dataset_path=many, tfrecord_path=tmp_path)
    assert end != "killed" or str(raised.value).startswith("a worker process was killed")
    assert workers() == []
    found = conversion.convert(EXPERIMENT, dataset_path=many, tfrecord_path=tmp_path)
    assert re.search("Going on: [1-7] of 8 shards", capsys.readouterr().out)
    assert found.identity == converted.identity


def test_workers_import_no_tensorflow():
    code = "import sys; import tfgan_series.data.serialization; print('tensorflow' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.stdout == "False\n", done.stderr
