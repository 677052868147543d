"""Every sample there is: a name, what it is for, and how it differs from a plain film."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from samples.film import Container
from samples.picture import Picture

Treatment = Literal["plain", "noisy", "surround", "music", "mute"]

GLOSSARY = {"library": "mediateca", "book": "tomo", "books": "tomos"}


_SMALL = Picture()
_HD = Picture(1280, 720)
_PHONE = Picture(960, 540, rate_hz=30, turned=90, uneven=True)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one sample is made.

    ``dialogue`` names a file of ``texts/``, "" if nobody speaks. ``duration_ms`` 0 is as long
    as the talk needs. ``picture`` None is sound alone.
    """

    name: str
    about: str
    dialogue: str = "short"
    duration_ms: int = 0
    language: str = "en"
    treatment: Treatment = "plain"
    container: Container = "mp4"
    picture: Picture | None = _SMALL
    tag_language: bool = True
    embed_subtitles: bool = False
    subtitle_files: bool = False
    glossary: Mapping[str, str] = field(default_factory=dict)
    file_names: tuple[str, ...] = ()


NAMES = (
    "  two  spaces .mp4",
    'it\'s "quoted" `twice`.mp4',
    "-dash first.mp4",
    "--help.mp4",
    "фильм 電影 فيلم.mp4",
    "cafe\u0301 caf\u00e9.mp4",
    "50% [off] {x} $HOME *?; & | #1.mp4",
    "two\nlines.mp4",
    "back\\slash : colon.mp4",
    "no ending",
    "n" * 200 + ".mp4",
)
"""File names that break programs; each is the same short film."""

RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "clean",
            "two speakers, 27 s, quiet room",
            "clean",
            27_000,
            picture=_HD,
            glossary=GLOSSARY,
        ),
        Recipe(
            "noisy",
            "the same under music and noise 10 dB below",
            "clean",
            27_000,
            treatment="noisy",
            picture=_HD,
            glossary=GLOSSARY,
        ),
        Recipe(
            "long",
            "ten minutes, three speakers, music between scenes",
            "long",
            600_000,
            picture=_HD,
        ),
        Recipe("three", "three voices, 15 lines", "three"),
        Recipe("overlap", "two speakers who interrupt each other", "overlap"),
        Recipe("silences", "six lines, silences of 8 to 18 s", "silences"),
        Recipe(
            "spanish",
            "Spanish speech, with subtitle files",
            "spanish",
            language="es",
            subtitle_files=True,
        ),
        Recipe("german", "German speech", "german", language="de"),
        Recipe("music", "music, nobody speaks", "", 12_000, treatment="music", tag_language=False),
        Recipe("mute", "no sound stream", "", 5_000, treatment="mute"),
        Recipe(
            "portrait",
            "phone video: turned by 90 degrees, variable frame rate",
            "portrait",
            picture=_PHONE,
            tag_language=False,
        ),
        Recipe("surround", "5.1 sound, speech in the centre", treatment="surround"),
        Recipe("hevc", "H.265 picture in MP4", picture=Picture(codec="hevc")),
        Recipe(
            "mkv",
            "Matroska: H.264, AC-3, embedded subtitles",
            container="mkv",
            embed_subtitles=True,
        ),
        Recipe("webm", "WebM: VP9, Opus", container="webm", picture=Picture(codec="vp9")),
        Recipe("mov", "QuickTime: H.264, PCM", container="mov"),
        Recipe("mp3", "sound alone, MP3", container="mp3", picture=None, tag_language=False),
        Recipe("names", "one film under names that break programs", file_names=NAMES),
    )
}
