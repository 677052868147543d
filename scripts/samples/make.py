"""Makes samples into a folder, each at most once."""

import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from samples.film import Parts, make_film
from samples.mixdown import Mixdown, mix
from samples.programs import versions
from samples.recipes import RECIPES, Recipe
from samples.subtitles import write_subtitles
from samples.truth import Truth, read_truth, truth_text


@dataclass(frozen=True, slots=True)
class Sample:
    """A finished sample. ``films`` has one path, but for ``names``."""

    name: str
    films: tuple[Path, ...]
    truth_path: Path

    @property
    def film(self) -> Path:
        return self.films[0]

    @property
    def truth(self) -> Truth:
        return read_truth(self.truth_path)

    @property
    def subtitles(self) -> Path:
        """The film's words as SRT; only where the recipe writes subtitle files."""
        return self._beside(f"{self.truth.language}.srt")

    @property
    def speaker_subtitles(self) -> Path:
        """The same with ``Speaker:`` before each line."""
        return self._beside(f"speakers.{self.truth.language}.srt")

    @property
    def glossary(self) -> Path:
        """The glossary as CSV without a header; only where the recipe has one."""
        return self._beside("glossary.csv")

    def _beside(self, ending: str) -> Path:
        return self.truth_path.with_name(f"{self.name}.{ending}")


def make(name: str, folder: Path) -> Sample:
    """Make a sample, or find it finished; safe to call from several processes.

    Raises:
        KeyError: No sample has that name.
        ProgramBroke: ffmpeg or espeak-ng is missing or failed.
    """
    recipe = RECIPES[name]
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder / f".{name}.lock"):
        if not is_finished(name, folder):
            with TemporaryDirectory(prefix=f".{name}.", dir=folder) as scratch:
                _build(recipe, Path(scratch))
                _publish(name, Path(scratch), folder)
    return Sample(name, _films(recipe, folder), folder / f"{name}.truth.json")


def is_finished(name: str, folder: Path) -> bool:
    """Tell whether the folder holds the sample as today's code and programs make it."""
    stamp = folder / f".{name}.stamp"
    if not stamp.exists():
        return False
    value = json.loads(stamp.read_text(encoding="utf-8"))
    if value["recipe"] != _fingerprint(name):
        return False
    return all(_size(folder / file) == size for file, size in value["files"].items())


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else -1


def _fingerprint(name: str) -> str:
    """Hash everything that decides a sample's bytes."""
    state = hashlib.sha256(f"{name}\n{versions()}\n".encode())
    here = Path(__file__).parent
    for file in sorted((*here.glob("*.py"), *here.glob("texts/*.txt"))):
        state.update(file.name.encode())
        state.update(file.read_bytes())
    return state.hexdigest()


def _films(recipe: Recipe, folder: Path) -> tuple[Path, ...]:
    if recipe.file_names:
        return tuple(folder / recipe.name / name for name in recipe.file_names)
    return (folder / f"{recipe.name}.{recipe.container}",)


def _build(recipe: Recipe, folder: Path) -> None:
    """Make everything that belongs to a sample inside an empty folder."""
    mixdown = mix(recipe)
    truth = mixdown.truth
    (folder / f"{recipe.name}.truth.json").write_text(truth_text(truth), encoding="utf-8")
    if recipe.glossary:
        rows = "".join(f"{source},{target}\n" for source, target in recipe.glossary.items())
        (folder / f"{recipe.name}.glossary.csv").write_text(rows, encoding="utf-8")
    film = folder / f"{recipe.name}.{recipe.container}"
    make_film(_parts(recipe, mixdown, folder), film)
    if recipe.file_names:
        _copy_under_names(film, folder / recipe.name, recipe.file_names)


def _parts(recipe: Recipe, mixdown: Mixdown, folder: Path) -> Parts:
    truth = mixdown.truth
    subtitles = folder / f"{recipe.name}.{recipe.language}.srt"
    if recipe.embed_subtitles or recipe.subtitle_files:
        named = folder / f"{recipe.name}.speakers.{recipe.language}.srt"
        write_subtitles(truth, subtitles, name_speakers=False)
        write_subtitles(truth, named, name_speakers=True)
    return Parts(
        container=recipe.container,
        duration_ms=truth.duration_ms,
        sound=mixdown.sound,
        picture=recipe.picture,
        language=recipe.language if recipe.tag_language else "",
        subtitles=subtitles if recipe.embed_subtitles else None,
    )


def _copy_under_names(film: Path, folder: Path, names: tuple[str, ...]) -> None:
    folder.mkdir()
    for name in names:
        shutil.copyfile(film, folder / name)
    film.unlink()


def _publish(name: str, scratch: Path, folder: Path) -> None:
    """Move what was made to its place; the stamp comes last, so that a kill leaves none."""
    stamp = folder / f".{name}.stamp"
    stamp.unlink(missing_ok=True)
    made = sorted(path.relative_to(scratch) for path in scratch.rglob("*") if path.is_file())
    for file in made:
        (folder / file).parent.mkdir(exist_ok=True)
        (scratch / file).replace(folder / file)
    files = {str(file): _size(folder / file) for file in made}
    value = {"recipe": _fingerprint(name), "files": files}
    stamp.write_text(json.dumps(value, sort_keys=True), encoding="utf-8")


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Hold a lock between processes; it ends with the process that holds it."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
