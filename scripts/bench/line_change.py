"""One line changed in a finished film: how long it takes, and what else it touches."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from bench.dub_program import DubProgram
from bench.lines import Lines, read_lines

TEXTS = (
    "Esta frase es nueva y dice otra cosa.",
    "Aquí se oye ahora una frase distinta.",
    "También esta parte de la película ha cambiado.",
)
_AROUND_MS = 5000


@dataclass(frozen=True, slots=True)
class LineChange:
    """``preview_s`` has edit, respeak and preview together, one number a try, warm.

    ``preview_cpu_s`` and ``export_cpu_s`` are processor time, of the fastest try.

    ``other_takes`` lines were left alone, ``takes_changed`` of them have another sound now.
    ``samples_changed`` counts the samples of the mix that differ outside ten seconds around
    the changed lines.
    """

    preview_s: tuple[float, ...]
    preview_cpu_s: float
    export_s: float
    export_cpu_s: float
    other_takes: int
    takes_changed: int
    samples_changed: int


def measure_line_change(program: DubProgram, folder: Path) -> LineChange:
    """Change three lines of a finished dub, hear each, and make the film anew.

    The first one is done twice, and only its second time counts: a person who edits has the
    programs and models in memory already.
    """
    lines = read_lines(folder)
    chosen = [lines[len(lines) * part // 4] for part in (1, 2, 3)]
    made, before = program.made(folder), program.artifacts()
    _hear(program, folder, chosen[0], "Una prueba antes de medir.")
    times = [_hear(program, folder, line, text) for line, text in zip(chosen, TEXTS, strict=True)]
    export = program.render(folder)
    new = program.artifacts() - before
    changed_ids = {str(line["id"]) for line in chosen}
    takes = _takes(program.artifact(made["fit"]["takes"]))
    others = {line: take for line, take in takes.items() if line not in changed_ids}
    now = _newest_takes(new)
    first_mix = program.artifact(made["mix"]["dub"])
    return LineChange(
        preview_s=tuple(wall_s for wall_s, _ in times),
        preview_cpu_s=min(times)[1],
        export_s=export.wall_s,
        export_cpu_s=export.cpu_s,
        other_takes=len(others),
        takes_changed=sum(now[line] != take for line, take in others.items()),
        samples_changed=_changed_outside(first_mix, _same_shape(first_mix, new), _windows(chosen)),
    )


def _hear(
    program: DubProgram, folder: Path, line: Mapping[str, Any], text: str
) -> tuple[float, float]:
    """Change a line and hear it; gives wall and processor seconds of both commands."""
    edited = program.edit(folder, line["id"], text)
    preview, spoken = program.respeak(folder, line["id"])
    if not preview.stat().st_size:
        raise ValueError(f"{preview} is empty")
    return edited.wall_s + spoken.wall_s, edited.cpu_s + spoken.cpu_s


def _takes(manifest: Path) -> dict[str, Any]:
    """Read the placed takes by line; each names its sound by content key."""
    takes: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))["lines"]
    return takes


def _newest_takes(new: Iterable[Path]) -> dict[str, Any]:
    """Find the manifest of placed takes among the artifacts, the one made last."""
    found = [path for path in new if path.stat().st_size < 1_000_000 and _is_manifest(path)]
    return _takes(max(found, key=lambda path: path.stat().st_mtime_ns))


def _is_manifest(path: Path) -> bool:
    content = path.read_bytes()
    return content.startswith(b"{") and b'"placed"' in content and b'"placed": ""' not in content


def _same_shape(mix: Path, new: Iterable[Path]) -> Path:
    """Find the new mix among the artifacts: stereo FLAC of the same length."""
    wanted = soundfile.info(mix)
    for path in new:
        with path.open("rb") as file:
            if file.read(4) != b"fLaC":
                continue
        info = soundfile.info(path)
        if (info.channels, info.frames) == (wanted.channels, wanted.frames):
            return path
    raise FileNotFoundError("the new mix is not among the artifacts")


def _windows(chosen: Lines) -> list[tuple[int, int]]:
    windows = []
    for line in chosen:
        middle_ms = (line["start_ms"] + line["end_ms"]) // 2
        windows.append(
            (
                min(line["start_ms"], middle_ms - _AROUND_MS),
                max(line["end_ms"], middle_ms + _AROUND_MS),
            )
        )
    return windows


def _changed_outside(first: Path, second: Path, windows: list[tuple[int, int]]) -> int:
    """Count samples that differ outside the windows, given in milliseconds."""
    per_ms = soundfile.info(first).samplerate // 1000
    one, _ = soundfile.read(first, dtype="int32")
    other, _ = soundfile.read(second, dtype="int32")
    differs = np.any(one != other, axis=1)
    for start_ms, end_ms in windows:
        differs[max(0, start_ms) * per_ms : end_ms * per_ms] = False
    return int(np.count_nonzero(differs))
