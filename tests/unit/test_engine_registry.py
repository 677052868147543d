"""Engines open once, as they were asked for, and an inventory says what is missing."""

from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from dubbing_pipeline.engines.base import EngineRef
from dubbing_pipeline.engines.hashes import combined_sha256, remembered_sha256
from dubbing_pipeline.engines.inventory import inventory
from dubbing_pipeline.engines.registry import Registry
from dubbing_pipeline.engines.settings import Endpoint, EngineSettings
from dubbing_pipeline.engines.weights import find_whisper
from dubbing_pipeline.errors import EngineMissing, NotFoundError, RefusedError


@pytest.fixture
def settings(tmp_path: Path) -> EngineSettings:
    return EngineSettings(models_dir=tmp_path / "models", cache_dir=tmp_path / "cache")


def weights(folder: Path, content: bytes = b"weights") -> Path:
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(content)
    return folder


def test_an_engine_is_opened_once(settings: EngineSettings) -> None:
    registry = Registry(settings)
    assert registry.open("translate", "fake") is registry.open("translate", "fake")


def test_an_unknown_name_is_not_found(settings: EngineSettings) -> None:
    with pytest.raises(NotFoundError) as caught:
        Registry(settings).open("translate", "babelfish")
    assert "apertium" in str(caught.value.params["known"])


def test_another_version_is_another_engine(settings: EngineSettings) -> None:
    with pytest.raises(EngineMissing) as caught:
        Registry(settings).translator(EngineRef("fake", "0"))
    assert caught.value.code == "engines.other_than_asked"


def test_offline_no_endpoint_opens(settings: EngineSettings) -> None:
    told = replace(settings, offline=True, llm=Endpoint("http://127.0.0.1:9", "m"))
    with pytest.raises(RefusedError):
        Registry(told).open("translate", "openai")


def test_an_endpoint_opens_with_its_model_in_the_reference_and_no_address(
    settings: EngineSettings,
) -> None:
    told = replace(settings, llm=Endpoint("http://secret.host:1/", "qwen", SecretStr("k")))
    ref = Registry(told).open("translate", "openai").ref
    assert (ref.name, ref.model) == ("openai", "qwen")
    assert "host" not in repr(ref)
    assert Registry(told).translator(ref).ref == ref


@pytest.mark.parametrize(
    ("task", "name"), [("transcribe", "STT"), ("translate", "LLM"), ("synthesize", "TTS")]
)
def test_an_endpoint_that_is_not_set_names_its_setting(
    settings: EngineSettings, task: str, name: str
) -> None:
    with pytest.raises(EngineMissing) as caught:
        Registry(settings).open(task, "openai")  # type: ignore[arg-type]
    assert caught.value.params["setting"] == f"DUBBING_PIPELINE_{name}_URL"


def test_another_model_than_the_configured_one_is_missing(settings: EngineSettings) -> None:
    told = replace(settings, llm=Endpoint("http://127.0.0.1:9", "qwen"))
    with pytest.raises(EngineMissing) as caught:
        Registry(told).open("translate", "openai", "llama")
    assert caught.value.code == "engines.endpoint_other_model"


def test_weights_are_looked_for_in_the_folder_first_then_in_the_hub_cache(
    settings: EngineSettings, tmp_path: Path
) -> None:
    hub = tmp_path / "hub"
    snapshot = hub / "models--Systran--faster-whisper-small" / "snapshots" / ("c" * 40)
    told = replace(settings, hub_dir=hub)
    assert find_whisper(told, "small") is None
    weights(snapshot)
    found = find_whisper(told, "small")
    assert found is not None
    assert found.folder == snapshot
    own = weights(settings.models_dir / "whisper-small", b"others")
    again = find_whisper(told, "small")
    assert again is not None
    assert (again.folder, again.sha256 == found.sha256) == (own, False)


def test_missing_weights_name_the_three_ways(settings: EngineSettings) -> None:
    with pytest.raises(EngineMissing) as caught:
        Registry(settings).open("transcribe", "whisper", "small")
    params = caught.value.params
    assert params["fix"] == "dub engines install whisper-small"
    assert params["folder"] == str(settings.models_dir / "whisper-small")


def test_weights_that_may_be_fetched_open_by_their_pinned_hash_without_a_download(
    settings: EngineSettings,
) -> None:
    engine = Registry(replace(settings, allow_downloads=True)).open(
        "transcribe", "whisper", "small"
    )
    assert engine.ref.model_sha256.startswith("3e305921506d8872")
    assert not settings.models_dir.exists()


def test_offline_weights_are_not_promised(settings: EngineSettings) -> None:
    told = replace(settings, allow_downloads=True, offline=True)
    with pytest.raises(EngineMissing):
        Registry(told).open("transcribe", "whisper", "small")


def test_the_inventory_names_a_fix_for_all_that_is_not_ready(settings: EngineSettings) -> None:
    found = inventory(Registry(settings))
    assert [entry.name for entry in found if not entry.ready and not entry.fix] == []
    assert "whisper-small" in {entry.name for entry in found if not entry.ready}
    assert "fake" not in {entry.name for entry in found}


def test_the_inventory_lists_described_commands_even_broken_ones(settings: EngineSettings) -> None:
    folder = settings.models_dir / "commands"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text('task = "translate"\ncommand = ["no-such-program"]')
    entries = {entry.name: entry for entry in inventory(Registry(settings))}
    assert not entries["command-mine"].ready
    assert entries["command-mine"].fix == "install no-such-program"


def test_a_hash_is_remembered_until_the_file_changes(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    first = remembered_sha256(file, tmp_path / "cache")
    notes = list((tmp_path / "cache" / "hashes").iterdir())
    notes[0].write_text(notes[0].read_text().replace(first, "f" * 64))
    assert remembered_sha256(file, tmp_path / "cache") == "f" * 64
    file.write_bytes(b"three")
    assert remembered_sha256(file, tmp_path / "cache") != "f" * 64


def test_a_note_that_is_damaged_is_made_anew(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    first = remembered_sha256(file, tmp_path / "cache")
    for note in (tmp_path / "cache" / "hashes").iterdir():
        note.write_text("{")
    assert remembered_sha256(file, tmp_path / "cache") == first


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    (tmp_path / "cache").write_text("a file in the way")
    assert len(remembered_sha256(file, tmp_path / "cache")) == 64


def test_a_combined_hash_does_not_depend_on_order() -> None:
    assert combined_sha256({"a": "1", "b": "2"}) == combined_sha256({"b": "2", "a": "1"})
    assert combined_sha256({"a": "1", "b": "2"}) != combined_sha256({"a": "2", "b": "1"})
