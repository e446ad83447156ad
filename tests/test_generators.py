import keras
import pytest

from tfgan_series.errors import UserError
from tfgan_series.generators import load_generator


def test_generators_that_cannot_be_read(trained, tmp_path):
    for name, told in (("generator.keras", "is not there: tfgan train writes it"), ("other.keras", "is not there$")):
        with pytest.raises(UserError, match=told):
            load_generator(tmp_path / name)
    with pytest.raises(UserError, match=r"digits is not a run \(no experiment.json\): train one with tfgan train"):
        load_generator(tmp_path / "digits")
    for damage in (b"no model", (trained / "generator.keras").read_bytes()[:3000]):
        (tmp_path / "generator.keras").write_bytes(damage)
        with pytest.raises(UserError, match="cannot be read as a Keras model") as error:
            load_generator(tmp_path / "generator.keras")
        assert "\n" not in str(error.value)


def test_a_generator_with_code_in_it_is_refused(tmp_path):
    """A Lambda layer is a Python function, stored in the file."""
    noise = keras.Input((2,))
    written = tmp_path / "written"
    name = str(written)
    code = keras.layers.Lambda(lambda z: (open(name, "w").close(), z)[1], output_shape=(2,))
    keras.Model(noise, code(noise)).save(tmp_path / "generator.keras")
    written.unlink(missing_ok=True)
    with pytest.raises(UserError, match="generator.keras cannot be read as a Keras model") as error:
        load_generator(tmp_path / "generator.keras")
    assert "\n" not in str(error.value)
    assert not written.exists()
