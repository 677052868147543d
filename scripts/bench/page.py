"""What a bench found, as tables for a terminal and for docs/benchmarks.md."""

from collections.abc import Callable, Sequence
from pathlib import Path

from bench.line_change import LineChange
from bench.score import Row
from bench.targets import judge, judge_line_change

_ORDER = (
    *("extract", "transcribe", "diarize", "translate", "synthesize"),
    *("fit", "mix", "export", "verify"),
)


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _kept(row: Row) -> str:
    return f"{row.kept.kept} of {row.kept.total}"


def _yes(value: bool | None) -> str:
    return "" if value is None else "yes" if value else "no"


_COLUMNS: tuple[tuple[str, Callable[[Row], str]], ...] = (
    ("sample", lambda row: row.sample),
    ("WER", lambda row: _share(row.wer)),
    ("speakers", lambda row: _share(row.speakers)),
    ("heard back", lambda row: _share(row.heard_back)),
    ("kept", _kept),
    ("wall / media", lambda row: f"{row.wall_per_media:.2f}"),
    ("CPU / media", lambda row: f"{row.cpu_per_media:.2f}"),
    ("peak MB", lambda row: f"{row.peak_mb:.0f}"),
    ("F1", lambda row: _share(row.f1)),
    ("dead air", lambda row: _share(row.dead_air)),
    ("tempo p95", lambda row: f"{row.tempo_p95:.2f}"),
    ("max", lambda row: f"{row.tempo_max:.2f}"),
    ("words cut", lambda row: str(row.words_cut)),
    ("LUFS", lambda row: f"{row.lufs:.1f}"),
    ("dBTP", lambda row: f"{row.true_peak_dbtp:.1f}"),
    ("length off, ms", lambda row: f"{row.duration_delta_ms:.0f}"),
    ("picture kept", lambda row: _yes(row.video_bitexact)),
)


def page(rows: Sequence[Row], change: LineChange | None, *, machine: str) -> str:
    """Put everything together as Markdown."""
    parts = [
        machine,
        _table(
            [name for name, _ in _COLUMNS], [[cell(row) for _, cell in _COLUMNS] for row in rows]
        ),
        "Seconds a stage:",
        stage_table(rows),
        "What holds where:",
        verdict_table(rows),
    ]
    losses = [f"- `{row.sample}`: {lost}" for row in rows for lost in row.kept.missing]
    if losses:
        parts += ["What a translation lost:", "\n".join(losses)]
    if change is not None:
        parts += ["Three lines changed in the finished `long`:", change_table(change)]
    return "\n\n".join(parts)


def stage_table(rows: Sequence[Row]) -> str:
    """Show what each stage of each sample took."""
    seen = {stage for row in rows for stage in row.stage_wall_s}
    stages = [*(stage for stage in _ORDER if stage in seen), *sorted(seen - set(_ORDER))]
    cells = [
        [row.sample, *(f"{row.stage_wall_s.get(stage, 0.0):.1f}" for stage in stages)]
        for row in rows
    ]
    return _table(["sample", *stages], cells)


def verdict_table(rows: Sequence[Row]) -> str:
    """Show on which samples each target holds."""
    cells = [
        [
            verdict.target.name,
            verdict.target.limit,
            ", ".join(verdict.held),
            ", ".join(verdict.broken) or "none",
        ]
        for verdict in judge(rows)
    ]
    return _table(["number", "target", "holds on", "does not hold on"], cells)


def change_table(change: LineChange) -> str:
    """Show what a changed line costs and touches."""
    tries = ", ".join(f"{seconds:.1f}" for seconds in change.preview_s)
    measured = (
        f"{min(change.preview_s):.1f} s (tries: {tries}; CPU {change.preview_cpu_s:.1f})",
        f"{change.export_s:.1f} s (CPU {change.export_cpu_s:.1f})",
        f"{change.takes_changed} of {change.other_takes} changed",
        f"{change.samples_changed} samples changed",
    )
    holds = judge_line_change(change)
    rows = zip(holds, measured, holds.values(), strict=True)
    return _table(
        ["number", "measured", "holds"], [[name, value, _yes(held)] for name, value, held in rows]
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write_between(path: Path, name: str, text: str) -> None:
    """Replace what stands between the markers ``<!-- name:begin -->`` and ``<!-- name:end -->``.

    Raises:
        ValueError: The page lacks a marker.
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    whole = path.read_text(encoding="utf-8")
    before, opened, rest = whole.partition(begin)
    _, closed, after = rest.partition(end)
    if not (opened and closed):
        raise ValueError(f"{path} has no markers {begin} and {end}")
    path.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
