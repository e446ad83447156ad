"""Sums of samples, as in the DCGAN paper (Radford et al. 2016, section 6.3.2).

Each term of a sum is a sign and the mean z of a group of samples.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy.special import expit, log_expit

from tfgan_series import classifier, latent, pictures
from tfgan_series.errors import UserError
from tfgan_series.exploration import SAMPLED, equation, interpolation
from tfgan_series.exploration.findings import Finding
from tfgan_series.inference import Network

GROUP = 16  # pictures in a group that is found by its attributes
# The paper's is 0.25: "uniform noise sampled with scale +-0.25" (its figure 7). Its z are uniform in [-1, 1]; ours, from N(0, 1),
# have a standard deviation that is the square root of 3 times as large.
_JITTER = 0.25 * math.sqrt(3)
_NEIGHBOURS = 8
_CONTROLS = 16  # we take the mean of many controls, as chance decides whether a single one has the attribute
_SURE = 0.5  # if its mean probability is smaller, a group does not fit its term
_BATCH = 64  # for pictures that are only measured: their last bits do not matter

Numbers = Sequence[tuple[int, Sequence[int]]]  # the terms of a sum of samples: (1 or -1, the samples' numbers)


@dataclass(frozen=True)
class Group:
    """The samples whose mean is a term of the sum. sign: 1 or -1. name: what the picture calls the group."""

    sign: int
    name: str
    numbers: tuple[int, ...]

    def __str__(self) -> str:
        return f"{'+' if self.sign > 0 else '-'} {self.name}"


def _checked(terms: Numbers) -> Numbers:
    """The terms, as pairs of a sign and a group of numbers. Raises UserError for anything else."""
    try:
        pairs = [(sign, tuple(numbers)) for sign, numbers in terms]
    except (TypeError, ValueError):
        pairs = []
    if not pairs or not all(sign in (1, -1) and numbers for sign, numbers in pairs):
        raise UserError(f"{terms}: wanted [(sign, numbers)], each sign 1 or -1 and each group with a number or more")
    return pairs


def by_number(generator: Network, terms: Numbers, *, seed: int = 0) -> Finding:
    """Draw the equation of chosen samples, with its terms in the given order. Returns a Finding.

    Raises UserError for other signs, a group without numbers, a number that no sample has, and if the terms cancel out.
    """
    groups = [Group(sign, _listed(numbers), tuple(numbers)) for sign, numbers in _checked(terms)]
    means, result = _sums(generator, groups, seed)
    words = " ".join(f"{'+' if group.sign > 0 else '-'} mean({group.name})" for group in groups).removeprefix("+ ")
    return Finding(
        title="Arithmetic of samples",
        text=(
            f"{words}: each group with its mean below it, and the sum in the middle of {_NEIGHBOURS} neighbours. "
            + _apart(result, seed)
        ),
        pictures={"arithmetic.png": draw(generator, groups, means, result, seed)},
        numbers={"terms": [{"sign": group.sign, "samples": list(group.numbers)} for group in groups], "seed": seed},
    )


def by_name(generator: Network, judge: classifier.Classifier, text: str, *, seed: int = 0, count: int = SAMPLED) -> Finding:
    """Draw and score the equation of attributes. Returns a Finding.

    judge: the classifier of the records. The group of each term is the GROUP samples out of 1..count for which the classifier
    is surest. No sample is in two groups, so that A - B + B is not just A. The result's score is compared with that of a
    control: the mean over 16 such sums with random samples in place of the first group. Raises UserError for an unknown
    attribute, for too few samples, and if the terms cancel out.
    """
    terms = equation.known(equation.parse(text), text, judge.names)
    if count < (least := GROUP * (len(terms) + 1)):
        raise UserError(f"--sampled={count}: {len(terms)} groups of {GROUP} and a control need {least} or more")
    z = latent.numbered(range(1, count + 1), generator.input_shape[-1], seed)
    logits = judge.logits(latent.sample(generator, z, _BATCH))
    groups = surest(terms, judge.names, logits, GROUP)
    means, result = _sums(generator, groups, seed)
    controls = [jittered(_sums(generator, [chance, *groups[1:]], seed)[1], seed) for chance in _random(groups, count, seed)]

    named = list(dict.fromkeys(factor.name for term in terms for factor in term.factors))
    sums = {"result": jittered(result, seed), "control": np.concatenate(controls)}
    drawn = {key: _judged(judge, named, judge.logits(latent.sample(generator, one, _BATCH))) for key, one in sums.items()}
    by_group = [_judged(judge, named, logits[np.asarray(group.numbers) - 1]) for group in groups]
    wanted = equation.predicted(terms)
    return Finding(
        title=f"Arithmetic of attributes: {text.strip()}",
        text=" ".join(
            [
                *_told(named, wanted, by_group, drawn, judge),
                *_doubts(named, terms, groups, by_group, judge),
                _apart(result, seed),
            ]
        ),
        pictures={"equation.png": draw(generator, groups, means, result, seed)},
        numbers={
            "equation": text.strip(),
            "groups": [
                {"term": str(group), "samples": list(group.numbers), "P": one}
                for group, one in zip(groups, by_group, strict=True)
            ],
            **{key: {"P": one} for key, one in drawn.items()},
            "balanced_accuracy": {name: round(judge.accuracy[name], 3) for name in named if name in judge.accuracy},
            "sampled": count,
            "seed": seed,
        },
    )


def _judged(judge: classifier.Classifier, named: Sequence[str], logits: np.ndarray) -> dict[str, float]:
    """The mean probability of each of these attributes over some pictures. logits: the judge's of the pictures, [n, names]."""
    shares = expit(logits[:, [judge.names.index(name) for name in named]]).mean(axis=0)
    return {name: round(float(share), 3) for name, share in zip(named, shares, strict=True)}


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers)) if len(numbers) <= 4 else f"{len(numbers)} samples"


