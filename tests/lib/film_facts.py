"""What a film holds, as ffprobe says it and as its bytes say it: not by our own code."""

import json
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lib.tools import need

Stream = dict[str, Any]
Samples = npt.NDArray[np.float64]


@dataclass(frozen=True)
class FilmFacts:
    """One film."""

    path: Path

    @cached_property
    def told(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(
            self._run("ffprobe", "-of", "json", "-show_format", "-show_streams", "-i")
        )
        return told

    @property
    def picture(self) -> Stream:
        return self.kind("video")[0]

    @property
    def duration_s(self) -> float:
        return float(self.told["format"]["duration"])

    @property
    def comment(self) -> str:
        tags: dict[str, str] = self.told["format"].get("tags", {})
        return tags.get("comment", tags.get("COMMENT", ""))

    def kind(self, kind: str) -> list[Stream]:
        """List the streams of a kind, in order."""
        return [stream for stream in self.told["streams"] if stream["codec_type"] == kind]

    def languages(self, kind: str) -> list[str]:
        return [stream.get("tags", {}).get("language", "") for stream in self.kind(kind)]

    def codecs(self, kind: str) -> list[str]:
        return [stream["codec_name"] for stream in self.kind(kind)]

    @cached_property
    def packets(self) -> list[tuple[float, str]]:
        """List when each picture is shown, in seconds, and the hash of its bytes."""
        shown = ("-select_streams", "v:0", "-show_entries", "packet=pts_time,data_hash")
        out = self._run("ffprobe", *shown, "-show_data_hash", "md5", "-of", "json", "-i")
        packets = json.loads(out)["packets"]
        return sorted((float(each["pts_time"]), each["data_hash"]) for each in packets)

    @property
    def turned_deg(self) -> int:
        """How far a player turns the picture, as the display matrix counts."""
        sides = self.picture.get("side_data_list", [])
        return next((side["rotation"] for side in sides if "rotation" in side), 0)

    @property
    def starts_at_once(self) -> bool:
        """Whether an MP4's index stands before its sound and picture."""
        data = self.path.read_bytes()
        return 0 <= data.find(b"moov") < data.find(b"mdat")

    def sound(self, track: int, begin_s: float, end_s: float, rate_hz: int) -> Samples:
        """Decode a span of a sound track to mono samples."""
        cut = ("-af", f"atrim={begin_s:.3f}:{end_s:.3f}")
        form = ("-ac", "1", "-ar", str(rate_hz), "-f", "f32le", "-")
        command = [need("ffmpeg"), "-nostdin", "-v", "error", "-i", f"file:{self.path}"]
        command += ["-map", f"0:a:{track}", *cut, *form]
        decoded = subprocess.run(command, check=True, capture_output=True).stdout
        return np.frombuffer(decoded, dtype="<f4").astype(np.float64)

    def _run(self, program: str, *words: str) -> bytes:
        command = [need(program), "-v", "error", *words, f"file:{self.path}"]
        return subprocess.run(command, check=True, capture_output=True).stdout
