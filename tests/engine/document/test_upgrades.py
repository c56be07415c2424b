import pytest

from engine.document.json_values import FrozenMapping
from engine.document.upgrades import STEPS, name_newest_format, upgrade_content
from engine.errors import DocumentError, UnknownFormatError


def rename_title(content):
    return FrozenMapping({("name" if key == "title" else key): value for key, value in content.items()})


def double_name(content):
    return FrozenMapping({**content, "name": content["name"] * 2})


STEPS_OF_TOMORROW = (rename_title, double_name)


@pytest.mark.parametrize(
    ("content", "result"),
    [
        ({"format": "weightloom/1", "title": "x", "odd": 1}, {"format": "weightloom/3", "name": "xx", "odd": 1}),
        ({"format": "weightloom/2", "name": "x"}, {"format": "weightloom/3", "name": "xx"}),
        ({"format": "weightloom/3", "name": "x"}, {"format": "weightloom/3", "name": "x"}),
    ],
)
def test_a_file_climbs_from_its_own_rung_to_the_newest(content, result):
    assert upgrade_content(content, STEPS_OF_TOMORROW) == result


def test_a_file_beyond_the_ladder_is_refused_with_both_formats():
    with pytest.raises(UnknownFormatError, match=r"weightloom/4.*weightloom/3"):
        upgrade_content({"format": "weightloom/4"}, STEPS_OF_TOMORROW)


def test_a_file_without_a_format_is_refused():
    with pytest.raises(DocumentError) as caught:
        upgrade_content({}, STEPS_OF_TOMORROW)
    assert "which format" in caught.value.fact
    assert caught.value.remedy == 'Choose a .loom file; one begins with "format": "weightloom/3".'


def test_the_newest_format_is_the_end_of_the_ladder():
    assert name_newest_format(STEPS_OF_TOMORROW) == "weightloom/3"
    assert name_newest_format() == f"weightloom/{len(STEPS) + 1}"
