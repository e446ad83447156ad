import pytest

from tfgan_series.errors import UserError
from tfgan_series.series import studies


@pytest.mark.parametrize("name", studies.STUDIES)
def test_every_study_resolves(name):
    members = studies.members(studies.STUDIES[name], epochs=2)
    assert {member.epochs for member in members.values()} == {2}
    assert len(set(members.values())) == len(members)


def test_a_study_on_another_row_and_what_it_refuses():
    members = studies.members(studies.STUDIES["tips"], image_type="mnist", image_size=32)
    assert {(member.image_type, member.image_size) for member in members.values()} == {("mnist", 32)}
    with pytest.raises(UserError, match="this comparison varies --noise_dim itself: leave it out"):
        studies.members(studies.STUDIES["noise_dim"], noise_dim=7)
    assert {one.gp_weight for one in studies.members(studies.STUDIES["loss"], gp_weight=5.0).values()} == {5.0}
    with pytest.raises(UserError, match=r"varies --\w+, which gan does not have: give another --model"):
        studies.members(studies.STUDIES["tips"], image_type="mnist", model="gan")
