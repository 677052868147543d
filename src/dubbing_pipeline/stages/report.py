"""The report of a finished dub: for programs as JSON, for people as one page without scripts.

The page needs nothing but itself: no script, no font, no address. All text is escaped.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from html import escape
from importlib.resources import files

from babel import Locale

from dubbing_pipeline.model.speech import Line, Timeline
from dubbing_pipeline.stages.call import Json
from dubbing_pipeline.stages.picture import clock, colour_of, rows
from dubbing_pipeline.utils.messages import FALLBACK, render

Metrics = Mapping[str, Json]
"""What the stage ``verify`` stored."""

Say = Callable[..., str]
"""Gives the words of a code, in the page's language."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_ZOOMS = (1, 2, 4, 8)
_BLANK = "–"  # noqa: RUF001 - an en dash stands for what was not measured


@dataclass(frozen=True, slots=True)
class Timing:
    """What only the run itself knows: how long everything took, and each stage that ran."""

    wall_s: float
    stage_wall_s: Mapping[str, float]


def report_json(metrics: Metrics, timing: Timing) -> str:
    """Write the report for programs."""
    times = {stage: round(wall_s, 3) for stage, wall_s in timing.stage_wall_s.items()}
    value = {**metrics, "wall_s": round(timing.wall_s, 3), "stage_wall_s": times}
    return json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def report_page(
    metrics: Metrics, timing: Timing, timeline: Timeline, *, locale: str = FALLBACK
) -> str:
    """Write the report for people.

    Args:
        metrics: From ``verify``.
        timing: From whoever ran the stages.
        timeline: With fits.
        locale: The page's language.
    """
    say: Say = partial(render, locale=locale)
    title = escape(
        say(
            "stages.report_title",
            {
                "source": _language(timeline.source_language, locale),
                "target": _language(timeline.target_language, locale),
            },
        )
    )
    style = (files("dubbing_pipeline.stages") / "report.css").read_text(encoding="utf-8")
    parts = [
        f'<!doctype html><html lang="{escape(locale)}"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        f"<title>{title}</title><style>{style}</style></head><body><main><h1>{title}</h1>",
        *_verdict(metrics, say),
        *_tiles(metrics, timing, say),
        *_picture(metrics, timeline, say),
        *_checks(metrics, say),
        *_lines(metrics, timeline, say),
        *_times(timing, say),
        "</main></body></html>\n",
    ]
    return "\n".join(parts)


def _verdict(metrics: Metrics, say: Say) -> Iterator[str]:
    broken = [check for check in metrics["checks"] if not check["ok"]]
    if not metrics["passed"]:
        kind, text = "failed", say("stages.report_failed")
    elif broken:
        kind, text = "warned", say("stages.report_warned", {"checks": len(broken)})
    else:
        kind, text = "passed", say("stages.report_passed")
    yield f'<p class="verdict {kind}">{escape(text)}</p>'


def _tiles(metrics: Metrics, timing: Timing, say: Say) -> Iterator[str]:
    pace = timing.wall_s / metrics["media_s"] if metrics["media_s"] else 0.0
    tiles = {
        say("stages.report_line_count"): metrics["lines"],
        say("stages.report_overlap"): metrics["speech_overlap_f1"],
        say("stages.report_dead_air"): f"{metrics['dead_air_ratio']:.1%}",
        say("stages.report_tempo"): f"{metrics['tempo_p95']:.2f} / {metrics['tempo_max']:.2f}",
        say("stages.report_words_cut"): metrics["words_cut"],
        say("stages.report_overflow"): metrics["lines_overflow"],
        say("stages.report_loudness"): f"{metrics['loudness_lufs']:.1f}",
        say("stages.report_peak"): f"{metrics['true_peak_dbtp']:.1f}",
        say("stages.report_pace"): f"{pace:.2f}",
    }
    yield f'<dl class="tiles">{_described(tiles)}</dl>'


def _described(values: Mapping[str, object]) -> str:
    return "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(str(value))}</dd></div>"
        for name, value in values.items()
    )


def _picture(metrics: Metrics, timeline: Timeline, say: Say) -> Iterator[str]:
    yield f'<section class="picture"><h2>{escape(say("stages.report_picture"))}</h2>'
    yield f"<p>{escape(say('stages.report_picture_about'))}</p>"
    yield '<ul class="legend">'
    for speaker, colour in colour_of(timeline).items():
        yield f"<li>{_swatch(colour)}{escape(speaker) or _BLANK}</li>"
    yield f'</ul><fieldset class="zoom"><legend>{escape(say("stages.report_zoom"))}</legend>'
    for zoom in _ZOOMS:
        checked = " checked" if zoom == 1 else ""
        yield (
            f'<label><input type="radio" name="zoom" id="zoom-{zoom}"{checked}>{zoom}&times;</label>'
        )
    yield "</fieldset>"
    yield from rows(timeline, metrics["spans"], say("stages.report_minute"))
    yield "</section>"


