"""Equations of attributes: "Eyeglasses & Male - !Eyeglasses & Male + !Eyeglasses & !Male"."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from tfgan_series.errors import UserError

_TOKEN = re.compile(r"\s*([A-Za-z0-9_]+|\S|$)")


@dataclass(frozen=True)
class Factor:
    """An attribute that a picture must have, or must not have if `wanted` is False. place: the position of its name in the
    equation; the first character is at 1."""

    name: str
    wanted: bool
    place: int

    def __str__(self) -> str:
        return f"{'' if self.wanted else '!'}{self.name}"


@dataclass(frozen=True)
class Term:
    """sign: 1 or -1. factors: the attributes that all pictures of the group must have or must not have."""

    sign: int
    factors: tuple[Factor, ...]

    def __str__(self) -> str:
        return " & ".join(map(str, self.factors))


def parse(text: str) -> list[Term]:
    """The terms of an equation. It has names, ! for not, & for and, and + or - between terms. It may also begin with + or -.

    Raises UserError, which points at the first character that does not fit.
    """
    tokens = [(match[1], match.start(1) + 1) for match in _TOKEN.finditer(text)]
    terms, sign = [], 1
    if tokens[0][0] in ("+", "-"):
        sign = -1 if tokens.pop(0)[0] == "-" else 1
    while True:
        factors = [_factor(tokens, text)]
        while tokens[0][0] == "&":
            tokens.pop(0)
            factors.append(_factor(tokens, text))
        terms.append(Term(sign, tuple(factors)))
        token, place = tokens.pop(0)
        if not token:
            return terms
        if token not in ("+", "-"):
            raise _wrong(text, place, f"wanted + or - or &, found {token!r}")
        sign = -1 if token == "-" else 1


def _factor(tokens: list[tuple[str, int]], text: str) -> Factor:
    """Take one factor from the front of the tokens."""
    wanted = True
    token, place = tokens.pop(0)
    while token == "!":
        wanted = not wanted
        token, place = tokens.pop(0)
    if not re.fullmatch("[A-Za-z0-9_]+", token):
        raise _wrong(text, place, f"wanted an attribute, found {repr(token) if token else 'the end'}")
    return Factor(token, wanted, place)


def known(terms: Sequence[Term], text: str, names: Sequence[str]) -> list[Term]:
    """The terms with their attributes spelled as in `names`. Case does not matter.

    Raises UserError for a name that is not among them, and for a term that contradicts itself.
    """
    spelled = {name.lower(): name for name in names}

    def spell(factor: Factor) -> Factor:
        if factor.name.lower() not in spelled:
            near = difflib.get_close_matches(factor.name.lower(), spelled, n=3)
            choices = " or ".join(spelled[name] for name in near) if near else f"one of {', '.join(names)}"
            raise _wrong(text, factor.place, f"{factor.name!r} is no attribute of these records; choose {choices}")
        return Factor(spelled[factor.name.lower()], factor.wanted, factor.place)

    terms = [Term(term.sign, tuple(map(spell, term.factors))) for term in terms]
    for factors in (term.factors for term in terms):
        for factor in factors:
            if any((other.name, other.wanted) == (factor.name, not factor.wanted) for other in factors):
                raise _wrong(text, factor.place, f"no picture fits both {factor.name} and !{factor.name}")
    return terms


def predicted(terms: Sequence[Term]) -> dict[str, bool]:
    """The sum of the terms for each attribute that all of them name: {name: True or False}.

    Eyeglasses - !Eyeglasses + !Eyeglasses is 1 - 0 + 0, so True. A name whose sum is neither 1 nor 0 is left out.
    """
    tables = [{factor.name: factor.wanted for factor in term.factors} for term in terms]
    shared = [name for name in tables[0] if all(name in table for table in tables)]
    sums = {name: sum(term.sign * table[name] for term, table in zip(terms, tables, strict=True)) for name in shared}
    return {name: bool(total) for name, total in sums.items() if total in (0, 1)}


def _wrong(text: str, place: int, what: str) -> UserError:
    return UserError(f"--equation={text!r}, at character {place}: {what}")
