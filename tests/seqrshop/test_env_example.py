""".env.example lists the settings that the code reads."""

import re

from django.conf import settings

from seqrshop.deployment import SETTING_NAMES

EXAMPLE = (settings.BASE_DIR / ".env.example").read_text()
# Each setting's comment: the lines right above it.
COMMENTS = {
    name: comment
    for comment, name in re.findall(r"((?:^# .+\n)+)([A-Z_]+)=", EXAMPLE, re.MULTILINE)
}


def test_env_example_lists_exactly_the_settings_that_are_read() -> None:
    names = re.findall(r"^([A-Z_]+)=", EXAMPLE, re.MULTILINE)

    assert sorted(names) == sorted(SETTING_NAMES)


def test_each_setting_has_a_comment_above() -> None:
    unexplained = [name for name in SETTING_NAMES if len(COMMENTS.get(name, "")) < 20]

    assert unexplained == []


def test_each_duration_has_its_unit() -> None:
    durations = [name for name in SETTING_NAMES if name.endswith("_SECONDS")]

    assert [name for name in durations if "seconds" not in COMMENTS[name]] == []
    assert durations


def test_no_secret_has_a_value() -> None:
    secrets = re.findall(r"^(SECRET_KEY|ENCRYPTION_KEYS|\w+_PASSWORD)=(.*)$", EXAMPLE, re.MULTILINE)

    assert {value for _, value in secrets} == {""}
