"""Which voices espeak-ng and Piper have, and how their pace is set."""

import json
from pathlib import Path

import pytest

from dubbing_pipeline.engines.espeak import base_voices, plain, speed
from dubbing_pipeline.engines.piper import length_scale
from dubbing_pipeline.engines.piper_voices import find_voices
from dubbing_pipeline.engines.settings import EngineSettings

LISTING = """\
Pty Language       Age/Gender VoiceName          File                 Other Languages
 5  es-419          --/M      Spanish_(Latin_America) roa/es-419           (es-mx 6)(es 6)
 5  es              --/M      Spanish_(Spain)    roa/es
 3  es-es           --/F      spanish-mbrola-3   mb/mb-es3            (es 3)
 2  en-gb           --/M      English_(Great_Britain) gmw/en               (en 2)
 2  en-us           --/M      English_(America)  gmw/en-US            (en 3)
 5  en-029          --/M      English_(Caribbean) gmw/en-029           (en 10)
 5  pt              --/M      Portuguese_(Portugal) roa/pt               (pt-pt 5)
 5  pt-br           --/M      Portuguese_(Brazil) roa/pt-BR            (pt 6)
 5  variant         --/M      Storm              !v/Storm             (en-us 5)
"""


def test_one_voice_a_language_is_chosen_and_none_that_needs_another_program() -> None:
    assert base_voices(LISTING) == {"es": "es", "en": "en-us", "pt": "pt-br"}


@pytest.mark.parametrize(("rate", "words"), [(1.0, 175), (1.334, 240), (0.1, 80), (9.0, 350)])
def test_the_speed_of_a_rate_is_the_measured_one(rate: float, words: int) -> None:
    assert speed(rate) == words


def test_speed_grows_with_rate() -> None:
    speeds = [speed(rate / 100) for rate in range(50, 180)]
    assert speeds == sorted(speeds)


def test_scale_falls_as_the_rate_grows() -> None:
    scales = [length_scale(rate / 100) for rate in range(70, 160)]
    assert scales == sorted(scales, reverse=True)
    assert length_scale(1.0) == 1.0


def test_marks_that_espeak_reads_as_phonemes_are_taken_away() -> None:
    assert plain("say [[h@l'oU]]\0 now\n") == "say [ [h@l'oU]] now"


def put_voice(folder: Path, name: str, *, quality: str = "medium", **more: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.onnx").write_bytes(name.encode())
    config = {
        "audio": {"sample_rate": 22050, "quality": quality},
        "espeak": {"voice": "de"},
        **more,
    }
    (folder / f"{name}.onnx.json").write_text(json.dumps(config))


@pytest.fixture
def settings(tmp_path: Path) -> EngineSettings:
    return EngineSettings(models_dir=tmp_path / "models", cache_dir=tmp_path / "cache")


def test_voices_of_the_folder_are_found_best_first(settings: EngineSettings) -> None:
    folder = settings.models_dir / "piper"
    put_voice(folder, "de_DE-eva_k-x_low", quality="x_low")
    put_voice(folder, "de_DE-thorsten-high", quality="high", num_speakers=2)
    put_voice(folder, "de_DE-kerstin-low", quality="low", inference={"length_scale": 1.2})
    found = [voice for voice in find_voices(settings) if voice.language == "de"]
    assert [(voice.quality, voice.gender) for voice in found] == [
        ("high", "m"),
        ("low", ""),
        ("x_low", ""),
    ]
    assert (found[0].speakers, found[1].length_scale) == (2, 1.2)


def test_a_voice_without_a_readable_description_is_none(settings: EngineSettings) -> None:
    folder = settings.models_dir / "piper"
    put_voice(folder, "de_DE-a-medium")
    (folder / "de_DE-a-medium.onnx.json").write_text("{}")
    put_voice(folder, "de_DE-b-medium")
    (folder / "de_DE-b-medium.onnx.json").unlink()
    assert not [voice for voice in find_voices(settings) if voice.language == "de"]


def test_the_hash_of_a_voice_follows_its_file(settings: EngineSettings) -> None:
    folder = settings.models_dir / "piper"
    put_voice(folder, "de_DE-a-medium")
    before = {voice.name: voice.sha256 for voice in find_voices(settings)}
    (folder / "de_DE-a-medium.onnx").write_bytes(b"other weights")
    assert {voice.name: voice.sha256 for voice in find_voices(settings)} != before
