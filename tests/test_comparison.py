import dataclasses
import re
import shutil

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from tfgan_series import classifier, comparison, progress, runs, series
from tfgan_series.errors import UserError
from tfgan_series.evaluation import scores

COUNT = 100  # pictures that are measured
NOTHING = comparison.Result(scores=[], caution="", formula="", steps=1, diverged=False, curves={}, rows={}, ends=[], grid=None)


@pytest.fixture(scope="module")
def compared(tmp_path_factory, tiny, digits):
    """(root, members, page) of a comparison of the tiny run, with two seeds, with one that diverges."""
    root = tmp_path_factory.mktemp("compare")
    members = {
        "as ever": [tiny, tiny.change(seed=1)],
        "too hot": [tiny.change(loss="least_squares", lr=1e38, steps=46, grid_every=20)],
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classifier, "STEPS", 10)
        patch.setattr(classifier, "TRUSTED", 0.0)
        page = comparison.compare(members, "heat", "How hot?", root=root, tfrecord_path=digits[0], count=COUNT)
        yield root, members, page


def test_a_member_is_an_ordinary_run(compared, tiny, trained):
    """A run trained among several in one process is the same as a run trained alone."""
    root, _, _ = compared
    folder = runs.member_folder(tiny, root)
    assert folder.parent == root / "dcgan/digits-8"
    alone, member = runs.read_log(trained), runs.read_log(folder)
    for one, other in zip(alone, member, strict=True):
        assert {**one, "images_per_second": 0} == pytest.approx({**other, "images_per_second": 0}, rel=1e-3)


def test_the_page(compared):
    _, _, page = compared
    html = page.with_suffix(".html").read_text(encoding="utf-8")
    assert "<h1>How hot?</h1>" in html
    note = re.search('<p class="text">(The curves are means .*?)</p>', html)[1]
    assert "heat.png beside this page has every step, of the first seeds. One seed of each run is shown here." in note
    assert note.endswith("Diverged before the first row of log.csv, and so not shown: too hot.")
    assert html.index("<h2>Scores</h2>") < html.index("<h2>Losses</h2>") < html.index("<h2>Settings</h2>")
    assert '<tr><th scope="row">too hot</th><td>0; 1 of 1 run diverged</td><td>Gen_loss</td><td>-</td>' in html
    lines = page.read_text().splitlines()
    assert lines[0] == "# How hot?"
    assert "![loss curves and final grids](heat.png)" in lines
    assert any(line.startswith("| too hot | 0; 1 of 1 run diverged | Gen_loss | - |") for line in lines)
    assert any(line.startswith("| too hot | 0 of 1 | - |") for line in lines)
    with Image.open(page.with_suffix(".png")) as figure:
        assert figure.width > figure.height / 2


def test_the_scores_of_several_seeds_are_their_median_with_the_range(compared, tiny):
    root, members, page = compared
    metric = f"fid{COUNT}_test_classifier"
    values = []
    for one in members["as ever"]:
        (score,) = [score for score in scores.read(runs.member_folder(one, root)) if score.metric == metric]
        values.append(score.value)
    told, _, header, _, real, ever, *_ = page.read_text().splitlines()[4:]
    assert told == "The figure shows the first of 2 seeds. The tables have all of them."
    assert header.startswith(f"| run | seeds | {metric} | kid{COUNT}_test_classifier |")
    assert real.startswith(f"| real pictures |  | {score.floor:.3g} |")
    assert ever.startswith(f"| as ever | 2 | {np.mean(values):.3g} ({min(values):.3g} to {max(values):.3g}) |")


def test_too_few_pictures_for_scores_are_said_first(tiny, digits, tmp_path):
    asked = {"root": tmp_path / "out", "tfrecord_path": digits[0], "count": 10}
    for ask in (
        lambda: comparison.compare({"alone": [tiny]}, "few", "?", **asked),
        lambda: comparison.describe({"alone": [tiny]}, **asked),
    ):
        with pytest.raises(UserError, match=r"^--count=10: a score needs 20 pictures or more; .*without scores --count=0\)$"):
            ask()
    assert not (tmp_path / "out").exists()


