import pytest

from tfgan_series import networks, series


@pytest.mark.parametrize("name", series.MODELS)
def test_an_entry_is_true_to_its_networks(name):
    """Each network belongs to exactly one player. The saved networks take as input what the model draws from."""
    model = series.MODELS[name]
    image_type = next(kind for kind, other in series.pairs() if other == name)
    built = networks.build(series.resolve(image_type, name, image_size=16, base_filters=2))
    assert sorted(built) == sorted(network for networks in model.players.values() for network in networks)
    assert set(model.players) == {"generator", "discriminator"}
    for network in model.saved:
        assert len(built[network].input_shape) == {"noise": 2, "pictures": 4}[model.draws_from]
    for part in ("make_step", "make_look"):
        assert callable(getattr(model.load_algorithm(), part))


def test_a_record_of_other_settings():
    record = series.to_dict(series.resolve("mnist", epochs=3))
    before_there_was_a_setting = {name: value for name, value in record.items() if name != "g_slope"}
    assert series.from_dict(before_there_was_a_setting) == series.resolve("mnist", epochs=3)
    del record["epochs"]
    with pytest.raises(ValueError, match="its settings are others: epochs, old_setting"):
        series.from_dict({**record, "old_setting": 1})
