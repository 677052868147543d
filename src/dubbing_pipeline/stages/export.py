"""Put the dub beside the original: one file with everything, one a language for the player.

The picture is copied bit by bit wherever the container can hold it; only the player's files have
it encoded anew, and only if browsers could not show it. The original sound is always kept.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from babel import Locale, UnknownLocaleError

from dubbing_pipeline.media.captions import srt_text, vtt_text
from dubbing_pipeline.media.containers import (
    IMAGE_SUBTITLE_CODECS,
    MP4_AUDIO,
    Container,
    choose_container,
    is_web_safe,
)
from dubbing_pipeline.media.cues import Cue
from dubbing_pipeline.media.ffmpeg import MediaInput, MediaOutput, bit_exact, clock_holders, convert
from dubbing_pipeline.media.languages import file_tag
from dubbing_pipeline.media.probe import audio_to_dub, probe
from dubbing_pipeline.media.streams import MediaInfo
from dubbing_pipeline.model.speech import Timeline
from dubbing_pipeline.stages.artifacts import put_text
from dubbing_pipeline.stages.base import StageContext
from dubbing_pipeline.stages.call import Keys, StageCall, digest
from dubbing_pipeline.stages.documents import read_timeline

_SOUND = ("-c:a", "aac", "-aac_coder", "fast", "-b:a", "256k", "-ac", "2")
"""Measured on ten minutes: half the time of the default coder at 192k, and less noise below 8 kHz."""
_PICTURE = (
    *("-c:v", "libx264", "-preset", "veryfast", "-crf", "21", "-pix_fmt", "yuv420p"),
    # H.264 in 4:2:0 has no odd sides
    *("-vf", "scale=trunc(iw/2)*2:trunc(ih/2)*2"),
)
_ENCODING_PACE = 30.0
"""Seconds that encoding a second of film may take: a large one on a small machine is slow."""

_MUXERS: dict[Container, str] = {"mp4": "mp4", "m4a": "mp4", "mkv": "matroska"}
_AT_ONCE = ("-movflags", "+faststart")

MADE_BY_MACHINE = "AI dubbed"
"""Stands in the file's comment and in the track's title, so that nobody takes it for human."""


class Export:
    """``film``, ``dub`` and ``timeline`` to files.

    Makes ``film`` (all tracks), ``player_dub`` and ``player_original`` (MP4 or M4A that starts
    at once), ``target_srt``, ``target_vtt``, ``source_srt``, ``source_vtt``.
    """

    name: ClassVar[str] = "export"
    version: ClassVar[int] = 1

    def run(self, call: StageCall, context: StageContext) -> Keys:
        film = context.artifacts.fetch(call.inputs["film"])
        timeline = read_timeline(context.artifacts.fetch(call.inputs["timeline"]))
        bench = Bench(call, context, film, probe(film), timeline)
        texts = bench.subtitles()
        dub = bench.encode_dub()
        picture = bench.player_picture()
        return {
            **texts,
            "film": bench.film(dub, texts),
            "player_dub": bench.player_dub(picture, dub),
            "player_original": bench.player_original(picture),
        }


@dataclass(frozen=True, slots=True)
class Bench:
    """One film at the muxer: everything the export's steps share."""

    call: StageCall
    context: StageContext
    film_path: Path
    info: MediaInfo
    timeline: Timeline

    def subtitles(self) -> dict[str, str]:
        """Write what is said, in both languages and both forms."""
        source, target = source_cues(self.timeline), target_cues(self.timeline)
        texts = {
            "source_srt": srt_text(source),
            "source_vtt": vtt_text(source),
            "target_srt": srt_text(target),
            "target_vtt": vtt_text(target),
        }
        store = self.context.artifacts
        return {role: put_text(store, self.call.key(role), text) for role, text in texts.items()}

    def encode_dub(self) -> Path:
        """Encode the dub once, for the download and the player."""
        dub = self.context.artifacts.fetch(self.call.inputs["dub"])
        key = self.call.key("sound")
        if self.context.artifacts.has(key):
            return self.context.artifacts.fetch(key)
        target = self._scratch()
        output = MediaOutput(target, "mp4", (*_SOUND, *bit_exact()))
        self._convert([MediaInput(dub, demuxer="flac")], output, share=(0.0, 0.4))
        return self.context.artifacts.put(key, target)

    def player_picture(self) -> MediaInput | None:
        """Give the picture as browsers show it: the film's own, or an encoded copy."""
        picture = self.info.picture
        if picture is None or is_web_safe(picture):
            return None
        # of the film alone: a changed line does not encode its picture again
        key = digest({"picture": self.call.inputs["film"], "as": _PICTURE})
        if not self.context.artifacts.has(key):
            target = self._scratch()
            options = ("-map", f"0:{picture.index}", "-an", "-sn", "-dn", *_PICTURE, *bit_exact())
            output = MediaOutput(target, "mp4", options)
            film = [MediaInput(self.film_path)]
            self._convert(film, output, share=(0.4, 0.8), pace=_ENCODING_PACE)
            self.context.artifacts.put(key, target)
        # Alone in its file, the picture begins at 0 for ffmpeg, whenever it does in the film.
        late = ("-itsoffset", f"{picture.start_ms}ms") if picture.start_ms else ()
        return MediaInput(self.context.artifacts.fetch(key), late)

    def film(self, dub: Path, texts: Keys) -> str:
        """Write the download: picture, dub, every original sound track, subtitles."""
        store = self.context.artifacts
        container = choose_container(self.info)
        inputs = [
            MediaInput(self.film_path),
            MediaInput(dub),
            MediaInput(store.fetch(texts["target_srt"]), demuxer="srt"),
            MediaInput(store.fetch(texts["source_srt"]), demuxer="srt"),
        ]
        options = (
            *_tracks(self.info, self.timeline, container),
            *bit_exact(),
            *("-metadata", f"comment={MADE_BY_MACHINE}"),
            *(_AT_ONCE if container != "mkv" else ()),
        )
        target = self._scratch()
        self._convert(inputs, MediaOutput(target, _MUXERS[container], options), share=(0.8, 0.9))
        return self._put("film", target)

    def player_dub(self, picture: MediaInput | None, dub: Path) -> str:
        inputs = [picture or MediaInput(self.film_path), MediaInput(dub)]
        language = self.timeline.target_language
        options = (*self._player_picture_map(picture), "-map", "1:a:0", "-c:a", "copy")
        return self._player("player_dub", inputs, options, language, share=(0.9, 0.95))

    def player_original(self, picture: MediaInput | None) -> str:
        inputs = [picture or MediaInput(self.film_path), MediaInput(self.film_path)]
        sound = audio_to_dub(self.info, self.call.params["source"])
        codec = ("-c:a", "copy") if sound.codec == "aac" else _SOUND
        options = (*self._player_picture_map(picture), "-map", f"1:{sound.index}", *codec)
        language = self.timeline.source_language
        return self._player("player_original", inputs, options, language, share=(0.95, 1.0))

    def _player_picture_map(self, picture: MediaInput | None) -> tuple[str, ...]:
        if self.info.picture is None:
            return ()
        index = 0 if picture else self.info.picture.index
        return ("-map", f"0:{index}", "-c:v", "copy")

    def _player(
        self,
        role: str,
        inputs: list[MediaInput],
        options: tuple[str, ...],
        language: str,
        *,
        share: tuple[float, float],
    ) -> str:
        target = self._scratch()
        tags = ("-metadata:s:a:0", f"language={file_tag(language)}")
        output = MediaOutput(
            target, "mp4", (*options, *bit_exact(), *tags, "-sn", "-dn", *_AT_ONCE)
        )
        self._convert(inputs, output, share=share)
        return self._put(role, target)

    def _convert(
        self,
        inputs: list[MediaInput],
        output: MediaOutput,
        *,
        share: tuple[float, float],
        pace: float = 4.0,
    ) -> None:
        begin, end = share
        films = [number for number, item in enumerate(inputs) if item.path == self.film_path]
        holders = [held for number in films for held in clock_holders(self.info, number)]
        convert(
            inputs,
            [output, *holders],
            duration_ms=self.info.duration_ms,
            tick=lambda done: self.context.tick(begin + (end - begin) * done),
            pace=pace,
        )

    def _put(self, role: str, path: Path) -> str:
        self.context.artifacts.put(self.call.key(role), path)
        return self.call.key(role)

    def _scratch(self) -> Path:
        return self.context.artifacts.scratch()


