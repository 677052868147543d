"""What the files of a finished dub are called."""

from dubbing_pipeline.media.containers import Container
from dubbing_pipeline.stages.dub_folder import Record


def film_names(
    record: Record, container: Container, *, source: str, rev: int = 0
) -> dict[str, str]:
    """Name the exported files by role; a later revision carries its number.

    Args:
        record: Title and target language.
        container: What the download file is.
        source: The film's language.
        rev: 0 for the first film.
    """
    target = record.spec.target_language
    revised = f".rev{rev}" if rev else ""
    player = "m4a" if container == "m4a" else "mp4"
    base = f"{record.title}.{target}{revised}"
    return {
        "film": f"{base}.{container}",
        "player_dub": f"player.{target}{revised}.{player}",
        "player_original": f"player.{source}{revised}.{player}",
        "target_srt": f"{base}.srt",
        "target_vtt": f"{base}.vtt",
        "source_srt": f"{record.title}.{source}{revised}.srt",
        "source_vtt": f"{record.title}.{source}{revised}.vtt",
    }


def preview_name(line: int, rev: int) -> str:
    return f"preview.line{line}.rev{rev}.mp4"
