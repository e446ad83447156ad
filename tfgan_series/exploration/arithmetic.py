"""Sums of samples, as in the DCGAN paper (Radford et al. 2016, section 6.3.2): the mean z of each group, with its sign."""

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_expit

from tfgan_series import latent, pictures
from tfgan_series.errors import UserError
from tfgan_series.exploration import classifier, equation
from tfgan_series.exploration.findings import Finding

GROUP = 16  # pictures in a group that is found by its attributes
_JITTER = 0.25  # the paper's: "uniform noise sampled with scale +-0.25" (its figure 7)
_NEIGHBOURS = 8
_CONTROLS = 16  # one alone comes out either way: it is a face like others, with or without
_SURE = 0.5  # a group whose mean probability is less has no such pictures
_BATCH = 64  # of pictures that are sorted and not shown: their last bits do not matter


@dataclass(frozen=True)
class Group:
    """Samples that a term of the sum is the mean of. sign: 1 or -1. name: what it is called on the picture."""

    sign: int
    name: str
    numbers: tuple[int, ...]

    def __str__(self):
        return f"{'+' if self.sign > 0 else '-'} {self.name}"


def by_number(generator, terms, *, seed=0):
    """The equation of chosen samples, drawn: terms [(1 or -1, numbers)] in their order. Returns a Finding.

    Raises UserError for a number that is no sample, and for a sum that leaves nothing.
    """
    groups = [Group(sign, _listed(numbers), tuple(numbers)) for sign, numbers in terms]
    means, result = _sums(generator, groups, seed)
    words = " ".join(f"{'+' if group.sign > 0 else '-'} mean({group.name})" for group in groups).removeprefix("+ ")
    return Finding(
        title="Arithmetic of samples",
        text=f"{words}: each group with its mean below it, and the sum in the middle of {_NEIGHBOURS} neighbours.",
        pictures={"arithmetic.png": draw(generator, groups, means, result, seed)},
        numbers={"terms": [{"sign": group.sign, "samples": list(group.numbers)} for group in groups], "seed": seed},
    )


