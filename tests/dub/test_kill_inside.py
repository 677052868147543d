"""``kill -9`` inside a long stage: what it has stored so far is not made again."""

import signal
import subprocess
from pathlib import Path

from dubbing_pipeline.media.captions import srt_text
from dubbing_pipeline.media.cues import Cue
from lib.counted import calls, count_calls
from lib.installation import Installation
from lib.samples import sample
from lib.tools import need
from lib.undisturbed import SAMPLE

LINES, BATCH = 30, 24


def test_a_recognised_minute_is_not_recognised_again(tmp_path: Path) -> None:
    """A minute and a half of speech is recognised in two parts; the kill comes in the second."""
    film = tmp_path / "twice.mp4"
    loop = ("-stream_loop", "1", "-i", sample(SAMPLE).film, "-c", "copy", film)
    subprocess.run([need("ffmpeg"), "-nostdin", "-v", "error", *map(str, loop)], check=True)
    installation = Installation(tmp_path / "installation")
    words = ("run", film, "--from", "en", "--to", "es", "--out", tmp_path / "out")
    with installation.start(*words) as running:
        running.steps.reach(lambda line: line == "transcribe: 60 %")
        running.signal(signal.SIGKILL)
        assert not any(line.startswith("diarize") for line in running.end().steps)
    with installation.start(*words) as running:
        running.reach("transcribe", lines=2)
        assert running.steps.lines[-2:] == ["transcribe: started", "transcribe: 50 %"]


def test_a_stored_take_is_not_spoken_again(tmp_path: Path) -> None:
    """Takes are stored a batch at a time; the kill comes in the second batch."""
    need("espeak-ng")
    source, target = tmp_path / "source.srt", tmp_path / "target.srt"
    source.write_text(
        srt_text([Cue(n * 1500, n * 1500 + 1200, f"Line {n}.") for n in range(LINES)])
    )
    target.write_text(
        srt_text([Cue(n * 1500, n * 1500 + 1200, f"Frase {n}.") for n in range(LINES)])
    )
    programs = count_calls(tmp_path / "programs", "espeak-ng")
    installation = Installation(tmp_path / "installation", programs=programs)
    texts = ("--subtitles", source, "--target-subtitles", target)
    words = ("run", sample(SAMPLE).film, "--from", "en", "--to", "es", *texts)
    with installation.start(*words, "--out", tmp_path / "out") as running:
        running.steps.reach(lambda line: line == "synthesize: 80 %")
        running.signal(signal.SIGKILL)
        running.end()
    before = spoken(programs)
    assert BATCH <= before < LINES
    with installation.start(*words, "--out", tmp_path / "out") as running:
        running.reach("fit")
    assert spoken(programs) - before == LINES - BATCH


def spoken(programs: Path) -> int:
    return sum("--stdin" in words for words in calls(programs, "espeak-ng"))
