import dataclasses

import pytest
from absl import flags

from tfgan_series import networks, series
from tfgan_series.data.conditions import Conditions
from tfgan_series.errors import UserError
from tfgan_series.inference import input_shapes


@pytest.mark.parametrize("name", series.MODELS)
def test_an_entry_is_true_to_its_networks(name):
    """Each network belongs to exactly one player. The saved networks take as input what the model draws from."""
    model = series.MODELS[name]
    image_type = next(kind for kind, other in series.pairs() if other == name)
    built = networks.build(series.resolve(image_type, name, image_size=16, base_filters=2))
    assert sorted(built) == sorted(network for networks in model.players.values() for network in networks)
    assert set(model.players) == {"generator", "discriminator"}
    for network in model.saved:
        assert len(input_shapes(built[network])[0]) == {"noise": 2, "pictures": 4}[model.draws_from]
    for part in ("make_step", "make_look"):
        assert callable(getattr(model.load_algorithm(), part))


def test_a_record_of_other_settings():
    record = series.values(series.resolve("mnist", epochs=3))
    before_there_was_a_setting = {name: value for name, value in record.items() if name != "g_slope"}
    assert series.from_dict(before_there_was_a_setting) == series.resolve("mnist", epochs=3)
    del record["epochs"]
    with pytest.raises(ValueError, match="its settings are others: epochs, old_setting"):
        series.from_dict({**record, "old_setting": 1})


def test_what_the_pictures_can_be_asked_for(digits):
    classes = tuple("0123456789")
    by_class = series.resolve("digits", "cdcgan").fitted(digits[1])
    assert by_class.conditions == Conditions(classes)
    assert series.from_dict(series.values(by_class)) == by_class.fitted(digits[1])
    faces = dataclasses.replace(digits[1], attribute_names=("Male", "Smiling"), class_names=())
    by_attribute = series.resolve("img_align_celeba", "cgan", condition=["Smiling"]).fitted(faces)
    assert by_attribute.conditions == Conditions(("Smiling",), exclusive=False)
    assert series.resolve("digits").fitted(digits[1]).conditions == Conditions()
    assert series.changes(by_class) == {}  # the classes are the records'
    assert series.changes(by_attribute) == {"condition": ("Smiling",)}


@pytest.mark.parametrize(
    ("known", "given", "line"),
    [
        ({"class_names": ()}, {}, "--model=cgan needs two classes or more, and .* has 0: choose another --model"),
        ({"class_names": ("face",), "attribute_names": ("Male", "Hat")}, {}, "has 1: give --condition with some of Male, Hat"),
        ({}, {"condition": ("Male",)}, "--condition=Male: .* has no attributes: leave --condition out"),
        ({"attribute_names": ("Male", "Hat")}, {"condition": ("Hat", "Man")}, "has no attribute 'Man'; choose from Male, Hat"),
        ({"attribute_names": ("Male", "Hat")}, {"condition": ("Hat", "Hat")}, "--condition=Hat,Hat: give each attribute once"),
        ({}, {"classes": ("cat",)}, "--classes=cat: .* has 0, 1, .*: leave --classes out"),
    ],
)
def test_records_that_do_not_fit_a_condition(digits, known, given, line):
    with pytest.raises(UserError, match=line):
        series.resolve("digits", "cgan", **given).fitted(dataclasses.replace(digits[1], **known))


def test_a_flagfile_keeps_a_class_whose_name_has_a_comma():
    asked = series.resolve("folder", "cgan", classes=("cat, black", "dog"))
    (line,) = [line for line in series.flag_lines(asked) if line.startswith("--classes=")]
    assert flags.ListParser().parse(line.removeprefix("--classes=")) == ["cat, black", "dog"]