def by_name(generator, judge, text, *, seed=0, count=4000, size=GROUP):
    """The equation of attributes, drawn and scored. Returns a Finding.

    judge: the Classifier of the records. Each term is the `size` samples of 1..count that it is surest of, and no sample
    serves two terms, so that A - B + B is not A. Beside the result's score stands that of a control: the mean over 16 such
    sums with random samples in place of the first term's. Raises UserError for an unknown attribute, too few samples, and a
    sum that leaves nothing.
    """
    terms = equation.known(equation.parse(text), text, judge.names)
    if count < size * (len(terms) + 1):
        raise UserError(f"--sampled={count}: {len(terms)} groups of {size} and a control need {size * (len(terms) + 1)} or more")
    z = latent.numbered(range(1, count + 1), generator.input_shape[-1], seed)
    logits = judge.logits(latent.sample(generator, z, _BATCH))
    groups = surest(terms, judge.names, logits, size)
    means, result = _sums(generator, groups, seed)
    controls = [jittered(_sums(generator, [chance, *groups[1:]], seed)[1], seed) for chance in _random(groups, count, size, seed)]

    named = list(dict.fromkeys(factor.name for term in terms for factor in term.factors))
    columns = [judge.names.index(name) for name in named]

    def scores(rows):
        return dict(zip(named, (round(float(share), 3) for share in expit(rows[:, columns]).mean(axis=0)), strict=True))

    drawn = {"result": jittered(result, seed), "control": np.concatenate(controls)}
    drawn = {key: scores(judge.logits(latent.sample(generator, one, _BATCH))) for key, one in drawn.items()}
    by_group = [scores(logits[np.asarray(group.numbers) - 1]) for group in groups]
    wanted = equation.predicted(terms)
    return Finding(
        title=f"Arithmetic of attributes: {text.strip()}",
        text=" ".join([*_told(named, wanted, by_group, drawn, judge), *_doubts(named, terms, groups, by_group, judge)]),
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


def _listed(numbers):
    return ", ".join(map(str, numbers)) if len(numbers) <= 4 else f"{len(numbers)} samples"


def _random(groups, count, size, seed):
    """16 groups of random samples to take the first one's place, none of them in any group."""
    free = np.setdiff1d(np.arange(1, count + 1), [number for group in groups for number in group.numbers])
    rng = np.random.default_rng(seed)
    return [Group(groups[0].sign, "random", tuple(rng.choice(free, size, replace=False))) for _ in range(_CONTROLS)]


def surest(terms, names, logits, size):
    """For each term its Group: the `size` samples that most likely have and lack what it says, none in two groups.

    Terms that say the same are dealt their samples in turn: were one given the surest, the difference of the two would
    point away from what they say. logits: [samples, names], of sample 1 first.
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


def _said(term):
    """What a term says, whatever the order of its factors."""
    return frozenset((factor.name, factor.wanted) for factor in term.factors)


def add(signs, groups):
    """(each group's mean z [groups, noise_dim], their signed sum [noise_dim]), float32. groups: [n, noise_dim] each.

    As they are, like the paper's. Groups of n leave a sum shorter than samples are (three groups of three do not), but
    the means of surest samples point far out: brought to a sample's length, the sums of Eyeglasses on small faces came to
    lie 32 grey levels from the nearest training picture instead of 20 (samples: 23), and showed the glasses no better.
    Raises UserError for a sum that leaves nothing.
    """
    means = np.stack([np.asarray(z, np.float64).mean(axis=0) for z in groups])
    total = np.asarray(signs) @ means
    if np.linalg.norm(total) < 1e-6:
        raise UserError("the equation leaves nothing: its terms cancel out; choose other samples")
    return means.astype(np.float32), total.astype(np.float32)


def jittered(z, seed):
    """z [noise_dim] itself, then 8 neighbours: [9, noise_dim] float32."""
    noise = np.random.default_rng(seed).uniform(-_JITTER, _JITTER, (_NEIGHBOURS, len(z)))
    return np.concatenate([z[None], z + noise]).astype(np.float32)


def draw(generator, groups, means, result, seed):
    """The equation as a picture: each group above its mean, at the end the result amid its neighbours."""
    pages = []
    for group, mean in zip(groups, means, strict=True):
        samples, mean = (pictures.to_uint8(latent.sample(generator, z)) for z in (_noise(generator, group, seed), mean[None]))
        columns = math.ceil(math.sqrt(len(samples)))
        labels = [str(number) for number in group.numbers]
        above = pictures.grid(samples, columns, caption=str(group).removeprefix("" if pages else "+ "), labels=labels)
        pages.append(pictures.join([above, pictures.grid(mean, 1, caption="mean")], down=True))
    images = pictures.to_uint8(latent.sample(generator, jittered(result, seed)))
    middle = (_NEIGHBOURS + 1) // 2
    images = np.concatenate([images[1 : middle + 1], images[:1], images[middle + 1 :]])
    labels = ["" if index != middle else "result" for index in range(len(images))]
    return pictures.join([*pages, pictures.grid(images, 3, caption="=", labels=labels)])


def _noise(generator, group, seed):
    return latent.numbered(group.numbers, generator.input_shape[-1], seed)


def _sums(generator, groups, seed):
    return add([group.sign for group in groups], [_noise(generator, group, seed) for group in groups])


def _told(named, wanted, by_group, drawn, judge):
    """A sentence for each attribute: from the last group to the result, and in the control."""
    for name in named:
        before, after, chance = by_group[-1][name], drawn["result"][name], drawn["control"][name]
        came = ""
        if name in wanted and _trusted(name, judge):
            came = ", as the equation says" if (after > 0.5) == wanted[name] else ", against the equation"
        yield (
            f"P({name}) is {before:.2f} in the last group and {after:.2f} over the result and its neighbours{came}; "
            f"with random samples for the first group it is {chance:.2f} in the mean of {_CONTROLS} tries."
        )


def _trusted(name, judge):
    return judge.accuracy.get(name, 0) >= classifier.TRUSTED


def _doubts(named, terms, groups, by_group, judge):
    """A sentence for each attribute not to be trusted, and for each group that is not what it should be."""
    for name in named:
        if not _trusted(name, judge):
            share = judge.accuracy.get(name)
            how = "could not be measured" if share is None else f"is {share:.2f} (0.50 is guessing)"
            yield f"Do not trust {name}: the classifier's balanced accuracy on pictures it was not trained on {how}."
    for term, group, scores in zip(terms, groups, by_group, strict=True):
        for factor in term.factors:
            share = scores[factor.name] if factor.wanted else 1 - scores[factor.name]
            if share < _SURE:
                yield f"The group {group.name} is no such group: even its surest pictures are {factor} with {share:.2f} only."