def test_what_it_will_take_is_said_first(compared, tiny, digits, monkeypatch, capsys):
    """Two runs are there. Each new member is measured once, whatever the number of its seeds."""
    root, members, _ = compared
    asked = []
    monkeypatch.setattr(comparison.training, "seconds_per_step", lambda one, *_: asked.append(one) or 6.0)
    more = members | {"smooth": [tiny.change(real_label=0.9, seed=seed) for seed in (0, 1)]}
    lines = comparison.describe(more, root=root, tfrecord_path=digits[0])
    assert asked == [tiny.change(real_label=0.9)]
    assert lines[0] == "5 runs: 2 to train, 3 finished"
    assert lines[1] == f"  as ever, seed 0: finished; {runs.member_folder(tiny, root)}"
    assert lines[4].startswith("  smooth, seed 0: 46 steps to train, about 5 minutes; ")
    assert lines[-1].startswith("The training of 2 runs will take about 9 minutes. ")
    assert not any(runs.member_folder(one, root).exists() for one in more["smooth"])
    monkeypatch.setattr(
        comparison.workflow,
        "train",
        lambda *_, run_dir, advise, **__: (
            shutil.copytree(runs.member_folder(tiny, root), run_dir) and print(progress.place(), advise)
        ),
    )
    capsys.readouterr()
    page = comparison.compare(more, "more", "More?", root=root, tfrecord_path=digits[0], count=0)
    printed = capsys.readouterr().out
    assert printed.count("This run has 46 steps in all. That is few") == 1
    assert "Run 4 of 5: smooth, seed 0; about 9 minutes left for all\nrun 4 of 5,  False\n" in printed
    assert "Run 5 of 5: smooth, seed 1; less than a minute left for all\n" in printed  # the run before took no time at all
    text = page.with_suffix(".html").read_text(encoding="utf-8")
    assert "<h1>More?</h1>" in text
    shown = re.findall('<h2 id="run-.">(.*?)</h2>', text)
    assert shown == ["as ever, seed 0", "smooth, seed 0"]  # the other one diverged before its first row


def test_without_records_no_time_is_said(tiny, tmp_path):
    lines = comparison.describe({"new": [tiny]}, root=tmp_path, tfrecord_path=tmp_path)
    assert lines[1].startswith("  new, seed 0: 2 epochs to train; ")
    assert lines[2].startswith(f"No records yet in {tmp_path}/mnist/8, so no step can be measured")
    assert lines[2].endswith(f"tfgan convert --ImageType=digits --image_size=8 --TFRecordPath={tmp_path}")


def test_again_only_draws_and_losses_of_one_formula_have_the_same_axis(compared, tiny, monkeypatch, digits):
    root, members, _ = compared
    drawn, save = [], Figure.savefig
    monkeypatch.setattr(Figure, "savefig", lambda figure, *given, **how: drawn.append(figure) or save(figure, *given, **how))
    monkeypatch.setattr(comparison.evaluate, "evaluate", lambda *_, **__: pytest.fail("measured again"))
    monkeypatch.setattr(comparison.workflow, "train", lambda *_, **__: pytest.fail("trained again"))
    apart = {"one": [tiny], "hot": members["too hot"], "other": [tiny.change(seed=1)]}
    page = comparison.compare(apart, "again", "Again?", root=root, tfrecord_path=digits[0], count=COUNT)
    assert page.is_file()
    comparison.compare(apart, "bare", "Again?", root=root, tfrecord_path=digits[0], count=0)
    assert "fid" not in page.with_name("bare.md").read_text()
    one, hot, other = drawn[0].axes[:3]  # the losses; the grids come after them
    for axes, alike in ((one.get_shared_x_axes(), {(one, hot), (one, other)}), (one.get_shared_y_axes(), {(one, other)})):
        assert {(first, second) for first, second in ((one, hot), (one, other)) if axes.joined(first, second)} == alike


def test_another_count_and_a_run_that_has_gone_on_are_measured_again(compared, tiny, digits, tmp_path, monkeypatch):
    root, _, _ = compared
    folder = runs.member_folder(tiny, tmp_path)
    shutil.copytree(runs.member_folder(tiny, root), folder)
    monkeypatch.setattr(comparison.evaluate, "evaluate", lambda *_, **__: pytest.fail("measured again"))

    def again(count):
        comparison.compare({"alone": [tiny]}, "alone", "?", root=tmp_path, tfrecord_path=digits[0], count=count)

    with pytest.raises(pytest.fail.Exception, match="measured again"):
        again(COUNT - 50)
    earlier = [dataclasses.replace(score, step=23) for score in scores.read(folder)]  # of the run's first epoch
    (folder / scores.NAME).unlink()
    scores.add(folder, earlier)
    with pytest.raises(pytest.fail.Exception, match="measured again"):
        again(COUNT)


