"""Which samples are dubbed, and how."""

from dataclasses import dataclass
from pathlib import Path

from samples.make import Sample


@dataclass(frozen=True, slots=True)
class Case:
    """One dub of one sample.

    ``imported`` means that the film's words come from a subtitle file with speakers, because
    the recogniser at hand knows English only.
    """

    sample: str
    source: str = "en"
    target: str = "es"
    mode: str = "low"
    imported: bool = False

    def arguments(self, sample: Sample, out: Path) -> list[str]:
        """Give what stands behind ``dub run``."""
        extra = ["--subtitles", str(sample.speaker_subtitles)] if self.imported else []
        if sample.truth.glossary:
            extra += ["--glossary", str(sample.glossary)]
        languages = ["--from", self.source, "--to", self.target, "--mode", self.mode]
        return [*languages, *extra, "--out", str(out), "--json", "--", str(sample.film)]


CASES = {
    case.sample: case
    for case in (
        Case("clean"),
        Case("noisy"),
        Case("long"),
        Case("three"),
        Case("overlap"),
        Case("silences"),
        Case("surround"),
        Case("portrait"),
        Case("hevc"),
        Case("mkv"),
        Case("webm"),
        Case("mov"),
        Case("mp3"),
        Case("spanish", source="es", target="en", mode="medium", imported=True),
    )
}
