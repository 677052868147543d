"""Ten seconds around one line, as they will sound in the film."""

from typing import ClassVar

from dubbing_pipeline.media.ffmpeg import MediaInput, MediaOutput, bit_exact, convert
from dubbing_pipeline.media.flac import SpanReader, write_flac
from dubbing_pipeline.media.probe import probe
from dubbing_pipeline.stages.artifacts import read_json
from dubbing_pipeline.stages.base import StageContext
from dubbing_pipeline.stages.call import Keys, StageCall
from dubbing_pipeline.stages.documents import read_timeline
from dubbing_pipeline.stages.mix import mixed, open_score
from dubbing_pipeline.stages.mixing import RATE_HZ, Span, samples_of

_LENGTH_MS = 10_000
_PICTURE = (
    *("-c:v", "libx264", "-preset", "ultrafast", "-crf", "28", "-pix_fmt", "yuv420p"),
    # small: it is looked at for the voice, on a phone, and within a second
    *("-vf", "scale=-2:'min(360,trunc(ih/2)*2)'"),
)


class Preview:
    """What ``mix`` takes for a later mix, and the ``film``, to ``clip``."""

    name: ClassVar[str] = "preview"
    version: ClassVar[int] = 1

    def run(self, call: StageCall, context: StageContext) -> Keys:
        timeline = read_timeline(context.artifacts.fetch(call.inputs["timeline"]))
        line = timeline.line(int(call.params["line"]))
        middle_ms = (line.start_ms + line.end_ms) // 2
        last_ms = max(0, timeline.duration_ms - _LENGTH_MS)
        begin_ms = min(max(0, middle_ms - _LENGTH_MS // 2), last_ms)
        end_ms = min(timeline.duration_ms, begin_ms + _LENGTH_MS)
        sound = context.artifacts.scratch(".flac")
        gain_db = float(read_json(context.artifacts, call.inputs["master"])["gain_db"])
        with SpanReader(context.artifacts.fetch(call.inputs["sound"])) as original:
            score = open_score(call, context, original)
            window = Span(samples_of(begin_ms), samples_of(end_ms))
            write_flac(sound, mixed(score, window, gain_db)[0], sample_rate_hz=RATE_HZ)
        film = context.artifacts.fetch(call.inputs["film"])
        picture = probe(film).picture
        seek = ("-ss", f"{begin_ms / 1000:.3f}")
        shown = ("-map", f"1:{picture.index}", *_PICTURE) if picture else ()
        clip = context.artifacts.scratch(".mp4")
        options = ("-map", "0:a", "-c:a", "aac", "-b:a", "160k", *shown, *bit_exact())
        length = ("-t", f"{(end_ms - begin_ms) / 1000:.3f}", "-movflags", "+faststart")
        inputs = [MediaInput(sound, demuxer="flac"), *([MediaInput(film, seek)] if picture else [])]
        convert(
            inputs,
            [MediaOutput(clip, "mp4", (*options, *length))],
            duration_ms=end_ms - begin_ms,
            tick=context.tick,
        )
        sound.unlink()
        context.artifacts.put(call.key("clip"), clip)
        return {"clip": call.key("clip")}


STAGE = Preview()
