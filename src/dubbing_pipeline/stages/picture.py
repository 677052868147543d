"""The picture of a dub: source speech over dub speech, one row a minute, speakers in colours. SVG.

Rows scale in width only, so there is no text in them; every line is a link to its numbers.
"""

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from dubbing_pipeline.model.speech import Line, Timeline

ROW_MS = 60_000
COLOURS = 8
"""Speakers beyond get the colours of the first ones again."""

_HEIGHT = 76
_HEARD_SOURCE, _SOURCE, _DUB, _HEARD_DUB = (0, 9), (13, 22), (41, 22), (67, 9)
"""Top and height of the four bands."""

_TICK_MS = 10_000

Spans = Sequence[Sequence[int]]


def rows(timeline: Timeline, spans: Mapping[str, Spans], caption: str) -> Iterator[str]:
    """Draw a film, minute by minute.

    Args:
        timeline: Lines with their fits.
        spans: Where speech was heard in ``source`` and ``dub``, as [start_ms, end_ms].
        caption: Said of each row to those who cannot see it, before its minute.
    """
    ends_ms = [line.fit.end_ms for line in timeline.lines if line.fit]
    film_ms = max([timeline.duration_ms, *ends_ms])
    colours = colour_of(timeline)
    for start_ms in range(0, film_ms, ROW_MS):
        window = (
            start_ms,
            min(start_ms + ROW_MS, film_ms) if film_ms < ROW_MS else start_ms + ROW_MS,
        )
        shapes = "".join(_shapes(timeline, spans, window, colours))
        label = escape(f"{caption} {clock(start_ms)}")
        yield (
            f'<figure><figcaption>{clock(start_ms)}</figcaption><div class="strip">'
            f'<svg role="img" aria-label="{label}" preserveAspectRatio="none"'
            f' viewBox="0 0 {window[1] - window[0]} {_HEIGHT}">{shapes}</svg></div></figure>'
        )


def colour_of(timeline: Timeline) -> dict[str, int]:
    """Give each speaker a colour, in order of appearance."""
    return {speaker: number % COLOURS for number, speaker in enumerate(timeline.speakers)}


def clock(time_ms: int) -> str:
    """Write a time as ``1:02:03`` or ``2:03``."""
    minutes, seconds = divmod(time_ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _shapes(
    timeline: Timeline,
    spans: Mapping[str, Spans],
    window: tuple[int, int],
    colours: Mapping[str, int],
) -> Iterator[str]:
    for at_ms in range(0, window[1] - window[0], _TICK_MS):
        yield f'<path class="tick" d="M{at_ms} 0V{_HEIGHT}"/>'
    for begin_ms, end_ms in spans["source"]:
        yield _bar(begin_ms, end_ms, window, _HEARD_SOURCE, "heard")
    for begin_ms, end_ms in spans["dub"]:
        yield _bar(begin_ms, end_ms, window, _HEARD_DUB, "heard")
    for line in timeline.lines:
        yield from _line(line, window, f"s{colours[line.speaker]}")


def _line(line: Line, window: tuple[int, int], colour: str) -> Iterator[str]:
    bars = _bar(line.start_ms, line.end_ms, window, _SOURCE, colour)
    if line.fit is not None:
        state = f"{colour} {line.fit.state}"
        bars += _bar(line.fit.start_ms, line.fit.end_ms, window, _DUB, state)
    if bars:
        title = escape(f"{line.id} {line.speaker}: {line.source} / {line.target}")
        yield f'<a href="#line-{line.id}"><title>{title}</title>{bars}</a>'


def _bar(
    begin_ms: int, end_ms: int, window: tuple[int, int], band: tuple[int, int], kind: str
) -> str:
    """Draw what of a span lies in the window; nothing if that is nothing."""
    left, right = max(begin_ms, window[0]), min(end_ms, window[1])
    if left >= right:
        return ""
    top, height = band
    return (
        f'<rect class="{kind}" x="{left - window[0]}" y="{top}"'
        f' width="{right - left}" height="{height}"/>'
    )
