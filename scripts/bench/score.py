"""One dubbed sample against its ground truth."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import soundfile

from bench.cases import Case
from bench.dub_program import Dubbed, DubProgram
from bench.heard_back import heard_back
from bench.lines import Lines, read_lines
from samples.make import Sample
from samples.sound import speech_spans
from samples.truth import Truth
from scoring.overlap import Overlap, speech_overlap
from scoring.preservation import Kept, Pair, glossary_kept, ids_kept, numbers_kept
from scoring.speakers import Turn, score_speakers
from scoring.words import word_errors


@dataclass(frozen=True, slots=True)
class Row:
    """What one dub measured; None where the case has no such number.

    ``heard_back`` is the word error rate of a recogniser that listens to an English dub.
    ``f1`` and ``dead_air`` compare the dub stem, by energy, with the true times; the other
    numbers of the sound are those of the dub's own report.
    """

    sample: str
    wer: float | None
    speakers: float | None
    heard_back: float | None
    kept: Kept
    wall_per_media: float
    cpu_per_media: float
    peak_mb: float
    f1: float
    dead_air: float
    tempo_p95: float
    tempo_max: float
    words_cut: int
    lufs: float
    true_peak_dbtp: float
    duration_delta_ms: float
    video_bitexact: bool | None
    stage_wall_s: Mapping[str, float] = field(default_factory=dict)


def score(case: Case, sample: Sample, dubbed: Dubbed, program: DubProgram) -> Row:
    """Measure a finished dub."""
    truth, report = sample.truth, dubbed.said["metrics"]
    lines = read_lines(dubbed.folder)
    stem = program.artifact(program.made(dubbed.folder)["mix"]["stem"])
    overlap = stem_overlap(truth, stem)
    return Row(
        sample=case.sample,
        wer=None if case.imported else recognition(truth, lines),
        speakers=None if case.imported else speaker_accuracy(truth, lines),
        heard_back=heard_back(stem, lines) if case.target == "en" else None,
        kept=preservation(case, truth, lines),
        wall_per_media=dubbed.ran.wall_s * 1000 / truth.duration_ms,
        cpu_per_media=dubbed.ran.cpu_s * 1000 / truth.duration_ms,
        peak_mb=dubbed.ran.peak_mb,
        f1=overlap.f1,
        dead_air=overlap.dead_air,
        tempo_p95=report["tempo_p95"],
        tempo_max=report["tempo_max"],
        words_cut=report["words_cut"],
        lufs=report["loudness_lufs"],
        true_peak_dbtp=report["true_peak_dbtp"],
        duration_delta_ms=report["duration_delta_ms"],
        video_bitexact=report["video_bitexact"],
        stage_wall_s=report["stage_wall_s"],
    )


def recognition(truth: Truth, lines: Lines) -> float:
    """Word error rate of everything recognised against everything said, in order of time."""
    heard = " ".join(line["source"] for line in lines)
    return word_errors(truth.text, heard, language=truth.language).rate


def speaker_accuracy(truth: Truth, lines: Lines) -> float:
    """Share of true lines whose speaker was told right."""
    found = [Turn(line["start_ms"], line["end_ms"], line["speaker"]) for line in lines]
    spoken = [Turn(line.start_ms, line.end_ms, line.speaker) for line in truth.lines]
    return score_speakers(spoken, found).accuracy


def preservation(case: Case, truth: Truth, lines: Lines) -> Kept:
    """Add up ids, numbers and glossary terms that the translation kept."""
    pairs = [Pair(line["id"], line["source"], line["target"]) for line in lines]
    parts = (
        ids_kept([pair.id for pair in pairs], [pair.id for pair in pairs if pair.target.strip()]),
        numbers_kept(pairs, source=case.source, target=case.target),
        glossary_kept(pairs, truth.glossary),
    )
    missing = tuple(lost for part in parts for lost in part.missing)
    return Kept(sum(part.kept for part in parts), sum(part.total for part in parts), missing)


def stem_overlap(truth: Truth, stem: Path) -> Overlap:
    """Compare where the dub's voices sound with where people really spoke."""
    samples, rate_hz = soundfile.read(stem, dtype="float32", always_2d=True)
    return speech_overlap(truth.spans, speech_spans(samples[:, 0], rate_hz=int(rate_hz)))
