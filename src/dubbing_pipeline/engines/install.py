"""Puts models where engines look for them: from the hub, or from what a person brings.

A model is put together under a temporary name and appears whole. What is already there is never
overwritten.
"""

import errno
import fcntl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from dubbing_pipeline.engines.apertium_pairs import data_folder, installed_modes
from dubbing_pipeline.engines.archive import take_files
from dubbing_pipeline.engines.base import Pair, Tick
from dubbing_pipeline.engines.catalogue import PinnedModel, pinned_models
from dubbing_pipeline.engines.download import Source, check_content, download
from dubbing_pipeline.engines.hashes import file_sha256
from dubbing_pipeline.engines.languages import primary_subtag
from dubbing_pipeline.engines.packages import install_command, packages_for
from dubbing_pipeline.engines.program import find_program
from dubbing_pipeline.engines.settings import PACKAGES_FIX, EngineSettings
from dubbing_pipeline.engines.weights import WHISPER_MODELS
from dubbing_pipeline.errors import (
    EngineMissing,
    InputRefused,
    NotFoundError,
    OutOfSpace,
    RefusedError,
)
from dubbing_pipeline.utils.clock import Clock, SystemClock
from dubbing_pipeline.utils.files import free_bytes, rename_new, sync_folder

_WHISPER_FILES = ("config.json", "model.bin", "tokenizer.json")
_VOCABULARIES = ("vocabulary.txt", "vocabulary.json")
_PREPROCESSOR = "preprocessor_config.json"
_BY_HAND = {
    "piper": PACKAGES_FIX,
    "espeak": "sudo apt-get install espeak-ng",
    "apertium": "sudo apt-get install apertium apertium-eng-spa",
    "whisper-tiny.en": PACKAGES_FIX,
}


@dataclass(frozen=True, slots=True)
class Installed:
    """What is there now. ``pinned`` says whether its hash was known beforehand."""

    path: Path
    sha256: str
    pinned: bool
    was_there: bool = False


