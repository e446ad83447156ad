import numpy as np
import pytest
import tensorflow as tf

from tfgan_series.errors import UserError
from tfgan_series.training import adversarial
from tfgan_series.training.checkpoints import Checkpoints

from test_adversarial import make, pictures


def bits(state):
    """All that decides the next step."""
    things = [*state.networks.values(), *state.optimizers.values()]
    kept = [weights for name in state.averages for weights in state.weights(name)]
    return [variable.numpy() for thing in things for variable in thing.variables] + kept


@pytest.mark.parametrize(("count", "given"), [(1, {}), (2, {}), (1, {"update": "alternating", "critic_steps": 3, "ema": 0.5})])
def test_going_on_gives_the_same_bits_as_never_stopping(tmp_path, two_devices, count, given):
    """Six steps against four and two. With critic_steps=3 the generator moves at steps 3 and 6."""
    strategy = two_devices if count == 2 else tf.distribute.get_strategy()

    def begin():
        """A state, restored from the last checkpoint if there is one, and its training step."""
        experiment, state, _ = make(strategy, **given)
        Checkpoints(state, tmp_path).restore()
        return state, adversarial.make_step(experiment, state, strategy)

    def walk(step, seeds):
        for seed in seeds:
            step(pictures(seed, batch=8 // count))  # what one replica gets

    through, step = begin()
    walk(step, range(4))
    Checkpoints(through, tmp_path).save()
    second, second_step = begin()
    assert second.steps_done() == 4
    assert second.means(4) == through.means(4)
    walk(step, range(4, 6))
    walk(second_step, range(4, 6))
    assert all(np.array_equal(one, other) for one, other in zip(bits(through), bits(second), strict=True))
    assert second.means(6) == through.means(6)


def test_nothing_to_restore(tmp_path):
    _, state, _ = make()
    assert not Checkpoints(state, tmp_path).restore()


def test_the_last_two_are_kept(tmp_path):
    _, state, step = make()
    checkpoints = Checkpoints(state, tmp_path)
    for seed in range(3):
        step(pictures(seed))
        checkpoints.save()
    assert sorted(file.name for file in tmp_path.glob("*.index")) == ["step-2.index", "step-3.index"]


def test_what_killed_processes_left_goes(tmp_path):
    """TensorFlow's folder for the parts, files under other names, and a checkpoint without its index. A copy by hand stays."""
    _, state, step = make()
    step(pictures())
    checkpoints = Checkpoints(state, tmp_path)
    for name in ("step-1_temp", "step-9_temp"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "part-00000-of-00001.data-00000-of-00001.tempstate123").touch()
    for name in ("step-1.index.tempstate12", "step-7.data-00000-of-00001", "step-1 (copy).index"):
        (tmp_path / name).touch()
    checkpoints.save()
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"step-1.index", "step-1.data-00000-of-00001", "step-1 (copy).index"}


def test_a_damaged_checkpoint_gives_way_to_the_one_before(tmp_path, capsys):
    _, state, step = make()
    checkpoints = Checkpoints(state, tmp_path)
    for seed in range(2):
        step(pictures(seed))
        checkpoints.save()
    cut(tmp_path / "step-2.data-00000-of-00001")
    _, other, _ = make()
    assert Checkpoints(other, tmp_path).restore()
    assert other.steps_done() == 1
    assert "step-2 cannot be read" in capsys.readouterr().out


def test_none_that_can_be_read_is_never_a_fresh_start(tmp_path):
    _, state, step = make()
    step(pictures())
    Checkpoints(state, tmp_path).save()
    _, wider, _ = make(base_filters=8)
    with pytest.raises(UserError, match="no checkpoint in .* can be read: --overwrite"):
        Checkpoints(wider, tmp_path).restore()
    cut(tmp_path / "step-1.data-00000-of-00001")
    _, other, _ = make()
    with pytest.raises(UserError, match="no checkpoint in .* can be read: --overwrite") as error:
        Checkpoints(other, tmp_path).restore()
    assert "\n" not in str(error.value)


def test_a_full_memory_is_no_damage(tmp_path, monkeypatch):
    _, state, step = make()
    step(pictures())
    checkpoints = Checkpoints(state, tmp_path)
    checkpoints.save()

    def full(path):
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")

    monkeypatch.setattr(checkpoints._checkpoint, "read", full)
    with pytest.raises(tf.errors.ResourceExhaustedError):  # workflow.py has a line for it
        checkpoints.restore()


def cut(path):
    path.write_bytes(path.read_bytes()[:1000])


@pytest.mark.parametrize("text", ["", "no list", None])
def test_what_else_is_in_the_folder_stops_no_run(tmp_path, text):
    """A damaged list of the checkpoints, or the list of others, and copies that somebody made by hand."""
    _, state, step = make()
    step(pictures())
    Checkpoints(state, tmp_path).save()
    (tmp_path / "checkpoint").write_text(text if text is not None else 'model_checkpoint_path: "step-9"')
    for name in ("step-1 (copy).index", "step-279 (copy).index", "step-.index"):
        (tmp_path / name).touch()
    _, other, step = make()
    checkpoints = Checkpoints(other, tmp_path)
    assert checkpoints.restore()
    for seed in range(2):
        step(pictures(seed))
        checkpoints.save()
    assert sorted(path.name for path in tmp_path.glob("step-?.index")) == ["step-2.index", "step-3.index"]
