import pytest

from tfgan_series import errors


@pytest.mark.parametrize(
    ("word", "offered"), [("minst", " (did you mean mnist?)"), ("FOLDERS", " (did you mean Folder?)"), ("horses", ""), (7, "")]
)
def test_a_word_that_is_nearly_right_is_offered(word, offered):
    assert errors.nearest(word, ["mnist", "Folder", "cifar10"]) == offered