class Installer:
    """Installs models by name for one installation."""

    def __init__(self, settings: EngineSettings, *, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    def install(self, name: str, *, from_file: Path | None = None, tick: Tick) -> Installed:
        """Bring a model here.

        Args:
            name: As the inventory names it, for instance ``whisper-small`` or ``piper-es``.
            from_file: Folder or archive to take it from; without, the hub is asked.
            tick: Progress and cancel.

        Raises:
            NotFoundError: No model has that name, or ``from_file`` is not there.
            EngineMissing: The system's package manager has to bring it; names the command.
            RefusedError: The installation is offline; something else has its place; or another
                process is installing it.
            EngineFailed: A file is not what was pinned, or the hub refuses it.
            EngineUnreachable: The hub cannot be reached; what came so far is kept.
            OutOfSpace: The disk is full; what came so far is kept.
            InputRefused: ``from_file`` lacks files, or is not readable.
        """
        model = pinned_models().get(name)
        if model is None:
            return self._unpinned(name, from_file)
        target = self._target(name, model)
        if self._is_there(target, model):
            return Installed(target, model.weights.sha256, pinned=True, was_there=True)
        if from_file is None and self._settings.offline:
            raise RefusedError("engines.offline_install", name=name)
        with self._staging(name) as staging:
            if from_file is None:
                self._fetch(model, staging, tick)
            else:
                _take(model, from_file, staging)
            self._place(model, staging, target)
        tick(1.0)
        return Installed(target, model.weights.sha256, pinned=True)

    def _target(self, name: str, model: PinnedModel) -> Path:
        """Name the folder of a recogniser, or the model file of a voice."""
        if model.kind == "whisper":
            return self._settings.models_dir / name
        return self._settings.models_dir / "piper" / model.weights.name

    def _is_there(self, target: Path, model: PinnedModel) -> bool:
        if not target.exists():
            return False
        folder = target if model.kind == "whisper" else target.parent
        for file in model.files:
            path = folder / file.name
            if not path.is_file() or file_sha256(path) != file.sha256:
                raise RefusedError("engines.place_taken", path=str(path))
        return True

    def _fetch(self, model: PinnedModel, staging: Path, tick: Tick) -> None:
        before = 0
        for file in model.files:
            source = Source(model.url(file, self._settings.hub_url), file)
            on_bytes = partial(_tell, tick, before, model.size)
            download(source, staging / file.name, clock=self._clock, on_bytes=on_bytes)
            before += file.size

    @contextmanager
    def _staging(self, name: str) -> Iterator[Path]:
        """Give a folder of our own; what a failure leaves in it, the next try goes on with."""
        self._settings.models_dir.mkdir(parents=True, exist_ok=True)
        staging = self._settings.models_dir / f".{name}.part"
        staging.mkdir(exist_ok=True)
        with (self._settings.models_dir / f".{name}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise RefusedError("engines.install_running", name=name) from error
            try:
                yield staging
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
                folder = self._settings.models_dir
                raise OutOfSpace(
                    "utils.disk_full", folder=str(folder), free=free_bytes(folder)
                ) from error
            finally:
                _remove_if_empty(staging)
                Path(lock.name).unlink()

    def _place(self, model: PinnedModel, staging: Path, target: Path) -> None:
        if model.kind == "whisper":
            _only(staging, [file.name for file in model.files])
            rename_new(staging, target)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            for file in sorted(model.files, key=lambda file: file.size):
                (staging / file.name).replace(target.parent / file.name)
            _only(staging, ())
        sync_folder(target.parent)

    def _unpinned(self, name: str, from_file: Path | None) -> Installed:
        """Install a recogniser whose hash nobody has told us, as far as a person brings it."""
        _refuse_by_hand(name)
        model = name.removeprefix("whisper-")
        if model == name or model not in WHISPER_MODELS:
            known = [*pinned_models(), *_BY_HAND, "apertium-LANG-LANG"]
            raise NotFoundError("engines.no_such_model", name=name, known=" ".join(sorted(known)))
        if from_file is None:
            raise EngineMissing(
                "engines.not_pinned",
                name=name,
                fix=f"dub engines install {name} --from-file FOLDER_OR_ARCHIVE",
            )
        target = self._settings.models_dir / name
        if target.exists():
            raise RefusedError("engines.place_taken", path=str(target))
        wanted = [*_WHISPER_FILES, *_VOCABULARIES, _PREPROCESSOR]
        with self._staging(name) as staging:
            found = take_files(from_file, dict.fromkeys(wanted), staging)
            missing = {*_WHISPER_FILES, _VOCABULARIES[0]} - found - set(_VOCABULARIES)
            if missing or not found & set(_VOCABULARIES):
                raise _incomplete(from_file, missing or {_VOCABULARIES[0]})
            _only(staging, found)
            rename_new(staging, target)
            sync_folder(target.parent)
        return Installed(target, file_sha256(target / "model.bin"), pinned=False)


def may_fetch(settings: EngineSettings, name: str) -> bool:
    """Tell whether an engine may fetch a model by itself, at its first use."""
    return settings.allow_downloads and not settings.offline and name in pinned_models()


def fetcher(settings: EngineSettings, name: str) -> Callable[[Tick], Installed]:
    """Give the call that fetches a model."""
    installer = Installer(settings, clock=SystemClock())
    return lambda tick: installer.install(name, tick=tick)


def _tell(tick: Tick, before: int, total: int, here: int) -> None:
    tick(min((before + here) / total, 1.0))


def _take(model: PinnedModel, origin: Path, staging: Path) -> None:
    wanted = {file.name: file.size for file in model.files}
    missing = set(wanted) - take_files(origin, wanted, staging)
    if missing:
        raise _incomplete(origin, missing)
    for file in model.files:
        check_content(staging / file.name, file, origin=str(origin))


def _incomplete(origin: Path, missing: set[str]) -> InputRefused:
    return InputRefused(
        "engines.archive_incomplete", path=str(origin), missing=" ".join(sorted(missing))
    )


def _only(folder: Path, names: Iterable[str]) -> None:
    """Remove what an earlier try with other files left."""
    wanted = set(names)
    for path in folder.iterdir():
        if path.name not in wanted:
            path.unlink()


def _remove_if_empty(folder: Path) -> None:
    if folder.exists() and not any(folder.iterdir()):
        folder.rmdir()


def _pairs_here() -> tuple[Pair, ...]:
    program = find_program("apertium")
    return tuple(installed_modes(data_folder(program))) if program else ()


def _refuse_by_hand(name: str) -> None:
    """Name the command for what the package manager or our setup has to bring.

    Raises:
        EngineMissing: It is such a thing.
    """
    command = _BY_HAND.get(name)
    if command is None and name.startswith("apertium-"):
        codes = name.removeprefix("apertium-").split("-")
        if len(codes) == len(("source", "target")):
            pair = (primary_subtag(codes[0]), primary_subtag(codes[1]))
            packages = packages_for(pair, _pairs_here()) or packages_for(pair)
            if not packages:
                raise NotFoundError("engines.no_package_for_pair", source=codes[0], target=codes[1])
            command = install_command(packages)
    if command is not None:
        raise EngineMissing("engines.install_by_hand", name=name, fix=command)
