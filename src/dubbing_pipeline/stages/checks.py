"""What a finished dub must hold (hard), and what it should (soft). Pure.

A hard check finds films that are wrong: not dubbed, not translated, words lost, out of step, the
original gone. A soft one finds films that could be better, and only says so: a real film with a
noisy bed, or a text that is too long, is still a film.
"""

from collections.abc import Mapping
from dataclasses import dataclass

Facts = Mapping[str, float | None]
"""Measured values by name; None where the question does not arise."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One check. ``code`` is its words; it passes up to its limit, or from its limit on."""

    code: str
    limit: float
    hard: bool = False
    at_least: bool = False

    @property
    def name(self) -> str:
        return self.code.removeprefix("stages.check_")


@dataclass(frozen=True, slots=True)
class Check:
    """A rule and what was found."""

    name: str
    code: str
    value: float
    limit: float
    at_least: bool
    hard: bool
    ok: bool


HARD = (
    Rule("stages.check_speech_in_stem", 0.2, hard=True, at_least=True),
    Rule("stages.check_leak", 0.5, hard=True),
    Rule("stages.check_source_words", 0.6, hard=True),
    Rule("stages.check_text_untranslated", 0.5, hard=True),
    Rule("stages.check_words_lost", 0.0, hard=True),
    Rule("stages.check_lines_off_plan", 0.1, hard=True),
    Rule("stages.check_dub_in_film", 0.5, hard=True, at_least=True),
    Rule("stages.check_original_in_film", 0.5, hard=True, at_least=True),
    Rule("stages.check_duration_far_off_ms", 250.0, hard=True),
    Rule("stages.check_loudness_far_off_lu", 5.0, hard=True),
)

SOFT = (
    Rule("stages.check_speech_overlap_f1", 0.90, at_least=True),
    Rule("stages.check_speech_overlap_iou", 0.80, at_least=True),
    Rule("stages.check_dead_air_ratio", 0.05),
    Rule("stages.check_onset_error_p50_ms", 60.0),
    Rule("stages.check_onset_lag_p95_ms", 150.0),
    Rule("stages.check_tempo_p95", 1.15),
    Rule("stages.check_tempo_max", 1.35),
    Rule("stages.check_tempo_step_max", 0.15),
    Rule("stages.check_share_over_1_2", 0.05),
    Rule("stages.check_words_cut", 0.0),
    Rule("stages.check_lines_overflow", 0.0),
    Rule("stages.check_lines_leaking", 0.0),
    Rule("stages.check_share_hurried", 0.05),
    Rule("stages.check_loudness_off_lu", 0.5),
    Rule("stages.check_true_peak_dbtp", -1.0),
    Rule("stages.check_duration_off_ms", 40.0),
    Rule("stages.check_video_bitexact", 1.0, at_least=True),
    Rule("stages.check_tracks_tagged", 1.0, at_least=True),
)

RULES = HARD + SOFT


def evaluate(facts: Facts) -> tuple[Check, ...]:
    """Hold the facts against the rules; a rule whose fact is None is left out.

    Raises:
        KeyError: A fact that a rule needs was not even considered.
    """
    return tuple(_check(rule, value) for rule in RULES if (value := facts[rule.name]) is not None)


def _check(rule: Rule, value: float) -> Check:
    return Check(
        name=rule.name,
        code=rule.code,
        value=value,
        limit=rule.limit,
        at_least=rule.at_least,
        hard=rule.hard,
        ok=value >= rule.limit if rule.at_least else value <= rule.limit,
    )
