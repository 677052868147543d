"""Which voice speaks for whom: a wish first, then by the sound of the original, all different."""

from collections.abc import Mapping, Sequence

from dubbing_pipeline.engines.base import Voice
from dubbing_pipeline.errors import UsageError


def cast(
    speakers: Sequence[str],
    voices: Sequence[Voice],
    *,
    genders: Mapping[str, str],
    wishes: Mapping[str, str],
) -> dict[str, str]:
    """Give each speaker a voice.

    Args:
        speakers: In order of first appearance; the order decides who chooses first.
        voices: What the synthesizer offers for the language, the preferred first; not empty.
        genders: "f", "m" or "" by speaker, as the original sounds.
        wishes: Voice name by speaker; such a voice may be one the list does not show.

    Returns:
        Voice name by speaker. Two speakers share a voice only when there are too few.

    Raises:
        UsageError: A wish names a speaker that the film does not have.
    """
    for speaker in wishes:
        if speaker not in speakers:
            raise UsageError(
                "stages.no_such_speaker", speaker=speaker, speakers=", ".join(speakers)
            )
    chosen = dict(wishes)
    for speaker in speakers:
        if speaker not in chosen:
            chosen[speaker] = _free(voices, genders.get(speaker, ""), list(chosen.values()))
    return chosen


def _free(voices: Sequence[Voice], gender: str, taken: Sequence[str]) -> str:
    """Take the voice that is used least; among those the right gender, then the order."""

    def unsuited(voice: Voice) -> tuple[bool, int]:
        return (bool(gender and voice.gender and voice.gender != gender), taken.count(voice.name))

    # a wrong gender is worse than a shared voice: listeners tell people apart by it first
    return min(voices, key=unsuited).name
