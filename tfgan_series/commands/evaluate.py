"""Measures how near a run's pictures come to real ones, into RUN/scores.jsonl.

tfgan evaluate --ImageType=mnist                       # 10,000 pictures against the test pictures
tfgan evaluate --run_dir=RUN --count=1000              # faster, with other floors
tfgan evaluate --run_dir=RUN --features=inception      # InceptionV3, downloaded by Keras
tfgan evaluate --run_dir=RUN --generator=FILE.keras    # another generator of the run's pictures
"""

from absl import flags

from tfgan_series import backend, invocation, report
from tfgan_series.commands import command_line
from tfgan_series.commands.command_line import FLAGS
from tfgan_series.data.records import PARTITIONS
from tfgan_series.evaluation import scores

FINDS_A_RUN = True


def define() -> None:
    command_line.define_settings(own=["seed"])
    command_line.define_run("the run to measure")
    command_line.define_records()
    command_line.define_path("generator", None, "a .keras file to measure instead of the run's generator (default: the run's)")
    flags.DEFINE_integer("count", scores.COUNT, "pictures on each side, at most", lower_bound=1)
    command_line.define_choice(
        "against",
        None,
        PARTITIONS,
        "partition of the real pictures (default: test, else val, else train; train if test pictures are translated)",
    )
    command_line.define_choice(
        "features",
        None,
        scores.KINDS,
        "network that the scores look through (default: classifier if the records have attributes or classes and it recognises "
        "them, else random)",
    )
    command_line.define_path("weights", None, "inception: a .keras or .h5 file (default: the weights that Keras downloads)")
    flags.DEFINE_integer(
        "seed", 0, f"the same seed draws the same pictures, as in {invocation.command('generate')}", **command_line.SEEDS
    )
    flags.DEFINE_integer("at_once", scores.BATCH, "pictures to generate at a time; it changes no score", lower_bound=1)


def main() -> None:
    scores.check_kind(FLAGS.features, FLAGS.weights)
    run = command_line.run_folder()
    backend.import_tensorflow()
    from tfgan_series import runs
    from tfgan_series.evaluation import evaluate

    found = evaluate.evaluate_run(
        run,
        tfrecord_path=command_line.given_records(),
        generator=command_line.path("generator"),
        features=FLAGS.features,
        weights=command_line.path("weights"),
        count=FLAGS.count,
        against=FLAGS.against,
        seed=FLAGS.seed,
        batch_size=FLAGS.at_once,
    )
    print(scores.table(found))
    print(scores.HOW_TO_READ)
    if caution := scores.caution(runs.read_experiment(run), found):
        print(caution)
    print(f"In {run / scores.NAME}")
    report.refresh(run)
