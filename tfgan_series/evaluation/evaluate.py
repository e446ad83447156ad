"""The way from a generator to its scores.

real = evaluate.reference(records, experiment, features.load("random", records, experiment))   # once
found = evaluate.evaluate({"generator": model}, real)                                          # as often as you like
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

import tfgan_series
from tfgan_series import classifier, invocation, latent, pictures, progress, runs
from tfgan_series.data import pipeline
from tfgan_series.data.conditions import Conditions
from tfgan_series.data.records import PARTITIONS, Records
from tfgan_series.errors import UserError
from tfgan_series.evaluation import scores
from tfgan_series.evaluation.features import Features
from tfgan_series.evaluation.features import load as load_features
from tfgan_series.evaluation.metrics import METRICS, SMALLEST
from tfgan_series.evaluation.scores import Score, protocol_name
from tfgan_series.generators import load_generator
from tfgan_series.inference import in_batches, input_shapes, weights_digest, with_condition
from tfgan_series.series import MODELS, Experiment

_BLOCK = 256  # pictures that the features are made of at a time, whatever the generator's batch


@dataclass(frozen=True)
class Slice:
    """Records first, first + 1, ... of a partition, `count` of them at most, without their pictures."""

    partition: str
    first: int
    count: int

    def last(self, count: int) -> "Slice":
        """The last `count` of them."""
        return Slice(self.partition, self.first + self.count - count, count)


class Chosen(NamedTuple):
    """Which records a generator is measured with: as in Target, of which only their places are known."""

    real: Slice
    stand_in: Slice
    inputs: Slice


@dataclass(frozen=True)
class Seen:
    """Pictures as the scores see them. features: [N, D]. asked: [N, K], what each was asked for, or would have to be asked for if
    it is real; K is 0 if nothing can be asked for."""

    features: np.ndarray
    asked: np.ndarray

    def __len__(self) -> int:
        return len(self.features)

    def of(self, place: int) -> "Seen":
        """Those that were asked for one class or attribute. The attributes that they were asked for beside it stay."""
        chosen = self.asked[:, place] == 1
        return Seen(self.features[chosen], self.asked[chosen])


class Measured(NamedTuple):
    """A score without its protocol. name: the metric, with the class that it is of. of: that class, "" for all pictures. error:
    the standard error, or None. n_real, n_fake: numbers of pictures."""

    name: str
    of: str
    value: float
    error: float | None
    n_real: int
    n_fake: int


@dataclass(frozen=True)
class Target:
    """What one generator is compared with.

    real: the real pictures. asked: [N, K], what other real pictures, those of the floors, would have to be asked for; generated
    pictures are asked for the same. floors: {metric: its floor}. inputs: the records whose pictures the generator translates; one
    that draws from noise makes as many.
    """

    real: Seen
    asked: np.ndarray
    floors: dict[str, Measured]
    inputs: Slice


@dataclass(frozen=True)
class Reference:
    """The real pictures of an experiment, measured once for all generators.

    partition: where the real pictures are from. targets: {generator's name: Target}.
    """

    experiment: Experiment
    records: Records
    features: Features
    partition: str
    targets: dict[str, Target]


def reference(
    records: Records, experiment: Experiment, features: Features, *, count: int = scores.COUNT, against: str | None = None
) -> Reference:
    """Measure the real pictures of an experiment, and the floors.

    count: at most so many real and so many generated pictures. against: the partition of the real pictures. By default it is
    test, else val, else train; if the model translates, it is train, because its test pictures are translated. Real pictures of
    another partition (train, else test, else val) take the place of the generated ones for the floors, as many as are generated.
    If the records have only one partition, its second half takes their place, and its first half are the real pictures.
    Raises UserError for an absent partition, and for too few pictures.
    """
    partition, chosen = choose(records, experiment, count, against)
    targets = {}
    for name, (real_ones, others, inputs) in chosen.items():
        _, side = _ends(experiment, name)
        real, stand_in = (_seen(features, real_pictures(records, experiment, one, side)) for one in (real_ones, others))
        floors = {one.name: one for one in measured(features, experiment.conditions, real, stand_in)}
        targets[name] = Target(real, stand_in.asked, floors, inputs)
    return Reference(experiment, records, features, partition, targets)


def choose(records: Records, experiment: Experiment, count: int, against: str | None = None) -> tuple[str, dict[str, Chosen]]:
    """The partition of the real pictures, and {generator's name: Chosen}: see reference, which raises the same errors."""
    present = [name for name in PARTITIONS if name + experiment.sides[0] in records.counts]
    order = ("test", "val", "train") if _draws_from_noise(experiment) else ("train",)
    partition = against or next(name for name in order if name in present)
    if partition not in present:
        raise UserError(f"--against={partition}: {records.folder} has {', '.join(present)}")
    chosen = {}
    for name in MODELS[experiment.model].saved:
        source, target = _ends(experiment, name)
        real, stand_in = slices_of(records, partition, target, count)
        _, inputs = slices_of(records, partition, source, count)
        same = min(stand_in.count, inputs.count)  # a distance depends on the number of pictures, so the floor's is the same
        chosen[name] = Chosen(real, stand_in.last(same), inputs.last(same))
    return partition, chosen


def partition_while_training(records: Records) -> str | None:
    """The `against` of scores in training: val if there is one. The partition that chooses the best generator should not be the
    one that judges it in the end, which is test. None: the usual one."""
    return "val" if "val" in records.counts else None


def evaluate(
    generators: Mapping[str, keras.Model],
    real: Reference,
    *,
    seed: int = 0,
    batch_size: int = scores.BATCH,
    step: int | None = None,
    checkpoint: str | None = None,
) -> list[Score]:
    """The scores of an experiment's generators, {name: model} as a run saves them. real: what they are compared with.

    seed: of the noise; the pictures are those of generation.py with this seed. They are judged as they would be saved, rounded to
    uint8. A conditional generator is asked for what the floors' pictures show, one after the other; its scores by class come
    last.
    batch_size: pictures that a generator makes at a time; it does not change the scores. step: of the run, if known.
    checkpoint: the generator's file (default: its name in a run).
    """
    found = []
    for name, generator in generators.items():
        target = real.targets[name]
        # Not what the real pictures show: pictures of exactly their classes would be nearer to them than other real ones are.
        asked = target.asked
        fake = Seen(features_of(real.features, generated(generator, name, real, asked, seed, batch_size)), asked)
        protocol: dict[str, Any] = {
            "partition": real.partition,
            "features": real.features.kind,
            "features_digest": real.features.digest,
            "checkpoint": checkpoint or runs.saved_name(name),
            "checkpoint_digest": weights_digest(generator),
            "step": step,
            "seed": seed,
            "versions": versions(),
        }
        direction = "".join(_ends(real.experiment, name)).lower()
        for one in measured(real.features, real.experiment.conditions, target.real, fake):
            if floor := target.floors.get(one.name):
                full = protocol_name(one.name, direction and f"_{direction}", one.n_fake, real.partition, real.features.kind)
                noted = protocol | {"n_real": one.n_real, "n_fake": one.n_fake, "n_floor": floor.n_fake}
                found.append(
                    Score(
                        metric=full,
                        of=one.of,
                        value=one.value,
                        error=one.error,
                        floor=floor.value,
                        floor_error=floor.error,
                        **noted,
                    )
                )
    return found


def is_of(score: Score, real: Reference) -> bool:
    """Whether a score was measured against these real pictures, with these features and with noise of seed 0."""
    made = {(len(target.real), target.inputs.count) for target in real.targets.values()}
    same = (score.features_digest, score.partition, score.seed) == (real.features.digest, real.partition, 0)
    return same and score.n_fake == score.n_floor and (score.n_real, score.n_fake) in made


def evaluate_run(
    run: Path | str,
    *,
    tfrecord_path: Path | str | None = None,
    generator: Path | None = None,
    features: str | None = None,
    weights: Path | None = None,
    count: int = scores.COUNT,
    against: str | None = None,
    seed: int = 0,
    batch_size: int = scores.BATCH,
) -> list[Score]:
    """Measure a run's generators, or another generator of the same pictures, a .keras file. The scores are also added to the
    run's scores.jsonl.

        for score in tg.evaluate(run, count=1000):
            print(score.metric, score.value, "real pictures:", score.floor)

    tfrecord_path: of the records (default: as the run was trained). features, weights: as in features.load. The rest as in
    reference and evaluate.
    Raises UserError if the run, its scores, its records, a generator or the features' weights cannot be read or do not fit.
    """
    if batch_size < 1:
        raise UserError(f"batch_size={batch_size}: give 1 or more")
    scores.read(run)  # if the file is damaged, we say so before we measure
    experiment, records = runs.read_experiment(run), runs.find_records(run, tfrecord_path)
    generators = load_generators(run, experiment, generator)
    step = None if generator else runs.last_step(run)
    network = load_features(features, records, experiment, weights)
    real = reference(records, experiment, network, count=count, against=against)
    file = str(Path(generator).resolve()) if generator else None  # so it is never taken for the run's own generator.keras
    found = evaluate(generators, real, seed=seed, batch_size=batch_size, step=step, checkpoint=file)
    scores.add(run, found)
    return found


def load_generators(run: Path | str, experiment: Experiment, generator: Path | None = None) -> dict[str, keras.Model]:
    """{name: model} of a run's generators. generator: a .keras file to take instead of a run's only one.

    Raises UserError if one cannot be read or does not fit the experiment, and for a file if the run has several generators.
    """
    names = MODELS[experiment.model].saved
    if generator and len(names) > 1:
        raise UserError(f"--generator={generator}: {run} has {' and '.join(names)}: leave it out, and both are evaluated")
    return {name: _fitting(generator or Path(run) / runs.saved_name(name), experiment) for name in names}


def best_distances(run: Path | str, real: Reference) -> list[Score]:
    """The Fréchet distances of a run's best generators. Empty if there are none yet, or if they are of two rows: a CycleGAN
    was killed between the two files.

    If no score of theirs compares with `real`, they are measured again, and the scores are added to the run's: the classifier was
    trained anew, or the count is another. Raises UserError if a generator or the scores cannot be read: a run that went on would
    replace a good generator by a worse one.
    """
    paths = {name: Path(run) / runs.best_name(name) for name in real.targets}
    if not all(path.is_file() for path in paths.values()):
        return []
    try:
        kept = {name: _fitting(path, real.experiment) for name, path in paths.items()}
    except UserError as error:
        raise UserError(f"{error}. To go on without it, move it away: the next best generator takes its place") from error
    digests = {name: weights_digest(network) for name, network in kept.items()}
    earlier = [one for one in scores.read(run) if scores.is_distance(one)]
    steps = {one.checkpoint_digest: one.step for one in earlier if one.step is not None}
    if len({steps[digest] for digest in digests.values() if digest in steps}) > 1:
        return []
    known = {one.checkpoint_digest: one for one in earlier if is_of(one, real)}
    if not set(digests.values()) <= set(known):
        print(f"Measuring {' and '.join(path.name for path in paths.values())} again: no score so far compares with new ones.")
        found: list[Score] = []
        for name, network in kept.items():
            found += evaluate({name: network}, real, step=steps.get(digests[name]), checkpoint=paths[name].name)
        scores.add(run, found)
        known = {one.checkpoint_digest: one for one in found if scores.is_distance(one)}
        print(f"That gave {scores.told(known.values())}")
    return [known[digest] for digest in digests.values()]


def slices_of(records: Records, against: str, side: str, count: int) -> tuple[Slice, Slice]:
    """The real pictures, and those that take the generated ones' place for the floors or are translated. side: as in
    pipeline.in_order.

    The latter are the last ones of their partition: no classifier has learned from them. Raises UserError for too few records.
    """
    if count < SMALLEST:
        raise UserError(
            f"--count={count}: a score needs {SMALLEST} pictures or more; give a larger number (for a comparison without scores "
            "--count=0)"
        )
    total = records.count(against, side)
    others = [name for name in ("train", "test", "val") if name != against and name + side in records.counts]
    if others:
        among = records.count(others[0], side)
        free = among - classifier.learned(among) if others[0] == "train" else among
        count_others = min(count, free)
        found = Slice(against, 0, min(count, total)), Slice(others[0], among - count_others, count_others)
    else:
        half = min(count, total // 2)
        found = Slice(against, 0, half), Slice(against, total - half, half)
    for one in found:
        if one.count < SMALLEST:
            raise UserError(
                f"{records.folder}: a score needs {SMALLEST} pictures or more on each side, and {one.partition}{side} gives "
                f"{one.count}: make records of more pictures; {invocation.command('compare')} --count=0 and "
                f"{invocation.command('train')} --evaluate_every=0 leave the scores out"
            )
    return found


def generated(
    generator: keras.Model, name: str, real: Reference, asked: np.ndarray, seed: int, batch_size: int
) -> Iterator[np.ndarray]:
    """The pictures that a generator makes, some at a time: [n, H, W, C] in [-1, 1], rounded as uint8 is. asked: [N, K], what each
    is asked for; K is 0 if nothing can be asked for."""
    inputs: Iterable[Any]
    total = len(asked)
    if _draws_from_noise(real.experiment):
        z = latent.noise(total, input_shapes(generator)[0][-1], seed)
        parts = [slice(first, first + _BLOCK) for first in range(0, total, _BLOCK)]
        inputs = (with_condition(z[part], [tf.constant(asked[part])] if asked.size else []) for part in parts)
    else:
        wanted = real.targets[name].inputs
        source, _ = _ends(real.experiment, name)
        inputs = (images for images, _ in real_pictures(real.records, real.experiment, wanted, source))
    with progress.bar(total=total, unit=" images", desc=name, leave=False) as bar:
        for block in inputs:
            images = pictures.to_uint8(in_batches(generator, block, min(batch_size, _BLOCK)))
            yield pictures.to_float(images)
            bar.update(len(images))


def real_pictures(
    records: Records, experiment: Experiment, wanted: Slice, side: str = ""
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The pictures of some records, some at a time: [n, H, W, C] in [-1, 1], and what they would have to be asked for, [n, K].
    side: as in pipeline.in_order."""
    chosen = experiment.change(partition=wanted.partition)
    for known in pipeline.in_order(records, chosen, side, first=wanted.first, count=wanted.count):
        yield known["image"], pipeline.conditions_of(known, records, experiment.conditions).numpy()


def _seen(features: Features, blocks: Iterable[tuple[np.ndarray, np.ndarray]]) -> Seen:
    """Pictures and what they would have to be asked for, as the scores see them."""
    found = [(features.extract(images), asked) for images, asked in blocks]
    return Seen(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def features_of(features: Features, blocks: Iterable[np.ndarray]) -> np.ndarray:
    """The features of pictures, [N, D], from blocks of pictures [n, H, W, C] in [-1, 1]."""
    return np.concatenate([features.extract(block) for block in blocks])


def measured(features: Features, conditions: Conditions, real: Seen, fake: Seen) -> Iterator[Measured]:
    """Each score that these features can have: first of all pictures, then by class, of each class with SMALLEST pictures or more
    on both sides."""
    yield from _of_pictures(features, conditions, real, fake, "")
    for place, name in enumerate(conditions.names):
        of_class = real.of(place), fake.of(place)
        if min(map(len, of_class)) >= SMALLEST:
            yield from _of_pictures(features, conditions, *of_class, name)


def _of_pictures(features: Features, conditions: Conditions, real: Seen, fake: Seen, of: str) -> Iterator[Measured]:
    pairs = {"features": (real.features, fake.features)}
    if features.classes and features.probabilities:
        pairs["classes"] = features.probabilities(real.features), features.probabilities(fake.features)
    if (found := features.recognised(fake.features, conditions)) is not None:
        labelled = fake.asked.any(axis=1) | (not conditions.exclusive)  # a folder may have pictures of no class
        if labelled.any():
            pairs["asked"] = fake.asked[labelled], found[labelled]
    for metric in METRICS:
        if metric.takes in pairs and (metric.by_class or not of):
            for name, (value, error) in zip(metric.names, metric.measure(*pairs[metric.takes]), strict=True):
                yield Measured(f"{name}_of_{of}_" if of else name, of, value, error, len(real), len(fake))


def versions() -> dict[str, str]:
    """{package: version} of what a score depends on."""
    return {"tfgan_series": tfgan_series.__version__, "tensorflow": tf.__version__, "keras": keras.__version__}


def _ends(experiment: Experiment, generator: str) -> tuple[str, str]:
    """The sets that a generator leads from and to: ("A", "B") for generator_ab, ("", "") if it draws from noise."""
    return MODELS[experiment.model].translates.get(generator, ("", ""))


def _draws_from_noise(experiment: Experiment) -> bool:
    return MODELS[experiment.model].draws_from == "noise"


def _fitting(path: Path, experiment: Experiment) -> keras.Model:
    """A saved generator. Raises UserError if it draws other pictures than the experiment's, or from something else."""
    generator = load_generator(path)
    shape = (experiment.image_size, experiment.image_size, experiment.channels)
    first, *condition = input_shapes(generator)
    from_noise, names = len(first) == 2, experiment.conditions.names
    if [one[-1] for one in condition] != ([len(names)] if names else []):
        raise UserError(f"{path} is not a generator whose pictures are asked for as the run's are: give another --generator")
    if from_noise != _draws_from_noise(experiment):
        raise UserError(f"{path} draws from {'z' if from_noise else 'pictures'}: give a generator of {experiment.model}")
    made = generator.output_shape[1:]
    if len(made) != len(shape) or any(size not in (None, wanted) for size, wanted in zip(made, shape, strict=True)):
        raise UserError(f"{path} draws pictures of {made}, and the run's are {shape}: give another --generator")
    return generator