def source_cues(timeline: Timeline) -> list[Cue]:
    """Give what is said in the original; muting a line in the dub takes nothing from it."""
    return [Cue(line.start_ms, line.end_ms, line.source) for line in timeline.lines if line.source]


def target_cues(timeline: Timeline) -> list[Cue]:
    """Give what the dub says, for as long as it says it, and what lines left original mean."""
    return [
        Cue(line.start_ms, max(line.end_ms, line.fit.end_ms if line.fit else 0), line.target)
        for line in timeline.lines
        if line.target and line.audio_mode != "mute"
    ]


def _tracks(info: MediaInfo, timeline: Timeline, container: Container) -> tuple[str, ...]:
    """Say which streams go where, how, and what they are called."""
    tag = partial(file_tag, bibliographic=container == "mkv")
    maps: list[str] = []
    if info.picture is not None:
        maps += ["-map", f"0:{info.picture.index}", "-c:v", "copy"]
    maps += ["-map", "1:a:0", "-c:a:0", "copy"]
    dub = f"{_own_name(timeline.target_language)} ({MADE_BY_MACHINE})"
    maps += _names("a:0", dub, tag(timeline.target_language))
    maps += ["-disposition:a:0", "default"]
    for number, stream in enumerate(info.audio, start=1):
        codec = "copy" if container == "mkv" or stream.codec in MP4_AUDIO else "aac"
        language = stream.language or timeline.source_language
        maps += ["-map", f"0:{stream.index}", f"-c:a:{number}", codec]
        maps += _names(f"a:{number}", stream.title or _own_name(language), tag(language))
        maps += [f"-disposition:a:{number}", "0"]
    if container == "m4a":
        return tuple(maps)  # sound files carry no subtitles; they stand beside it
    return (*maps, *_subtitle_tracks(info, timeline, container))


