import pytest

from tfgan_series import invocation
from tfgan_series.training import loop


@pytest.mark.parametrize(
    ("typed", "train", "convert"),
    [
        ("scripts/report.py", "python scripts/train.py", "python scripts/make_tfrecord.py"),
        ("a b/scripts/report.py", "python 'a b/scripts/train.py'", "python 'a b/scripts/make_tfrecord.py'"),
        ("own/scripts/report.py", "tfgan train", "tfgan convert"),  # it has no train.py
        ("own/report.py", "tfgan train", "tfgan convert"),
        ("scripts/my_experiment.py", "tfgan train", "tfgan convert"),  # of the user, beside a train.py of the user
        ("tfgan report", "tfgan train", "tfgan convert"),
        ("python -m tfgan_series report", "python -m tfgan_series train", "python -m tfgan_series convert"),
        ("/venv/lib/site-packages/ipykernel_launcher.py", "tfgan train", "tfgan convert"),
        ("my own program.py", "tfgan train", "tfgan convert"),
        ("", "tfgan train", "tfgan convert"),
    ],
)
def test_other_commands_are_named_the_way_the_user_came(monkeypatch, tmp_path, typed, train, convert):
    for folder in ("scripts", "a b/scripts", "own"):
        (tmp_path / folder).mkdir(parents=True)
        for name in ("train", "make_tfrecord"):
            (tmp_path / folder / f"{name}.py").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [typed, "--flag"])
    assert (invocation.command("train"), invocation.command("convert")) == (train, convert)


def test_a_run_that_goes_on_is_not_overwritten_again():
    stopped = loop.Interrupted(2, "epoch 1 of 2, after step 3 of 4")
    assert invocation.same_command() == "the same command again"
    assert stopped._render_traceback_()[0].endswith("To go on, run the cell again.")
    invocation.note_overwritten(True)
    try:
        assert invocation.same_command() == "the same command again, without --overwrite"
        assert stopped._render_traceback_()[0].endswith("To go on, run the cell again, without overwrite=True.")
    finally:
        invocation.note_overwritten(False)
