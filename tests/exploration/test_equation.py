import re

import pytest

from tfgan_series.errors import UserError
from tfgan_series.exploration import equation


def shown(text):
    return [(term.sign, str(term)) for term in equation.parse(text)]


def test_the_issues_own_equation():
    terms = equation.parse("Eyeglasses & Male - !Eyeglasses & Male + !Eyeglasses & !Male")
    assert [term.sign for term in terms] == [1, -1, 1]
    wanted = [[(factor.name, factor.wanted) for factor in term.factors] for term in terms]
    assert wanted == [
        [("Eyeglasses", True), ("Male", True)],
        [("Eyeglasses", False), ("Male", True)],
        [("Eyeglasses", False), ("Male", False)],
    ]


def test_spaces_signs_and_digits():
    assert shown("-A+ !5_o_Clock&B  ") == [(-1, "A"), (1, "!5_o_Clock & B")]
    assert shown("!!A") == [(1, "A")]


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("", 1, "wanted an attribute, found the end"),
        ("A & ", 5, "wanted an attribute, found the end"),
        ("A B", 3, "wanted + or - or &, found 'B'"),
        ("A + + B", 5, "wanted an attribute, found '+'"),
        ("A - (B)", 5, "wanted an attribute, found '('"),
        ("A = B", 3, "wanted + or - or &, found '='"),
        ("A + !", 6, "wanted an attribute, found the end"),
    ],
)
def test_the_first_character_that_does_not_fit_is_pointed_at(text, place, what):
    with pytest.raises(UserError, match=re.escape(f"at character {place}: {what}")):
        equation.parse(text)


def test_attributes_are_spelled_as_the_records_spell_them():
    text = "eyeglasses - MALE"
    assert [str(term) for term in equation.known(equation.parse(text), text, ("Male", "Eyeglasses"))] == ["Eyeglasses", "Male"]


def test_an_unknown_attribute_is_named_with_those_near_it():
    text = "Male + Eyeglases"
    with pytest.raises(UserError, match="at character 8: 'Eyeglases' is no attribute of these records; choose Eyeglasses$"):
        equation.known(equation.parse(text), text, ("Male", "Eyeglasses", "Young"))
    with pytest.raises(UserError, match="choose one of Male, Young"):
        equation.known(equation.parse("xyz"), "xyz", ("Male", "Young"))


def test_a_term_that_contradicts_itself():
    text = "Male + Young & !young"
    with pytest.raises(UserError, match="at character 8: no picture fits both Young and !Young"):
        equation.known(equation.parse(text), text, ("Male", "Young"))


@pytest.mark.parametrize(
    ("text", "sums"),
    [
        ("A & B - !A & B + !A & !B", {"A": True, "B": False}),
        ("A - !A + !A", {"A": True}),
        ("A + A", {}),  # 2 pictures' worth of A
        ("A & B - A", {"A": False}),  # B is not in every term
    ],
)
def test_what_an_equation_predicts(text, sums):
    assert equation.predicted(equation.parse(text)) == sums
