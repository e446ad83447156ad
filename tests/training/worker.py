"""One of two workers that train together. test_workers.py starts it. It plays SCENES, each with all workers, and writes the
results as JSON: {scene: what it returned, or [kind of the error, its text]}.

    python worker.py OUT TFRECORDPATH
"""

import json
import os
import signal
import sys
from pathlib import Path

import tensorflow as tf

from tfgan_series import comparison, runs, series, workflow
from tfgan_series.data import pipeline
from tfgan_series.errors import UserError
from tfgan_series.training import devices, workers

WALKS = ("simultaneous", "Wasserstein, two critic steps")  # of test_adversarial.UPDATES: without a penalty, and with one
TINY = {"image_size": 8, "base_filters": 4, "batch_size": 500, "epochs": 1}  # three steps an epoch
MEMBERS = {"usual": [series.resolve("digits", **TINY)], "hot": [series.resolve("digits", lr=1e38, **TINY)]}
USUAL, HOT = (runs.member_folder(experiment, "compared") for (experiment,) in MEMBERS.values())


def compare():
    return comparison.compare(MEMBERS, "heat", "How hot?", root="compared", tfrecord_path=sys.argv[2], count=0).read_text()


def train(run_dir, overwrite=False, tfrecord_path=None, **given):
    experiment = series.resolve("digits", **(TINY | given))
    workflow.train(experiment, tfrecord_path=tfrecord_path or sys.argv[2], run_dir=run_dir, overwrite=overwrite)


def where_the_chief_cannot_write():
    in_the_way = Path(USUAL, "images/epoch-002.png")
    in_the_way.mkdir(exist_ok=True)
    train(USUAL, epochs=2)


def overwrite_that_one_is_refused():
    """Whether the run is still there."""
    try:
        train(USUAL, overwrite=True, tfrecord_path=None if CHIEF else "nowhere")
    except UserError:
        return Path(USUAL, "log.csv").is_file() and Path(USUAL, "checkpoints").is_dir()


def signalled(number, to_the_chief):
    batches = pipeline.batches

    def signal_and_batches(*arguments):
        pipeline.batches = batches  # once only: a second Ctrl-C ends a process at once
        os.kill(os.getpid(), number)
        return batches(*arguments)

    pipeline.batches = signal_and_batches if to_the_chief == CHIEF else batches
    try:
        train(signal.Signals(number).name, epochs=2)
    finally:
        pipeline.batches = batches


def walks():
    """The networks after some steps of the two algorithms, as the other tests of this folder do them."""
    import test_adversarial  # only now: it makes tensors, and before the first one the workers must have met
    import test_cyclegan_step

    strategy = devices.choose_strategy()
    ended = {name: test_adversarial.walk(strategy, **test_adversarial.UPDATES[name])[-1] for name in WALKS}
    return {name: one.tolist() for name, one in (ended | {"cyclegan": test_cyclegan_step.walk(strategy)[1]}).items()}


def heard_before_the_loop():
    os.kill(os.getpid(), signal.SIGTERM)
    return heard


def lost():
    if not CHIEF:
        pipeline.batches = lambda *_: os._exit(0)
    train(HOT, epochs=2)


SCENES = {
    "compared": compare,
    "refused": lambda: train(USUAL, batch_size=250),
    "without_records_on_one": lambda: train(USUAL, epochs=2, tfrecord_path=None if CHIEF else "nowhere"),
    "overwrite_that_one_is_refused": overwrite_that_one_is_refused,
    "with_settings_of_ones_own": lambda: train(USUAL, epochs=2, **({} if CHIEF else {"loss": "minimax"})),
    "with_a_folder_of_ones_own": lambda: train(USUAL if CHIEF else "aside", epochs=2),
    "where_the_chief_cannot_write": where_the_chief_cannot_write,
    "overwritten": lambda: train(HOT, overwrite=True),
    "heard_before_the_loop": heard_before_the_loop,
    "sigterm_to_the_chief": lambda: signalled(signal.SIGTERM, to_the_chief=True),
    "ctrl_c_to_the_other": lambda: signalled(signal.SIGINT, to_the_chief=False),
    "walks": walks,
    "lost": lost,
}

if __name__ == "__main__":
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})  # see conftest.py
    heard = []
    signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    CHIEF = workers.is_chief(devices.choose_strategy())
    results = {}
    for name, play in SCENES.items():
        print(f"scene: {name}", flush=True)
        try:
            results[name] = play()
        except Exception as error:
            results[name] = [type(error).__name__, str(error)]
        Path(sys.argv[1]).write_text(json.dumps(results))
