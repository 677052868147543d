"""The page of all settings, made from the model: ``docs/settings.md``."""

from collections.abc import Iterator
from typing import Final

from dubbing_pipeline.config.field import SettingField
from dubbing_pipeline.config.settings import describe

_HEAD: Final = """\
# Settings

Made by `scripts/settings_page` from the settings model; change the model, not this page.

A setting comes from the process environment, else from the file that
`DUBBING_PIPELINE_SETTINGS_PATH` names, else from its default. An empty value counts as not set.
`dub config show` shows what is in force and where it came from; `dub config check [--file FILE]`
finds every fault at once.

The file has one `NAME=value` a line, as systemd's `EnvironmentFile=` reads it: `#` begins a
comment line, a value may stand in single or double quotes, nothing is expanded. Every name in it
must be one of those below. In the process environment that goes for every name that begins with
`DUBBING_PIPELINE_`.

A secret comes from the file that `NAME_FILE` names, else from a file in
`$CREDENTIALS_DIRECTORY` with the name in lower case, else from `NAME` itself, with a warning.
A file that holds a secret must not be readable by everybody.

Flags are written `0` or `1`, sizes in bytes or with a unit (`64GiB`), lists with commas.
"scope" is the process that reads a setting: the server (`api`), a worker, or both.
"""


def settings_page() -> str:
    """Write the page in Markdown."""
    public = [field for field in describe() if not field.secret]
    secret = [field for field in describe() if field.secret]
    return "\n".join([_HEAD, *_table(public), "", "## Secrets", "", *_table(secret), ""])


def _table(fields: list[SettingField]) -> Iterator[str]:
    yield "| name | value | default | unit | scope | since | |"
    yield "|---|---|---|---|---|---|---|"
    for field in fields:
        cells = [
            _code(field.env),
            _code(field.expects),
            _code(field.default),
            field.unit,
            field.scope,
            field.since,
            field.doc,
        ]
        yield f"| {' | '.join(cells)} |"


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|") if text else ""
