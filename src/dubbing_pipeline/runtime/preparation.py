"""What a dub is resolved into before it becomes a job: an input by content, engines by hash.

Everything that can be known now is checked now, so that a job that cannot run here is refused
with its reason instead of failing later.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dubbing_pipeline.engines.modes import EngineChoice, Need, resolve
from dubbing_pipeline.engines.registry import Registry
from dubbing_pipeline.errors import InputRefused, UsageError
from dubbing_pipeline.jobs.inputs import Input
from dubbing_pipeline.media.probe import audio_to_dub, probe
from dubbing_pipeline.media.subtitles import read_subtitles
from dubbing_pipeline.model.ports import DubRequest
from dubbing_pipeline.model.spec import DubSpec
from dubbing_pipeline.runtime.work import spec_json
from dubbing_pipeline.stages.artifacts import ArtifactStore
from dubbing_pipeline.stages.dub_folder import title_of
from dubbing_pipeline.stages.intake import content_key, take_in


@dataclass(frozen=True, slots=True)
class Film:
    """A film that is in the store now: by content, with the name it came under."""

    sha256: str
    size_bytes: int
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A job's spec, its title, and its film if that is new here."""

    spec: Mapping[str, Any]
    title: str
    film: Film | None


Prepare = Callable[[DubRequest, Input | None], Prepared]
"""Resolve a request; the input is given if the request names one by id."""


class Preparation:
    """Resolves requests with the engines and the artifact store of this machine."""

    def __init__(
        self,
        registry: Registry,
        open_artifacts: Callable[[], AbstractContextManager[ArtifactStore]],
    ) -> None:
        self._registry = registry
        self._open_artifacts = open_artifacts

    def prepare(self, request: DubRequest, known: Input | None) -> Prepared:
        """Check and resolve a request.

        Raises:
            InputRefused: The film or subtitles cannot be taken.
            EngineMissing, LanguageUnsupported, RefusedError: The mode cannot do this here.
            UsageError: Neither a film nor an input is named.
        """
        _look_early(request)
        engines = self._engines(request)
        with self._open_artifacts() as artifacts:
            film = None if known is not None else _take_film(request, artifacts)
            spec, given = _take_texts(request, artifacts)
        sha256 = known.sha256 if known is not None else film.sha256 if film else ""
        given["film"] = sha256
        title = request.title or (film.name if film else known.name if known else "")
        return Prepared(spec_json(spec, engines, given), title_of(Path(title)), film)

    def _engines(self, request: DubRequest) -> EngineChoice:
        spec = request.spec
        need = Need(
            target=spec.target_language,
            source=spec.source_language,
            transcriber=request.source_subtitles is None and spec.source_subtitles is None,
            translator=request.target_subtitles is None and spec.target_subtitles is None,
        )
        return resolve(self._registry, spec.mode, need)


def _look_early(request: DubRequest) -> None:
    """Look at named files before anything is copied: messages then name the person's files."""
    if request.film is not None:
        if not request.film.is_file():
            raise InputRefused("stages.no_such_file", path=str(request.film))
        audio_to_dub(probe(request.film.resolve()))
    elif request.input_id is None:
        raise UsageError("runtime.no_film")
    for path in (request.source_subtitles, request.target_subtitles):
        if path is not None:
            content_key(path, lambda _: None)
            read_subtitles(path.resolve())


def _take_film(request: DubRequest, artifacts: ArtifactStore) -> Film:
    if request.film is None:
        raise UsageError("runtime.no_film")
    key = take_in(request.film, artifacts, lambda _: None)
    path = artifacts.fetch(key)
    return Film(key, path.stat().st_size, request.film.name, str(path))


def _take_texts(request: DubRequest, artifacts: ArtifactStore) -> tuple[DubSpec, dict[str, str]]:
    spec = request.spec
    given = {}
    for which, path, key in (
        ("source", request.source_subtitles, spec.source_subtitles),
        ("target", request.target_subtitles, spec.target_subtitles),
    ):
        taken = key if path is None else take_in(path, artifacts, lambda _: None)
        if taken is not None:
            given[f"{which}_subtitles"] = taken
    return replace(
        spec,
        source_subtitles=given.get("source_subtitles"),
        target_subtitles=given.get("target_subtitles"),
    ), given
