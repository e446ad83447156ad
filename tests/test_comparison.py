import dataclasses

import numpy as np
import pytest
from PIL import Image

from tfgan_series import classifier, comparison, runs, series
from tfgan_series.errors import UserError
from tfgan_series.evaluation import scores

COUNT = 100  # pictures that are measured


@pytest.fixture(scope="module")
def compared(tmp_path_factory, tiny, digits):
    """(root, members, page) of a comparison of the tiny run, with two seeds, with one that diverges."""
    root = tmp_path_factory.mktemp("compare")
    members = {"as ever": [tiny, tiny.change(seed=1)], "too hot": [tiny.change(lr=1e38, steps=46, grid_every=20)]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classifier, "STEPS", 10)
        page = comparison.compare(members, "heat", "How hot?", root=root, tfrecord_path=digits[0], count=COUNT)
    return root, members, page


def test_a_member_is_an_ordinary_run(compared, tiny, trained):
    """A run trained among several in one process is the same as a run trained alone."""
    root, _, _ = compared
    folder = comparison.member_folder(tiny, root)
    assert folder.parent == root / "dcgan/digits-8"
    alone, member = runs.read_log(trained), runs.read_log(folder)
    for one, other in zip(alone, member, strict=True):
        assert {**one, "images_per_second": 0} == pytest.approx({**other, "images_per_second": 0}, rel=1e-3)


def test_the_page(compared):
    _, _, page = compared
    lines = page.read_text().splitlines()
    assert lines[0] == "# How hot?"
    assert "![loss curves and final grids](heat.png)" in lines
    assert any(line.startswith("| too hot | 0, then diverged | - |") for line in lines)
    assert any(line.startswith("| too hot | 1 | - |") for line in lines)
    with Image.open(page.with_suffix(".png")) as figure:
        assert figure.width > figure.height / 2


def test_the_scores_of_several_seeds_are_their_median_with_the_range(compared, tiny):
    root, members, page = compared
    metric = f"fid{COUNT}_test_classifier"
    values = []
    for one in members["as ever"]:
        (score,) = [score for score in scores.read(comparison.member_folder(one, root)) if score.metric == metric]
        values.append(score.value)
    header, _, real, ever, *_ = page.read_text().splitlines()[4:]
    assert header.startswith(f"| run | seeds | {metric} | kid{COUNT}_test_classifier |")
    assert real.startswith(f"| real pictures |  | {score.floor:.3g} |")
    assert ever.startswith(f"| as ever | 2 | {np.mean(values):.3g} ({min(values):.3g} to {max(values):.3g}) |")


def test_again_only_draws(compared, monkeypatch, digits):
    root, members, page = compared
    page.unlink()
    monkeypatch.setattr(comparison.evaluate, "evaluate", lambda *_, **__: pytest.fail("measured again"))
    monkeypatch.setattr(comparison.workflow, "train", lambda *_, **__: pytest.fail("trained again"))
    assert comparison.compare(members, "heat", "How hot?", root=root, tfrecord_path=digits[0], count=COUNT) == page
    assert page.is_file()


def test_members_of_other_records_are_not_put_beside_the_old_ones(compared, digits, monkeypatch):
    root, members, _ = compared
    found = dataclasses.replace(digits[1], identity="of other pictures")
    monkeypatch.setattr(comparison.records, "find_records", lambda *_: found)
    with pytest.raises(UserError, match="are not the run's"):
        comparison.compare(members, "heat", "How hot?", root=root, tfrecord_path=digits[0])


def test_members_that_would_be_one_run(tiny, tmp_path):
    members = {"short": [tiny], "long": [tiny.change(epochs=5)]}
    with pytest.raises(UserError, match="short, long have the same run folder"):
        comparison.compare(members, "length", "How long?", root=tmp_path)


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"image_size": 9}, "--image_size=9"),
        ({"batch_size": 5000}, "more than the 1500"),
        ({"epochs": 1}, "compare: --out"),
    ],
)
def test_what_one_member_is_refused_for_is_found_before_any_is_trained(compared, digits, tiny, monkeypatch, changed, line):
    root, _, _ = compared
    monkeypatch.setattr(comparison.workflow, "train", lambda *_, **__: pytest.fail("trained"))
    members = {"new": [tiny.change(seed=5)], "refused": [tiny.change(**changed)]}
    with pytest.raises(UserError, match=line):
        comparison.compare(members, "never", "Never?", root=root, tfrecord_path=digits[0])


def test_a_member_of_many_changes_has_a_name_that_file_systems_take(tiny):
    changed = dict.fromkeys(("lr", "beta_1", "r1", "real_label", "g_slope", "d_slope", "dropout"), 0.123456)
    changed |= {"precision": "mixed_bfloat16", "update": "alternating"}
    members = [tiny.change(seed=seed, **changed) for seed in (4_000_000_000, 4_000_000_001)]
    names = [comparison.member_folder(member, "runs").name for member in members]
    assert len(set(names)) == 2
    assert all(len(name) <= 255 for name in names)


def test_the_tables_numbers():
    """End and spread are of the last three steps, which are an epoch, wherever the run ends in its epoch."""
    curve = np.array([4.0, 3.0, 9.0, 8.0, 1.0, 2.0, 3.0])
    result = {
        "steps": 3, "ends": [1, 2, 2.333333], "diverged": False, "curves": {"Gen_loss": curve, "Dis_loss": curve + 1},
        "images_per_second": 1234.0,
    }  # fmt: skip
    row = comparison.table({"run": result}).splitlines()[2]
    assert row == "| run | 2.333 | 4.00 | 9.00 | 2.00 | 0.82 | 5.00 | 10.00 | 3.00 | 0.82 | 1,234 |"


def test_runs_are_named_by_what_they_change(tiny):
    base = series.resolve("mnist", model="gan")
    names = [
        comparison.member_folder(base.change(**given), "root").relative_to("root").as_posix()
        for given in ({}, {"epochs": 3, "jit_compile": True}, {"lr": 0.3}, {"noise_dim": 20, "slope": 0.1})
    ]
    assert names == ["gan/mnist-28/default", "gan/mnist-28/default", "gan/mnist-28/lr=0.3", "gan/mnist-28/noise_dim=20,slope=0.1"]