def _random(groups: Sequence[Group], count: int, seed: int) -> list[Group]:
    """16 groups of random samples to stand in for the first group. None of the samples is in any of the groups."""
    free = np.setdiff1d(np.arange(1, count + 1), [number for group in groups for number in group.numbers])
    rng = np.random.default_rng(seed)
    return [Group(groups[0].sign, "random", tuple(rng.choice(free, GROUP, replace=False))) for _ in range(_CONTROLS)]


def surest(terms: Sequence[equation.Term], names: Sequence[str], logits: np.ndarray, size: int) -> list[Group]:
    """The group of each term: the `size` samples that most probably fit the term. No sample is in two groups.

    Equal terms get their samples in turn, as cards are dealt. If one of them got all the surest samples, the two groups would
    differ, and A - A would not be about 0. logits: [samples, names], the first row of sample 1.
    """
    free, hands = np.ones(len(logits), bool), {}
    for said, twins in Counter(map(_said, terms)).items():
        factors = next(term.factors for term in terms if _said(term) == said)
        # log P of all factors together, as if they were independent.
        sure = sum(
            log_expit(logits[:, names.index(factor.name)].astype(np.float64) * (1 if factor.wanted else -1)) for factor in factors
        )
        chosen = np.argsort(np.where(free, -sure, np.inf), kind="stable")[: twins * size]
        free[chosen] = False
        hands[said] = [chosen[first::twins] + 1 for first in range(twins)]
    return [Group(term.sign, str(term), tuple(map(int, hands[_said(term)].pop(0)))) for term in terms]


def _said(term: equation.Term) -> frozenset[tuple[str, bool]]:
    """The factors of a term, without their order."""
    return frozenset((factor.name, factor.wanted) for factor in term.factors)


