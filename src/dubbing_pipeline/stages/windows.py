"""Where long sound is cut for recognition: at silences, never inside a word if avoidable. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dubbing_pipeline.engines.base import SpeechSpan


@dataclass(frozen=True, slots=True)
class Cutting:
    """How sound is cut.

    A chunk is what is stored at once, so a kill loses no more than that. A window is what the
    recogniser hears at once: Whisper's own is 30 s, and one that it need not cut itself gets no
    word broken. Spans are widened by ``pad_ms``; pauses longer than ``join_ms`` are left out,
    so that music between two sentences is not heard as a third.
    """

    chunk_ms: int = 60_000
    window_ms: int = 28_000
    pad_ms: int = 200
    join_ms: int = 1000


CUTTING = Cutting()


@dataclass(frozen=True, slots=True)
class Window:
    """Stretches of the film that are heard as one sound, laid end to end."""

    stretches: tuple[SpeechSpan, ...]

    @property
    def start_ms(self) -> int:
        return self.stretches[0].start_ms

    @property
    def end_ms(self) -> int:
        return self.stretches[-1].end_ms

    def on_film(self, start_ms: int, end_ms: int) -> tuple[int, int]:
        """Turn a span of the joined sound into one of the film.

        A span over a joint, which is no word's true extent, keeps its larger part.
        """
        parts = list(self._parts(start_ms, end_ms))
        return max(parts, key=lambda part: part[1] - part[0])

    def _parts(self, start_ms: int, end_ms: int) -> Iterator[tuple[int, int]]:
        joined_ms = 0
        for stretch in self.stretches:
            begin = stretch.start_ms + max(start_ms - joined_ms, 0)
            end = min(stretch.start_ms + end_ms - joined_ms, stretch.end_ms)
            if begin <= end:
                yield begin, end
            joined_ms += stretch.end_ms - stretch.start_ms
        yield self.end_ms, self.end_ms


Chunk = tuple[Window, ...]
"""What is recognised and stored at once."""


def cut_chunks(
    spans: Sequence[SpeechSpan], duration_ms: int, cutting: Cutting = CUTTING
) -> tuple[Chunk, ...]:
    """Cut a film into chunks of windows; all speech is in exactly one of them.

    Args:
        spans: Where somebody speaks, in order; none longer than a window (``split_long``).
        duration_ms: The film's length.
        cutting: How to cut.
    """
    padded = _padded(spans, duration_ms, cutting.pad_ms)
    chunks = _packed(spans, range(len(spans)), cutting.chunk_ms, cutting)
    return tuple(
        tuple(
            _window(spans, padded, group, cutting.join_ms)
            for group in _packed(spans, chunk, cutting.window_ms, cutting)
        )
        for chunk in chunks
    )


def split_long(
    spans: Sequence[SpeechSpan], quietest_ms: Callable[[int, int], int], cutting: Cutting = CUTTING
) -> tuple[SpeechSpan, ...]:
    """Split spans that do not fit into one window where they are quietest.

    Args:
        spans: In order.
        quietest_ms: Gives the quietest moment between two times.
        cutting: How to cut.
    """
    return tuple(piece for span in spans for piece in _split(span, quietest_ms, cutting))


def _split(
    span: SpeechSpan, quietest_ms: Callable[[int, int], int], cutting: Cutting
) -> Iterator[SpeechSpan]:
    longest_ms = cutting.window_ms - 2 * cutting.pad_ms
    start_ms = span.start_ms
    while span.end_ms - start_ms > longest_ms:
        cut_ms = quietest_ms(start_ms + longest_ms // 2, start_ms + longest_ms)
        yield SpeechSpan(start_ms, cut_ms)
        start_ms = cut_ms
    yield SpeechSpan(start_ms, span.end_ms)


def _padded(spans: Sequence[SpeechSpan], duration_ms: int, pad_ms: int) -> list[SpeechSpan]:
    """Widen spans, at most to the middle of the pause between two."""
    middles = [(before.end_ms + after.start_ms) // 2 for before, after in pairwise(spans)]
    lower, upper = [0, *middles], [*middles, duration_ms]
    return [
        SpeechSpan(max(span.start_ms - pad_ms, low), min(span.end_ms + pad_ms, high))
        for span, low, high in zip(spans, lower, upper, strict=False)
    ]


def _packed(
    spans: Sequence[SpeechSpan], chosen: Sequence[int], max_ms: int, cutting: Cutting
) -> list[range]:
    """Pack consecutive spans into groups of at most ``max_ms`` as heard.

    A full group ends at its widest pause within the second half.
    """
    groups: list[range] = []
    first, stop = (chosen[0], chosen[-1] + 1) if chosen else (0, 0)
    while first < stop:
        lengths = _heard_ms(spans, range(first, stop), cutting)
        fitting = [index for index, length in enumerate(lengths) if length <= max_ms] or [0]
        last = first + fitting[-1] + 1
        if last < stop:
            late = [index for index in fitting if lengths[index] >= max_ms // 2] or fitting[-1:]
            last = max((first + index + 1 for index in late), key=lambda cut: _gap(spans, cut))
        groups.append(range(first, last))
        first = last
    return groups


def _heard_ms(spans: Sequence[SpeechSpan], group: range, cutting: Cutting) -> list[int]:
    """How long the group is, as heard, if it ends after its first, second, … span."""
    total_ms = 2 * cutting.pad_ms
    lengths = []
    for index in group:
        if index > group.start:
            total_ms += min(_gap(spans, index), cutting.join_ms)
        total_ms += spans[index].end_ms - spans[index].start_ms
        lengths.append(total_ms)
    return lengths


def _gap(spans: Sequence[SpeechSpan], index: int) -> int:
    return spans[index].start_ms - spans[index - 1].end_ms


def _window(
    spans: Sequence[SpeechSpan], padded: Sequence[SpeechSpan], group: range, join_ms: int
) -> Window:
    joints = [index for index in group[1:] if _gap(spans, index) > join_ms]
    edges = [group.start, *joints, group.stop]
    return Window(
        tuple(
            SpeechSpan(padded[first].start_ms, padded[last - 1].end_ms)
            for first, last in pairwise(edges)
        )
    )