def _swatch(colour: int) -> str:
    return f'<svg viewBox="0 0 1 1" aria-hidden="true"><rect class="s{colour}" width="1" height="1"/></svg>'


def _checks(metrics: Metrics, say: Say) -> Iterator[str]:
    heads = ("check", "value", "limit", "result")
    words = {
        "check": say("stages.report_check"),
        "value": say("stages.report_value"),
        "limit": say("stages.report_limit"),
        "result": say("stages.report_result"),
    }
    yield f"<section><h2>{escape(say('stages.report_checks'))}</h2>"
    yield '<div class="scroll"><table><thead><tr>'
    yield "".join(f'<th scope="col">{escape(words[head])}</th>' for head in heads)
    yield "</tr></thead><tbody>"
    for check in sorted(metrics["checks"], key=lambda check: check["ok"]):
        kind, result = _result(check, say)
        sign = "&ge;" if check["at_least"] else "&le;"
        yield (
            f"<tr><td>{escape(say(check['code']))}</td><td>{check['value']:g}</td>"
            f"<td>{sign} {check['limit']:g}</td>"
            f'<td class="{kind}">{escape(result)}</td></tr>'
        )
    yield "</tbody></table></div></section>"


def _result(check: Mapping[str, Json], say: Say) -> tuple[str, str]:
    if check["ok"]:
        return "ok", say("stages.report_ok")
    if check["hard"]:
        return "must", say("stages.report_must")
    return "should", say("stages.report_should")


def _lines(metrics: Metrics, timeline: Timeline, say: Say) -> Iterator[str]:
    measures = {line["id"]: line for line in metrics["per_line"]}
    colours = colour_of(timeline)
    yield f"<section><h2>{escape(say('stages.report_lines'))}</h2>"
    for line in timeline.lines:
        numbers = _numbers(measures[line.id], say) if line.id in measures else {}
        yield (
            f'<article id="line-{line.id}"><header><b>{line.id}</b>'
            f'<span class="who">{_swatch(colours[line.speaker])}{escape(line.speaker)}</span>'
            f"<span>{_exact(line.start_ms)} – {_exact(line.end_ms)}</span>"  # noqa: RUF001
            f"{_state(line, say)}</header>"
            f'<p class="source" lang="{escape(timeline.source_language)}" dir="auto">'
            f"{escape(line.source)}</p>"
            f'<p lang="{escape(timeline.target_language)}" dir="auto">{escape(line.target)}</p>'
            f"<dl>{_described(numbers)}</dl></article>"
        )
    yield "</section>"


def _state(line: Line, say: Say) -> str:
    words = {
        "fits": ("ok", say("stages.report_state_fits")),
        "tight": ("should", say("stages.report_state_tight")),
        "overflow": ("must", say("stages.report_state_overflow")),
        "original": ("", say("stages.report_state_original")),
        "mute": ("", say("stages.report_state_mute")),
        "tts": ("", say("stages.report_state_unspoken")),
    }
    kind, text = words[line.fit.state if line.fit else line.audio_mode]
    return f'<span class="{kind}">{escape(text)}</span>'


def _numbers(line: Mapping[str, Json], say: Say) -> dict[str, str]:
    return {
        say("stages.report_line_tempo"): f"{line['tempo']:.2f}",
        say("stages.report_line_lag"): _ms(line["lag_ms"]),
        say("stages.report_line_onset"): _ms(line["onset_error_ms"]),
        say("stages.report_line_offset"): _ms(line["offset_ms"]),
        say("stages.report_line_overflow"): _ms(line["overflow_ms"]),
        say("stages.report_line_cut"): _ms(line["cut_ms"]),
        say("stages.report_line_rate"): f"{line['characters_per_second']:.1f}",
        say("stages.report_line_leak"): f"{line['leak']:.2f}",
    }


def _times(timing: Timing, say: Say) -> Iterator[str]:
    total = say("stages.report_total")
    stages = {stage: f"{wall_s:.1f} s" for stage, wall_s in timing.stage_wall_s.items()}
    yield f"<section><h2>{escape(say('stages.report_times'))}</h2>"
    yield f'<dl class="tiles">{_described({**stages, total: f"{timing.wall_s:.1f} s"})}</dl></section>'


def _language(tag: str, locale: str) -> str:
    """Give a language's name in the page's language, its tag where there is none."""
    return str(Locale.parse(locale).languages.get(tag, tag))


def _ms(value: int | None) -> str:
    return _BLANK if value is None else f"{value} ms"


def _exact(time_ms: int) -> str:
    return f"{clock(time_ms)}.{time_ms % 1000 // 100}"