def test_members_of_other_records_are_not_put_beside_the_old_ones(compared, digits, monkeypatch):
    root, members, _ = compared
    found = dataclasses.replace(digits[1], identity="of other pictures")
    monkeypatch.setattr(comparison.records, "find_records", lambda *_: found)
    with pytest.raises(UserError, match="are not the run's"):
        comparison.compare(members, "heat", "How hot?", root=root, tfrecord_path=digits[0])


def test_members_that_would_be_one_run(tiny, tmp_path):
    members = {"never": [tiny], "often": [tiny.change(checkpoint_minutes=5.0)]}
    with pytest.raises(UserError, match="never, often have the same run folder"):
        comparison.compare(members, "saved", "How often?", root=tmp_path)
    with pytest.raises(UserError, match="some of once, again are the same run twice: give each value and each seed once"):
        comparison.compare({"once": [tiny], "again": [tiny]}, "twice", "Twice?", root=tmp_path)


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"image_size": 9}, "--image_size=9"),
        ({"batch_size": 5000}, "more than the 1500"),
        ({"seed": 6}, "compare: --out"),
        ({"seed": 7}, "has files in it and is not a run: give another --out"),
    ],
)
def test_what_one_member_is_refused_for_is_found_before_any_is_trained(
    compared, digits, tiny, monkeypatch, tmp_path, changed, line
):
    """The third one's folder holds another run, the fourth one's files of the user."""
    foreign = runs.member_folder(tiny.change(seed=7), tmp_path)
    foreign.mkdir(parents=True)
    (foreign / "mine.txt").touch()
    shutil.copytree(runs.member_folder(tiny, compared[0]), runs.member_folder(tiny.change(seed=6), tmp_path))
    monkeypatch.setattr(comparison.workflow, "train", lambda *_, **__: pytest.fail("trained"))
    members = {"new": [tiny.change(seed=5)], "refused": [tiny.change(**changed)]}
    for ask in (comparison.describe, lambda *given, **named: comparison.compare(*given, "never", "Never?", **named)):
        with pytest.raises(UserError, match=line):
            ask(members, root=tmp_path, tfrecord_path=digits[0])


def test_a_member_of_many_changes_has_a_name_that_file_systems_take(tiny):
    changed = dict.fromkeys(("lr", "beta_1", "r1", "real_label", "g_slope", "d_slope", "dropout"), 0.123456)
    changed |= {"precision": "mixed_bfloat16", "update": "alternating"}
    members = [tiny.change(seed=seed, **changed) for seed in (4_000_000_000, 4_000_000_001)]
    names = [runs.member_folder(member, "runs").name for member in members]
    assert len(set(names)) == 2
    assert all(len(name) <= 255 for name in names)


def test_scores_that_do_not_compare_are_not_put_side_by_side_without_a_word():
    def results(floor, digest):
        noted = {"value": 3.0, "error": None, "n_real": 9, "n_fake": 9, "n_floor": 9, "partition": "test", "features": "random"}
        made = {"checkpoint": "generator.keras", "checkpoint_digest": "cc", "step": 1, "seed": 0, "versions": {}}
        score = scores.Score(metric="fid", floor=floor, features_digest=digest, **noted, **made)
        return [[score]]

    def table(**measured):
        return comparison.score_table(measured).in_markdown().splitlines()

    lines = table(one=results(1.0, "aa"), other=results(9.0, "bb"))
    assert lines[2] == "| real pictures |  | 1 to 9 |"
    assert lines[-1].endswith("do not compare their scores.")
    assert table(one=[*results(1.0, "aa"), []])[3] == "| one | 1 of 2 | 3 |"  # one diverged
    lines = table(one=results(1.0, "aa"), other=results(1.0, "aa"))
    assert lines[2] == "| real pictures |  | 1 |"
    assert "do not compare" not in lines[-1]


