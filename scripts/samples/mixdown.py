"""The sound of a sample, and the truth about it."""

from dataclasses import dataclass

import numpy as np

from samples.beds import music, music_and_noise
from samples.dialogue import Spoken, read_dialogue
from samples.recipes import Recipe
from samples.schedule import Schedule, place
from samples.sound import RATE_HZ, Channels, add_at, inside, pan, rms_db
from samples.truth import Truth
from samples.voices import VOICES, speak

BED_DB = -10.0
"""Level of music and noise against the speech, both as root mean square where speech is."""

MUSIC_DB = -6.0
"""Music that plays alone, against its own full level of -20 dB below full scale."""

SURROUND_DB = -20.0
"""Music around the speech of the 5.1 film, against the speech."""

_SEED = 11
_SURROUND = ("FL", "FR", "FC", "LFE", "BL", "BR")


@dataclass(frozen=True, slots=True)
class Mixdown:
    """Finished sound, shape ``(n, channels)``, None for a film without; and what is in it."""

    sound: Channels | None
    truth: Truth


def mix(recipe: Recipe) -> Mixdown:
    """Speak, place and mix a sample.

    Returns:
        Two channels, six in the order FL FR FC LFE BL BR for ``surround``, none for ``mute``.
    """
    schedule = _schedule(recipe)
    truth = _truth(recipe, schedule)
    if recipe.treatment == "mute":
        return Mixdown(None, truth)
    speech = _speech(schedule)
    if recipe.treatment == "noisy":
        return Mixdown(speech + bed(speech, truth), truth)
    if recipe.treatment == "music":
        return Mixdown(music(len(speech)), truth)
    if recipe.treatment == "surround":
        return Mixdown(_surround(schedule), truth)
    for start_ms, end_ms in schedule.music:
        part = music((end_ms - start_ms) * RATE_HZ // 1000)
        add_at(speech, _faded(part) * np.float32(10 ** (MUSIC_DB / 20)), start_ms)
    return Mixdown(speech, truth)


def bed(speech: Channels, truth: Truth) -> Channels:
    """Make music and noise that lie ``BED_DB`` against the speech.

    Both levels are taken where somebody speaks: pauses would flatter the speech.
    """
    sound = music_and_noise(len(speech), seed=_SEED)
    wanted_db = rms_db(inside(speech, truth.spans)) + BED_DB
    gain_db = wanted_db - rms_db(inside(sound, truth.spans))
    return sound * np.float32(10 ** (gain_db / 20))


def _schedule(recipe: Recipe) -> Schedule:
    if not recipe.dialogue:
        return Schedule(recipe.duration_ms, (), ())
    cues = read_dialogue(recipe.dialogue)
    sounds = speak([cue for cue in cues if isinstance(cue, Spoken)])
    return place(cues, sounds, seed=recipe.dialogue, duration_ms=recipe.duration_ms)


def _truth(recipe: Recipe, schedule: Schedule) -> Truth:
    lines = tuple(placed.truth for placed in schedule.lines)
    whole = ((0, schedule.duration_ms),)
    return Truth(
        name=recipe.name,
        language=recipe.language,
        duration_ms=schedule.duration_ms,
        lines=lines,
        speakers={line.speaker: VOICES[line.speaker].gender for line in lines},
        glossary=dict(recipe.glossary),
        music=whole if recipe.treatment == "music" else schedule.music,
        bed_db=BED_DB if recipe.treatment == "noisy" else None,
    )


def _speech(schedule: Schedule) -> Channels:
    sound = np.zeros((schedule.duration_ms * RATE_HZ // 1000, 2), dtype=np.float32)
    for placed in schedule.lines:
        position = VOICES[placed.truth.speaker].pan
        add_at(sound, pan(placed.sound, position), placed.truth.start_ms)
    return sound


def _surround(schedule: Schedule) -> Channels:
    """Put speech into the centre alone, and music around it."""
    samples = schedule.duration_ms * RATE_HZ // 1000
    sound = np.zeros((samples, len(_SURROUND)), dtype=np.float32)
    for placed in schedule.lines:
        add_at(sound[:, _SURROUND.index("FC")], placed.sound, placed.truth.start_ms)
    stereo = music(samples) * np.float32(10 ** (SURROUND_DB / 20))
    sound[:, 0:2] = stereo
    sound[:, 4:6] = stereo[:, ::-1] * np.float32(0.5)
    sound[:, 3] = stereo.mean(axis=1) * np.float32(0.3)
    return sound


def _faded(part: Channels) -> Channels:
    """Let a piece of music come and go in half a second."""
    ramp = np.minimum(np.arange(len(part), dtype=np.float32) / (RATE_HZ // 2), 1.0)
    faded: Channels = part * (ramp * ramp[::-1])[:, np.newaxis]
    return faded
