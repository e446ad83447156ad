import pytest

from tfgan_series import errors


@pytest.mark.parametrize(
    ("word", "offered"), [("minst", " (did you mean mnist?)"), ("FOLDERS", " (did you mean Folder?)"), ("horses", ""), (7, "")]
)
def test_a_word_that_is_nearly_right_is_offered(word, offered):
    assert errors.nearest(word, ["mnist", "Folder", "cifar10"]) == offered


def test_control_characters_of_names_do_not_reach_the_terminal():
    written = errors.UserError("a\x1b[31m\nb\x07\x9b 马 ảnh\udcff.jpg\u3000")
    assert str(written) == "a\\x1b[31m\\nb\\x07\\x9b 马 ảnh\udcff.jpg\u3000"
    assert errors.Diverged("a\tb").reason == "a\\tb"
    assert str(errors.Diverged("a\tb")).startswith("the run diverged: a\\tb; ")
