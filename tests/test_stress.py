import shutil

import pytest
import stress

from tfgan_series import runs
from tfgan_series.generators import load_generator


@pytest.mark.extra
def test_a_training_and_a_plan_take_little_memory(tmp_path):
    """The short version of the part `memory`. A grid that is kept, or a step traced again, is megabytes an epoch."""
    slope, sound = stress.growth(tmp_path / "training", 60)
    assert sound
    assert slope < 500
    assert stress.planning(tmp_path / "many", 20_000) < 1000


def test_stress_sees_every_change_but_times(trained, tmp_path):
    folder = shutil.copytree(trained, tmp_path / "run")
    runs.write_log(folder, [row | {stress.SPEED: 1} for row in runs.read_log(folder)])
    (folder / "report.html").unlink()
    wanted = stress.contents(trained)
    assert stress.differing(wanted, stress.contents(folder)) == []
    runs.write_log(folder, [row | {"Gen_loss": 1} for row in runs.read_log(folder)])
    generator = load_generator(folder / runs.GENERATOR)
    generator.set_weights([weight + 1e-6 for weight in generator.get_weights()])
    generator.save(folder / runs.GENERATOR)
    for checkpoint in (folder / "checkpoints").glob("*.index"):
        checkpoint.unlink()
    assert stress.differing(wanted, stress.contents(folder)) == ["checkpoints.index", runs.GENERATOR, runs.LOG]
