"""What can be wrong with a run whose numbers are finite, in a line each."""

from collections.abc import Mapping

from tfgan_series import series
from tfgan_series.errors import UserError
from tfgan_series.series import Experiment

# Variety of a grid whose pictures are all but equal. A jump of the losses can make a single grid so pale: two in a row are a
# collapse. Of our runs the collapsed ones stayed below 0.15, and after _BEGINNING those that learned had one such grid at most.
_COLLAPSED = 0.15
_NO_EFFECT = 0.05  # Label_effect of a grid whose rows are all but equal
_BEGINNING = 300  # steps; before, pictures may be all but equal because the batch statistics of a new network are far from true
_NEAR = 0.005  # distance of a mean loss from its bound
_ALIKE = 0.02  # distance from 1 or 0 of mean answers to real and generated pictures that say the same of all


def warnings(
    row: Mapping[str, float],
    before: Mapping[str, float],
    epoch_means: Mapping[str, float],
    bounds: Mapping[str, float],
    advice: str,
) -> list[str]:
    """What is wrong with a run: a line for each finding, the same line as long as it holds.

    row: of the log. before: the row before it, or empty. If they have Variety (see adversarial.make_look), a collapse is found by
    it, and by Label_effect of the row a label that changes nothing. epoch_means: the mean losses and answers over the last steps,
    as many as an epoch has; empty before the first epoch's end. bounds: {name of a loss: its bound}, -inf if it has none. advice:
    what to try.
    """
    lines = []
    if row["step"] >= _BEGINNING and max(row.get("Variety", 1.0), before.get("Variety", 1.0)) < _COLLAPSED:
        lines.append(f"the pictures of the grid are all but equal: the generator has collapsed. {advice}")
    elif row["step"] >= _BEGINNING and row.get("Label_effect", 1.0) < _NO_EFFECT:
        lines.append(f"the label has no effect: for one z the pictures of all labels are all but equal. {advice}")
    answers = [epoch_means[name] for name in ("Real_P", "Fake_P") if name in epoch_means]
    standing = [name for name in bounds if name in epoch_means and abs(epoch_means[name] - bounds[name]) < _NEAR]
    if row["step"] >= _BEGINNING and answers and (min(answers) > 1 - _ALIKE or max(answers) < _ALIKE):
        kind = "real" if answers[0] > 0.5 else "generated"
        lines.append(
            f"for a whole epoch the discriminator has taken nearly all pictures for {kind} ones: it tells nothing apart, so the "
            f"generator can learn little from it. {advice}"
        )
    elif standing:
        verb = "stands at its bound" if len(standing) == 1 else "stand at their bounds"
        lines.append(
            f"{' and '.join(standing)} {verb} for a whole epoch: one player has won, and the other learns next to nothing. "
            + advice
        )
    return lines


def advice(experiment: Experiment) -> str:
    """What to try if a training goes wrong."""
    r1 = ["--r1=1"] if series.values(experiment).get("r1") == 0 and _takes_r1(experiment) else []
    return f"Try {', '.join([*r1, f'a smaller --lr than {experiment.lr:g}'])} or another --seed."


def _takes_r1(experiment: Experiment) -> bool:
    try:
        experiment.change(r1=1.0)
    except UserError:  # beside a batch normalisation of D, for example
        return False
    return True