def add(signs: Sequence[int], groups: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """(each group's mean z [groups, noise_dim], their signed sum [noise_dim]), float32. groups: [n, noise_dim] each.

    The sum is not rescaled, as in the paper, although the mean of many samples is shorter than a sample. We tried to scale
    the sum to a sample's length, with Eyeglasses on small faces. The pictures then were 32 grey levels from the nearest
    training picture instead of 20 (samples: 23), and did not show the glasses better.
    Raises UserError if the terms cancel out.
    """
    means = np.stack([np.asarray(z, np.float64).mean(axis=0) for z in groups])
    total = np.asarray(signs) @ means
    if np.linalg.norm(total) < 1e-6:
        raise UserError("the terms of the equation cancel out: choose other samples")
    return means.astype(np.float32), total.astype(np.float32)


def jittered(z: np.ndarray, seed: int) -> np.ndarray:
    """z [noise_dim] itself, then 8 neighbours: [9, noise_dim] float32."""
    noise = np.random.default_rng(seed).uniform(-_JITTER, _JITTER, (_NEIGHBOURS, len(z)))
    return np.concatenate([z[None], z + noise]).astype(np.float32)


def _apart(z: np.ndarray, seed: int) -> str:
    """How far the neighbours of z are from it, in a sentence."""
    _, *near = jittered(z, seed)
    degrees = np.mean([interpolation.angle(z, one) for one in near])
    return (
        f"The neighbours are {degrees:.0f} degrees from the sum (two samples are about 90 degrees apart). If they look like the "
        "sum, the generator draws nearly the same picture for all z around it."
    )


def draw(generator: Network, groups: Sequence[Group], means: np.ndarray, result: np.ndarray, seed: int) -> Image.Image:
    """The equation as a picture: each group above its mean, and at the end the result in the middle of its neighbours."""
    pages: list[Image.Image] = []
    for group, mean in zip(groups, means, strict=True):
        samples, mean = (pictures.to_uint8(latent.sample(generator, z)) for z in (_noise(generator, group, seed), mean[None]))
        columns = math.ceil(math.sqrt(len(samples)))
        labels = [str(number) for number in group.numbers]
        above = pictures.grid(samples, columns, caption=str(group).removeprefix("" if pages else "+ "), corners=labels)
        pages.append(pictures.join([above, pictures.grid(mean, 1, caption="mean")], down=True))
    images = pictures.to_uint8(latent.sample(generator, jittered(result, seed)))
    middle = (_NEIGHBOURS + 1) // 2
    images = np.concatenate([images[1 : middle + 1], images[:1], images[middle + 1 :]])
    labels = ["" if index != middle else "result" for index in range(len(images))]
    return pictures.join([*pages, pictures.grid(images, 3, caption="= result and neighbours", corners=labels)])


def _noise(generator: Network, group: Group, seed: int) -> np.ndarray:
    return latent.numbered(group.numbers, generator.input_shape[-1], seed)


def _sums(generator: Network, groups: Sequence[Group], seed: int) -> tuple[np.ndarray, np.ndarray]:
    return add([group.sign for group in groups], [_noise(generator, group, seed) for group in groups])


def _told(
    named: Sequence[str],
    wanted: dict[str, bool],
    by_group: Sequence[dict[str, float]],
    drawn: dict[str, dict[str, float]],
    judge: classifier.Classifier,
) -> Iterator[str]:
    """A sentence for each attribute: its probability in the last group, in the result and in the control."""
    for name in named:
        before, after, chance = by_group[-1][name], drawn["result"][name], drawn["control"][name]
        came = ""
        if name in wanted and _trusted(name, judge):
            came = ", as the equation says" if (after > 0.5) == wanted[name] else ", against the equation"
        yield (
            f"P({name}) is {before:.2f} in the last group and {after:.2f} over the result and its neighbours{came}; "
            f"with random samples in place of the first group it is {chance:.2f} (mean of {_CONTROLS} tries)."
        )


def _trusted(name: str, judge: classifier.Classifier) -> bool:
    return judge.accuracy.get(name, 0) >= classifier.TRUSTED


def _doubts(
    named: Sequence[str],
    terms: Sequence[equation.Term],
    groups: Sequence[Group],
    by_group: Sequence[dict[str, float]],
    judge: classifier.Classifier,
) -> Iterator[str]:
    """A sentence for each attribute that cannot be trusted, and for each group that does not fit its term."""
    for name in named:
        if not _trusted(name, judge):
            share = judge.accuracy.get(name)
            how = "could not be measured" if share is None else f"is {share:.2f} (0.50 is guessing)"
            yield f"Do not trust {name}: the classifier's balanced accuracy on pictures it was not trained on {how}."
    for term, group, scores in zip(terms, groups, by_group, strict=True):
        for factor in term.factors:
            share = scores[factor.name] if factor.wanted else 1 - scores[factor.name]
            if share < _SURE:
                yield f"The group {group.name} does not fit its name: P({factor}) of its surest pictures is only {share:.2f}."
