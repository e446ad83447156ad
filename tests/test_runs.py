import json
import shutil

import pytest

from tfgan_series import files, runs, series
from tfgan_series.errors import UserError


def test_default_folder():
    assert str(runs.default_folder(series.resolve("celeba"))) == "runs/dcgan/img_celeba-bbox-64"
    assert str(runs.default_folder(series.resolve("digits"))) == "runs/dcgan/digits-32"


def test_log_there_and_back(tmp_path):
    assert runs.read_log(tmp_path) == []
    common = {"Real_P": 0.5, "Fake_P": 0.25, "Dis_loss": 1.5, "images_per_second": 100.0}
    rows = [{"epoch": 1, "Gen_loss": 0.123456789, "lr": 2e-5, **common}, {"epoch": 2, "Gen_loss": 1e-9, "lr": 2e-6, **common}]
    runs.write_log(tmp_path, rows)
    assert runs.read_log(tmp_path) == rows


def test_steps_that_are_missing(trained, tmp_path):
    folder = shutil.copytree(trained, tmp_path / "run")
    (folder / "steps/epoch-002.csv").unlink()
    assert len(runs.read_steps(folder, epochs=1)["step"]) == 23
    with pytest.raises(UserError, match=r"steps/epoch-002\.csv cannot be read"):
        runs.read_steps(folder, epochs=2)


def test_what_is_no_run(trained, tmp_path):
    with pytest.raises(UserError, match=r"is not a run \(no experiment\.json\)"):
        runs.read_experiment(tmp_path)
    (tmp_path / "experiment.json").write_text("{")
    with pytest.raises(UserError, match="cannot be read"):
        runs.read_experiment(tmp_path)
    record = json.loads((trained / "experiment.json").read_text())
    record["experiment"]["from_the_future"] = 1
    (tmp_path / "experiment.json").write_text(json.dumps(record))
    with pytest.raises(UserError, match="from another version"):
        runs.read_experiment(tmp_path)


def test_generators_that_cannot_be_read(trained, tmp_path):
    with pytest.raises(UserError, match="is not there"):
        runs.load_generator(tmp_path / "generator.keras")
    for damage in (b"no model", (trained / "generator.keras").read_bytes()[:3000]):
        (tmp_path / "generator.keras").write_bytes(damage)
        with pytest.raises(UserError, match="cannot be read as a Keras model") as error:
            runs.load_generator(tmp_path / "generator.keras")
        assert "\n" not in str(error.value)


def test_a_killed_write_leaves_the_old_log(trained, tmp_path):
    folder = shutil.copytree(trained, tmp_path / "run")
    files.partial(folder / runs.LOG).write_text("epoch,Re")
    assert len(runs.read_log(folder)) == 2


@pytest.mark.parametrize(
    ("old", "new"), [(",", ";"), ("epoch,", "epxch,"), ("\n2,", "\n2\n2,"), ("0.123", "0,123"), ("0.123", "x"), (None, "")]
)
def test_a_damaged_log_is_named(tmp_path, old, new):
    names = ("epoch", "Real_P", "Fake_P", "Gen_loss", "Dis_loss", "lr", "images_per_second")
    runs.write_log(tmp_path, [dict.fromkeys(names, 0.123) | {"epoch": epoch} for epoch in (1, 2)])
    text = (tmp_path / "log.csv").read_text()
    (tmp_path / "log.csv").write_text(text.replace(old, new) if old else new)
    with pytest.raises(UserError, match=r"log\.csv cannot be read .*start the run over"):
        runs.read_log(tmp_path)


def test_missing_flags_are_named(tmp_path):
    with pytest.raises(UserError, match=r"flags\.txt cannot be read .*train\.py writes it anew"):
        runs.read_flags(tmp_path)
