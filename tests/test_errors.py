from tfgan_series.errors import Diverged, UserError


def test_control_characters_of_names_do_not_reach_the_terminal():
    assert str(UserError("a\x1b[31m\nb\x07\x9b 马 ảnh\udcff.jpg\u3000")) == "a\\x1b[31m\\nb\\x07\\x9b 马 ảnh\udcff.jpg\u3000"
    assert str(Diverged("a\tb")) == "a\\tb"
