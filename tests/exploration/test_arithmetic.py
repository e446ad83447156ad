import numpy as np
import pytest
import tensorflow as tf

from tfgan_series import latent
from tfgan_series.errors import UserError
from tfgan_series.exploration import arithmetic, equation


class Plane:
    """A generator whose picture is its z, 4 numbers as 2x2 grey pixels."""

    input_shape = (None, 4)

    def __call__(self, z, training):
        assert not training
        return tf.reshape(tf.tanh(z), [-1, 2, 2, 1])


class Judge:
    """Dark is the first pixel, Flat the last; Noise cannot be told."""

    names, accuracy = ("Dark", "Flat", "Noise"), {"Dark": 0.9, "Flat": 0.9, "Noise": 0.5}

    def logits(self, images):
        return np.stack([20 * images[:, 0, 0, 0], 20 * images[:, 1, 1, 0], 0 * images[:, 0, 1, 0]], axis=1)


def test_means_and_their_sum_by_hand():
    groups = [np.array([[3.0, 0.0], [1.0, 0.0]]), np.array([[0.0, 2.0]]), np.array([[0.0, 5.0]])]
    means, total = arithmetic.add([1, -1, 1], groups)  # (2, 0) - (0, 2) + (0, 5) = (2, 3)
    assert means.tolist() == [[2, 0], [0, 2], [0, 5]]
    assert total.tolist() == [2, 3]


def test_what_cancels_out_is_refused():
    z = np.ones((1, 3))
    with pytest.raises(UserError, match="the terms of the equation cancel out"):
        arithmetic.add([1, -1], [z, z])


def test_neighbours_are_within_the_papers_noise():
    """0.25 for z that are uniform in [-1, 1], so 0.25 of the square root of 3 standard deviations."""
    nine = arithmetic.jittered(np.full(100, 2, np.float32), seed=1)
    assert nine.shape == (9, 100)
    assert (nine[0] == 2).all()
    assert 0.42 < np.abs(nine[1:] - 2).max() <= 0.25 * np.sqrt(3)


def test_how_far_the_neighbours_are_is_said():
    z = latent.numbered([3], Plane().input_shape[-1], 0)[0].astype(np.float64)
    near = arithmetic.jittered(z, 0)[1:]
    cosines = near @ z / np.linalg.norm(near, axis=1) / np.linalg.norm(z)
    found = arithmetic.by_number(Plane(), [(1, (3,))])
    assert f"The neighbours are {np.degrees(np.arccos(cosines)).mean():.0f} degrees from the sum" in found.text


def test_the_surest_dealt_to_twins_in_turn():
    logits = np.array([[9.0], [-3], [-4], [-5], [8], [-2]])
    terms = equation.parse("A - !A + !A")
    groups = arithmetic.surest(terms, ("A",), logits, 2)
    assert [group.numbers for group in groups] == [(1, 5), (4, 2), (3, 6)]
    assert [str(group) for group in groups] == ["+ A", "- !A", "+ !A"]


def test_and_wants_both():
    logits = np.array([[9.0, -9], [3, 3], [-9, 9], [5, 1]])
    assert arithmetic.surest(equation.parse("A & B"), ("A", "B"), logits, 1)[0].numbers == (2,)
    assert arithmetic.surest(equation.parse("A & !B"), ("A", "B"), logits, 1)[0].numbers == (1,)


def test_the_attribute_arrives_and_by_chance_does_not():
    found = arithmetic.by_name(Plane(), Judge(), "dark - !Dark + !Dark", count=1000)
    numbers = found.numbers
    before, after, chance = (part["P"]["Dark"] for part in (numbers["groups"][2], numbers["result"], numbers["control"]))
    assert before < 0.2
    assert after > 0.8
    assert chance < 0.8
    samples = [number for group in numbers["groups"] for number in group["samples"]]
    assert len(set(samples)) == 48
    assert f"P(Dark) is {before:.2f} in the last group and {after:.2f} over" in found.text
    assert "as the equation says" in found.text
    assert "Do not trust" not in found.text


def test_what_the_classifier_cannot_tell_is_said():
    text = arithmetic.by_name(Plane(), Judge(), "Noise & Dark - Dark", count=200).text
    assert "Do not trust Noise: the classifier's balanced accuracy on pictures it was not trained on is 0.50" in text
    assert "Do not trust Dark" not in text


def test_a_group_that_the_generator_does_not_draw_is_said():
    judge = Judge()
    judge.logits = lambda images: np.tile([-3.0, 3.0, 0.0], (len(images), 1))
    text = arithmetic.by_name(Plane(), judge, "Dark + Flat", count=200).text
    assert "The group Dark does not fit its name: P(Dark) of its surest pictures is only 0.05." in text
    assert "The group Flat" not in text


@pytest.mark.parametrize("terms", [[29, 36], [(1, 3)], [], [(2, [3])], [(1, [])], "ab"])
def test_terms_that_are_none(terms):
    with pytest.raises(UserError, match="wanted .*, each sign 1 or -1 and each group with a number or more"):
        arithmetic.by_number(Plane(), terms)


def test_too_few_samples():
    with pytest.raises(UserError, match="--sampled=63: 3 groups of 16 and a control need 64 or more"):
        arithmetic.by_name(Plane(), Judge(), "Dark - !Dark + !Dark", count=63)


def test_the_equation_as_a_picture():
    """Each group's block, its mean below, the result in the middle of nine."""
    found = arithmetic.by_number(Plane(), [(1, (3, 17)), (-1, (5,))], seed=1)
    page = np.asarray(found.pictures["arithmetic.png"])
    z = latent.noise(17, 4, seed=1).numpy().astype(np.float64)
    total = z[[2, 16]].mean(axis=0) - z[4]
    grey = np.round((np.tanh(total) + 1) * 127.5)
    block = page[26 + 98 :, page.shape[1] - 2 * 98 :][2:98, :96]  # second row and column of the result's three
    assert np.abs(block[95, [0, 95]] - grey[2:]).max() <= 1
    assert np.abs(block[30, 95] - grey[1]) <= 1
    left = [np.round((np.tanh(z[number - 1]) + 1) * 127.5) for number in (3, 17)]
    assert np.abs(page[26 + 97, 97] - left[0][3]) <= 1
    assert np.abs(page[26 + 97, 98 + 97] - left[1][3]) <= 1
    assert found.numbers["terms"] == [{"sign": 1, "samples": [3, 17]}, {"sign": -1, "samples": [5]}]
    assert found.text.startswith("mean(3, 17) - mean(5):")
