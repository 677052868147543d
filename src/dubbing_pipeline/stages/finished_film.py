"""Measures the rendered film: its tracks, its loudness, its length, and what of the input it kept."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from dubbing_pipeline.engines.base import Samples, Tick
from dubbing_pipeline.media.audio import SILENCE_LUFS, Loudness, decode_film, measure_loudness
from dubbing_pipeline.media.languages import primary_subtag
from dubbing_pipeline.media.packets import picture_sha256
from dubbing_pipeline.media.probe import probe
from dubbing_pipeline.media.streams import AudioStream, MediaInfo
from dubbing_pipeline.model.speech import Timeline
from dubbing_pipeline.stages.artifacts import ArtifactStore
from dubbing_pipeline.stages.listening import Spoken, alike, heard

_DUB_REACH_MS = 60
_ORIGINAL_REACH_MS = 300
"""An original track may have been encoded anew, and its codec's delay forgotten by its file."""

_ALIKE = 0.5
_ORIGINAL_MS = 60_000
"""How much of an original track is compared, from its first line on."""


@dataclass(frozen=True, slots=True)
class FilmMeasures:
    """What the film holds. Likenesses are 0 to 1, None where nobody speaks.

    ``video_bitexact`` is None where there is no picture, or where it had to be encoded anew.
    ``tracks_tagged``: the dub is the default track, and both tracks say their language.
    """

    media_ms: int
    duration_delta_ms: int
    loudness: Loudness
    dub_in_film: float | None
    original_in_film: float | None
    video_bitexact: bool | None
    tracks_tagged: bool


@dataclass(frozen=True, slots=True)
class Screening:
    """A film to be measured, beside what it was made from.

    ``stem`` and ``source`` are 16 kHz samples.
    """

    film: Path
    original: Path
    timeline: Timeline
    lines: Sequence[Spoken]
    stem: Samples
    source: Samples
    artifacts: ArtifactStore
    tick: Tick

    def measure(self) -> FilmMeasures:
        """Measure everything.

        Raises:
            InputRefused: The film is none.
            ProgramFailed: Its sound cannot be decoded.
        """
        info, before = probe(self.film), probe(self.original)
        dub = _dub_track(info, self.timeline.target_language)
        others = [track for track in info.audio if track is not dub]
        loudness, dub_in_film = self._dub(info, dub)
        return FilmMeasures(
            media_ms=before.duration_ms,
            duration_delta_ms=info.duration_ms - before.duration_ms,
            loudness=loudness,
            dub_in_film=dub_in_film,
            original_in_film=self._original(info, others),
            video_bitexact=self._bitexact(info, before),
            tracks_tagged=_tagged(dub, others, self.timeline),
        )

    def _dub(self, info: MediaInfo, dub: AudioStream | None) -> tuple[Loudness, float | None]:
        if dub is None:
            return Loudness(SILENCE_LUFS, SILENCE_LUFS, 0.0), 0.0 if self.lines else None
        with self._decoded(info, dub) as (mix, speech):
            loudness = measure_loudness(mix, duration_ms=info.duration_ms, tick=self.tick)
            if not self.lines:
                return loudness, None
            return loudness, alike(speech, self.stem, self.lines, _DUB_REACH_MS)

    def _original(self, info: MediaInfo, others: Sequence[AudioStream]) -> float | None:
        """Find the original among the tracks, by what it sounds like."""
        if not self.lines:
            return None
        until_ms = min(self.lines[0][0].start_ms + _ORIGINAL_MS, info.duration_ms)
        lines = [each for each in self.lines if each[1].start_ms < until_ms] or self.lines[:1]
        best = 0.0
        for track in others:
            with self._decoded(replace(info, duration_ms=until_ms), track) as (_, speech):
                best = max(best, alike(speech, self.source, lines, _ORIGINAL_REACH_MS))
            if best >= _ALIKE:
                break
        return best

    def _bitexact(self, info: MediaInfo, before: MediaInfo) -> bool | None:
        if info.picture is None or before.picture is None:
            return None
        if info.picture.codec != before.picture.codec:
            return None
        scratch = self.artifacts.scratch(".hash")
        hashes = {
            picture_sha256(path, each, each.picture, scratch=scratch, tick=self.tick)
            for path, each in ((self.film, info), (self.original, before))
            if each.picture is not None
        }
        return len(hashes) == 1

    @contextmanager
    def _decoded(self, info: MediaInfo, track: AudioStream) -> Iterator[tuple[Path, Samples]]:
        """Decode a track on the film's clock: a FLAC file of it, and its 16 kHz samples."""
        mix, speech = self.artifacts.scratch(".flac"), self.artifacts.scratch(".flac")
        try:
            decode_film(self.film, info, track, mix=mix, speech=speech, tick=self.tick)
            with heard(
                speech, self.artifacts, duration_ms=info.duration_ms, tick=self.tick
            ) as samples:
                yield mix, samples
        finally:
            mix.unlink(missing_ok=True)
            speech.unlink(missing_ok=True)


def _dub_track(info: MediaInfo, language: str) -> AudioStream | None:
    """Choose the track that should be the dub: by its language, else the first."""
    tagged = [track for track in info.audio if track.language == primary_subtag(language)]
    return next(iter([*tagged, *info.audio]), None)


def _tagged(dub: AudioStream | None, others: Sequence[AudioStream], timeline: Timeline) -> bool:
    return (
        dub is not None
        and dub.default
        and dub.language == primary_subtag(timeline.target_language)
        and any(track.language for track in others)
    )
