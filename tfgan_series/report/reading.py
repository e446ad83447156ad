"""How to read the curves: what a loss says and what it does not say, in sentences for the page."""

from collections.abc import Sequence

from tfgan_series import series
from tfgan_series.series import Experiment

_ANY = (
    "G's loss says how well G deceives D at that moment. D learns too, so G's loss may rise while the pictures become better: "
    "judge a run by its pictures and its scores."
)
_CALM = (
    "With a penalty on D's slope (--r1) the curves come near these numbers early, while the pictures are still poor. So they do "
    "not say that a training is done."
)


def of_curves(experiments: Sequence[Experiment]) -> list[str]:
    """The sentences for runs of these experiments, each once."""
    calm = [_CALM] if any(series.values(experiment).get("r1") for experiment in experiments) else []
    sentences = [said for of_kind in (_won, _gave_up, _equilibrium) for said in map(of_kind, experiments) if said]
    return list(dict.fromkeys([_ANY, *sentences, *calm]))


def _won(experiment: Experiment) -> str:
    players = series.LOSSES[experiment.loss].ends_at_zero
    if not players:
        return ""
    whose = "a loss" if len(players) > 1 else f"{players[0]}'s loss"
    return f"One player has won if {whose} comes near 0 and stays there: then the other learns next to nothing."


def _gave_up(experiment: Experiment) -> str:
    if not series.LOSSES[experiment.loss].log_odds:
        return ""
    return "But if Real_P and Fake_P both stay near 1, or both near 0, D tells nothing apart. Then G's loss says nothing."


def _equilibrium(experiment: Experiment) -> str:
    kind = series.LOSSES[experiment.loss]
    # D's best answer to pictures that are real as often as not: the mean of its targets, real_label and 0.
    answers = (
        f"Real_P and Fake_P are both {experiment.real_label / 2:g}" if kind.log_odds else "Real_logit and Fake_logit are equal"
    )
    # A penalty of D is near 0 there. A label below 1 moves D's loss too. A CycleGAN has two D, whose losses may have other
    # weights.
    known = experiment.real_label == 1 and experiment.sets == 1
    loss = f", and D's loss with --loss={experiment.loss} is {kind.equilibrium}" if known else ""
    both = ""
    if known and kind.g_equilibrium:
        loss += f" and G's {kind.g_equilibrium}"
        both = " D's loss may come near its number long before G's does: look at both."
    guess = f"At equilibrium G draws as the real pictures are, and D can only guess: {answers}{loss}."
    return f"{guess}{both} Few trainings come that far."