def _subtitle_tracks(info: MediaInfo, timeline: Timeline, container: Container) -> tuple[str, ...]:
    tag = partial(file_tag, bibliographic=container == "mkv")
    text = "subrip" if container == "mkv" else "mov_text"
    maps: list[str] = []
    for number, language in enumerate((timeline.target_language, timeline.source_language)):
        maps += ["-map", f"{number + 2}:s:0", f"-c:s:{number}", text]
        maps += _names(f"s:{number}", _own_name(language), tag(language))
    for number, stream in enumerate(info.subtitles, start=2):
        kept = container == "mkv" and stream.codec in {*IMAGE_SUBTITLE_CODECS, "ass", "ssa"}
        maps += ["-map", f"0:{stream.index}", f"-c:s:{number}", "copy" if kept else text]
        maps += _names(f"s:{number}", stream.title, tag(stream.language))
    return tuple(maps)


def _names(stream: str, title: str, tag: str) -> list[str]:
    """Name a track: Matroska has titles, MP4 shows what is called the handler's name."""
    facts = (f"language={tag}", f"title={title}", f"handler_name={title}")
    return [part for fact in facts for part in (f"-metadata:s:{stream}", fact)]


def _own_name(language: str) -> str:
    """Give a language's name in that language; its code where nobody has written it down."""
    try:
        return Locale.parse(language).get_language_name() or language
    except (UnknownLocaleError, ValueError):
        return language


STAGE = Export()
