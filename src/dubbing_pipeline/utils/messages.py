"""The words of errors and answers, by code and language.

The catalogues are ``locale/<language>/<room>.po``: gettext files whose ``msgid`` is a code
(``room.name``) and whose ``msgstr`` holds ``{named}`` placeholders. English is the fallback.
Reading costs some tens of milliseconds, so it is put off until the first message is wanted.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from dubbing_pipeline.errors import DubbingError, Param

FALLBACK = "en"

Params = Mapping[str, Param]


def render(
    message: DubbingError | str, params: Params | None = None, *, locale: str = FALLBACK
) -> str:
    """Put a message into words. Never raises: an unknown code is shown with its values.

    Args:
        message: An error with its own parameters, or a code.
        params: Values for a code's placeholders; an error brings its own.
        locale: A language, as ``pick_locale`` gives it.

    Returns:
        One line, and one more for each part of an error that gathers others.
    """
    if isinstance(message, DubbingError):
        head = _fill(message.code, message.params, locale)
        return "\n".join([head, *(render(part, locale=locale) for part in message.parts)])
    return _fill(message, params or {}, locale)


def locales() -> tuple[str, ...]:
    """Name the languages that have a catalogue, English first."""
    names = {entry.name for entry in _root().iterdir() if entry.is_dir()}
    return (FALLBACK, *sorted(names - {FALLBACK, "__pycache__"}))


def catalogue(locale: str) -> Mapping[str, str]:
    """Give all messages of one language: code to text."""
    return _read(locale)


def pick_locale(environ: Mapping[str, str]) -> str:
    """Choose the language a terminal asks for, as gettext does.

    ``LC_ALL``, ``LC_MESSAGES`` and ``LANG`` name the locale, the first one that is set; unless
    that is ``C``, the list in ``LANGUAGE`` comes before it. The first language that we have wins.
    """
    named = next(
        (environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), ""
    )
    wanted = [named]
    if _language(named) not in {"", "c", "posix"}:
        wanted = [*environ.get("LANGUAGE", "").split(":"), named]
    known = locales()
    return next((_language(name) for name in wanted if _language(name) in known), FALLBACK)


def _language(name: str) -> str:
    return name.partition(".")[0].partition("@")[0].partition("_")[0].lower()


def _fill(code: str, params: Params, locale: str) -> str:
    text = _read(locale).get(code) or _read(FALLBACK).get(code)
    if text is None:
        return _bare(code, params)
    try:
        return text.format_map(params)
    except (KeyError, ValueError, IndexError):
        return _bare(code, params)


def _bare(code: str, params: Params) -> str:
    return " ".join([code, *(f"{name}={value!r}" for name, value in params.items())])


@cache
def _read(locale: str) -> Mapping[str, str]:
    return dict(_entries(locale))


def _entries(locale: str) -> Iterator[tuple[str, str]]:
    from babel.messages.pofile import read_po  # noqa: PLC0415 - costs 45 ms, wanted by few calls

    folder = _root() / locale
    for entry in folder.iterdir() if folder.is_dir() else ():
        if entry.name.endswith(".po"):
            with entry.open("rb") as stream:
                for message in read_po(stream, locale=locale, abort_invalid=True):
                    if message.id:
                        yield str(message.id), str(message.string)


def _root() -> Traversable:
    return files("dubbing_pipeline") / "locale"
