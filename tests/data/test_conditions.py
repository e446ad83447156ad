import unicodedata

import pytest

from tfgan_series.data.conditions import Conditions
from tfgan_series.errors import UserError

DIGITS = Conditions(tuple("0123456789"))
PETS = Conditions(("cat", "2", "dog"))
FACES = Conditions(("Male", "Smiling"), exclusive=False)


def test_a_class_by_its_name_or_its_number():
    assert list(PETS.of_labels(["dog", "0", "2"])) == ["dog", "cat", "2"]  # a name is taken before a number
    assert [PETS.of_label(label).tolist() for label in ("dog", "0", "2")] == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    assert DIGITS.of_label("7").tolist() == [0, 0, 0, 0, 0, 0, 0, 1, 0, 0]


def test_attributes_alone_together_and_none():
    asked = FACES.of_labels(["Smiling", "1+0", "none", "Male"])
    assert {label: condition.tolist() for label, condition in asked.items()} == {
        "Smiling": [0, 1],
        "Smiling+Male": [1, 1],
        "none": [0, 0],
        "Male": [1, 0],
    }


def test_without_labels_those_of_a_grid():
    assert list(DIGITS.of_labels()) == list("0123456789")
    assert list(FACES.of_labels()) == ["none", "Male", "Smiling"]
    assert Conditions().of_labels() == {} == Conditions((), exclusive=False).of_labels()


def test_a_folder_of_a_mac_is_asked_for_by_its_name():
    """Its names have an accent beside the letter, what one types has it in the letter."""
    typed = "ch\u00f3"
    dogs = Conditions((unicodedata.normalize("NFD", typed), "cat"))
    assert dogs.names[0] != typed
    assert dogs.of_label(typed).tolist() == dogs.of_label(dogs.names[0]).tolist() == [1, 0]
    assert Conditions(dogs.names, exclusive=False).of_label(f"cat+{typed}").tolist() == [1, 1]


def test_a_label_is_given_once():
    with pytest.raises(UserError, match="--label=3,7,3: give each label once"):
        DIGITS.of_labels(["3", "7", "3"])


@pytest.mark.parametrize(
    ("conditions", "label", "line"),
    [
        (PETS, "cow", "--label=cow: there is no 'cow'; choose one of cat, 2, dog$"),
        (PETS, "3", "--label=3: there is no '3'"),
        (PETS, "-1", "--label=-1: there is no '-1'"),
        (PETS, "none", "there is no 'none'"),
        (PETS, "cat+dog", r"--label=cat\+dog: there is no 'cat\+dog'"),
        (FACES, "Male+Hat", r"--label=Male\+Hat: there is no 'Hat'; choose one of none, Male, Smiling, or several joined by \+$"),
    ],
)
def test_a_label_that_does_not_exist(conditions, label, line):
    with pytest.raises(UserError, match=line):
        conditions.of_label(label)