def test_a_comparison_on_pictures_that_its_runs_were_trained_on_says_so(tmp_path):
    one = NOTHING._replace(caution="Beware.")
    scored = {"metric": "fid9", "value": 3.0, "error": None, "floor": 1.0, "n_real": 9, "n_fake": 9, "n_floor": 9}
    scored |= {"partition": "train", "features": "random", "features_digest": "d", "checkpoint": "generator.keras"}
    found = [scores.Score(**scored, checkpoint_digest="cc", step=1, seed=0, versions={})]
    results = {"own": [one._replace(scores=found)], "other": [NOTHING._replace(scores=found)]}
    tables = comparison._write_page(tmp_path / "page.md", results, "?")
    assert tables[0].text.endswith(" own: Beware.")
    assert "own: Beware." in (tmp_path / "page.md").read_text()


def test_the_losses_of_several_seeds():
    """End and swing are of the last three steps, which are an epoch, wherever the run ends in its epoch."""
    curve = np.array([4.0, 3.0, 7.0, 8.0, 1.0, 2.0, 3.0])
    one = NOTHING._replace(steps=3, ends=[1, 2, 2.333333], curves={"Gen_loss": curve, "Dis_loss": curve + 1})
    other = one._replace(ends=[1], diverged=True, curves={"Gen_loss": curve + 2, "Dis_loss": curve})
    third = one._replace(curves={"Gen_loss": curve + 12, "Dis_loss": curve})
    lines = comparison.loss_table({"alone": [one], "three": [one, other, third], "none": [NOTHING._replace(diverged=True)]})
    lines = lines.in_markdown().splitlines()[2:-2]
    three = "| three | 1 to 2.333; 1 of 3 runs diverged |"
    assert lines == [
        "| alone | 2.333 | Gen_loss | 4 | 7 | 8 | 2 | 0.816 |",
        "| alone | 2.333 | Dis_loss | 5 | 8 | 9 | 3 | 0.816 |",
        f"{three} Gen_loss | 6 (4 to 16) | 9 (7 to 19) | 10 (8 to 20) | 4 (2 to 14) | 0.816 (0.816 to 0.816) |",
        f"{three} Dis_loss | 4 (4 to 5) | 7 (7 to 8) | 8 (8 to 9) | 2 (2 to 3) | 0.816 (0.816 to 0.816) |",
        "| none | 0; 1 of 1 run diverged | Gen_loss | - | - | - | - | - |",
        "| none | 0; 1 of 1 run diverged | Dis_loss | - | - | - | - | - |",
    ]


def test_runs_are_named_by_what_they_change(tiny):
    base = series.resolve("mnist", model="gan")
    names = [
        runs.member_folder(base.change(**given), "root").relative_to("root").as_posix()
        for given in ({}, {"epochs": 3, "jit_compile": True}, {"lr": 0.3}, {"noise_dim": 20, "slope": 0.1})
    ]
    assert names == [
        "gan/mnist-28/default",
        "gan/mnist-28/epochs=3",  # jit_compile may change when a run goes on
        "gan/mnist-28/lr=0.3",
        "gan/mnist-28/noise_dim=20-slope=0.1",
    ]


def test_a_run_that_stands_far_above_the_others_is_drawn_on_a_logarithmic_axis(tmp_path, monkeypatch):
    """The first member diverged before its first row: the next one has the legend."""
    figures, save = [], Figure.savefig
    monkeypatch.setattr(Figure, "savefig", lambda figure, *given, **how: figures.append(figure) or save(figure, *given, **how))
    hot = NOTHING._replace(formula="hinge", diverged=True)
    plain = hot._replace(diverged=False, rows={"Gen_loss": [1.0]}, ends=[1], curves={"Gen_loss": np.ones(5)})
    high = plain._replace(curves={"Gen_loss": np.full(5, 100.0)})
    for results in ({"hot": hot, "plain": plain, "as plain": plain}, {"plain": plain, "high": high}):
        comparison._draw(results, "How high?", tmp_path / "figure.png")
    first, second = (figure.axes[: len(figure.axes) // 2] for figure in figures)
    assert [axes.get_title() for axes in first] == ["hot (diverged)", "plain", "as plain"]
    assert [axes.get_legend() is not None for axes in first] == [False, True, False]
    assert [axes.get_yscale() for axes in (first[1], second[0])] == ["linear", "log"]
