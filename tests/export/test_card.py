"""The card alone, of files that need not be there."""

import re
import shlex
import shutil
from pathlib import Path

import keras
import pytest

from tfgan_series import runs, series
from tfgan_series.errors import UserError
from tfgan_series.evaluation import scores
from tfgan_series.evaluation.scores import Score
from tfgan_series.export import card
from tfgan_series.export.formats import FORMATS, Exported
from tfgan_series.generators import load_generator
from tfgan_series.inference import weights_digest


@pytest.fixture(scope="module")
def generator(trained):
    return load_generator(trained / runs.GENERATOR)


@pytest.fixture
def run(trained, tmp_path):
    """A copy of the run, for scores."""
    shutil.copytree(trained, tmp_path / "run", ignore=shutil.ignore_patterns("checkpoints", "tensorboard", "images"))
    return tmp_path / "run"


def files_of(name="generator"):
    return [
        Exported(path=Path(f"out/{name}{one.ending}"), generator=name, format=key, size=1_234_567, difference=1.5e-6)
        for key, one in FORMATS.items()
    ]


def score(metric, value, weights, partition="test"):
    protocol = {"n_real": 9, "n_fake": 9, "n_floor": 9, "features": "classifier", "features_digest": "a", "step": 7, "seed": 0}
    return Score(
        metric=metric, value=value, error=None, floor=0.9, partition=partition, checkpoint="generator.keras",
        checkpoint_digest=weights, versions={"keras": "3"}, **protocol,
    )  # fmt: skip


def test_of_a_run(run, generator):
    text = card.render({"generator": generator}, files_of(), run, None)
    for words in (
        "# dcgan on digits",
        "| generator.onnx | ONNX | 1.2 MB | 1.5e-06 |",
        "| generator | input z | [B, 100] | noise from N(0, 1) |",
        "| generator | output | [B, 8, 8, 1] | pictures, from -1 (black) to 1 (white) |",
        "by Yann LeCun, Corinna Cortes and Christopher J.C. Burges. Their licence: Creative Commons Attribution-ShareAlike 3.0",
        "trained on 1,500 of them (partition train)",
        "  --base_filters=4 \\\n",
        "The run has done 46 steps",
        "Not measured",
    ):
        assert words in text, words
    assert str(run) not in text  # the folders of a person's machine are nobody's business
    assert text.startswith("---\nlicense: unknown\npipeline_tag: unconditional-image-generation\n")
    assert "model-index" not in text


def test_its_command_is_one_for_a_shell(generator, tmp_path):
    experiment = series.resolve("folder", "cgan", classes=("black cat", "it's [one], $(two)"))
    runs.write_experiment(tmp_path, experiment, 9, "identity", "records")
    text = card.render({"generator": generator}, files_of(), tmp_path, None)
    (command,) = re.findall(r"```\n(tfgan train .*?)```", text, re.DOTALL)
    assert shlex.split(command.replace("\\\n", "")) == ["tfgan", "train", *series.flag_lines(experiment)]


def test_scores_are_those_of_these_very_weights(run, generator):
    mine, other = weights_digest(generator), "0" * 12
    scores.add(run, [score("fid9_test", 12.5, mine), score("kid9_val", 3, mine, "val"), score("fid9_test", 7.5, other)])
    text = card.render({"generator": generator}, files_of(), run, None)
    assert "| fid9_test | 12.5 | 0.9 |" in text
    assert '    - type: "fid9_test"\n      value: 12.5\n' in text
    assert text.count("      split: ") == 2
    assert "| 7.5 |" not in text and "value: 7.5" not in text
    (run / scores.NAME).write_text("no score\n")
    with pytest.raises(UserError, match="scores.jsonl cannot be read"):
        card.render({"generator": generator}, files_of(), run, None)


@pytest.mark.extra
def test_its_head_is_yaml_as_hubs_read_it(run, generator):
    import yaml

    scores.add(run, [score("fid9_test", 12.5, weights_digest(generator)), score("kid9_val", 3, weights_digest(generator), "val")])
    head = yaml.safe_load(card.render({"generator": generator}, files_of(), run, None).split("---\n")[1])
    results = head.pop("model-index")[0]["results"]
    assert head == {
        "license": "unknown",
        "pipeline_tag": "unconditional-image-generation",
        "tags": ["gan", "dcgan", "digits", "onnx", "tflite", "tensorflow"],
    }
    assert [(one["dataset"]["type"], one["dataset"]["split"]) for one in results] == [("mnist", "test"), ("mnist", "val")]
    assert [one["metrics"] for one in results] == [[{"type": "fid9_test", "value": 12.5}], [{"type": "kid9_val", "value": 3}]]


def test_of_a_file_that_is_of_no_run(tmp_path):
    pictures = keras.Input([None, None, 1], name="pictures")
    model = keras.Model(pictures, keras.layers.Conv2D(1, 3, padding="same")(pictures))
    text = card.render({"mine": model}, files_of("mine"), tmp_path, None)
    assert "pipeline_tag: image-to-image" in text
    assert "| mine | input pictures | [B, H, W, 1] | pictures, from -1 (black) to 1 (white) |" in text
    assert "H and W, their height and width, are multiples of 4, 8 or more" in text
    assert "Write here where the pictures are from" in text
    fixed = card.render({"mine": model}, files_of("mine"), tmp_path, 24)
    assert "| mine | output | [B, 24, 24, 1] |" in fixed
    assert "resize((24, 24))" in fixed
    assert "H and W" not in fixed
