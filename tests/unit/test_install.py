"""Models come whole, as pinned, or not at all: from a hub that misbehaves, and from files."""

import hashlib
import io
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from dubbing_pipeline.engines import install
from dubbing_pipeline.engines.catalogue import ModelFile, PinnedModel, pinned_models
from dubbing_pipeline.engines.install import Installed, Installer
from dubbing_pipeline.engines.settings import EngineSettings
from dubbing_pipeline.errors import (
    Cancelled,
    EngineFailed,
    EngineMissing,
    EngineUnreachable,
    InputRefused,
    NotFoundError,
    RefusedError,
)
from fakes.clock import FakeClock
from fakes.http_service import HttpService, Received, Reply, serving

WEIGHTS = bytes(range(256)) * 400
CONTENT = {
    "config.json": b"{}",
    "model.bin": WEIGHTS,
    "tokenizer.json": b"[]",
    "vocabulary.txt": b"a",
}
VOICE = {"xx_XX-test-medium.onnx": WEIGHTS, "xx_XX-test-medium.onnx.json": b"{}"}
REVISION = "a" * 40


def pinned(kind: str, content: dict[str, bytes], folder: str = "") -> PinnedModel:
    files = [
        ModelFile(path=folder + name, size=len(data), sha256=hashlib.sha256(data).hexdigest())
        for name, data in content.items()
    ]
    return PinnedModel(
        kind=kind,  # type: ignore[arg-type]
        repository="owner/name",
        revision=REVISION,
        license="MIT",
        files=tuple(files),
    )


@pytest.fixture(autouse=True)
def _catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    models = {
        "whisper-small": pinned("whisper", CONTENT),
        "piper-xx": pinned("piper", VOICE, folder="xx/medium/"),
    }
    monkeypatch.setattr(install, "pinned_models", lambda: models)


@pytest.fixture
def settings(tmp_path: Path) -> EngineSettings:
    return EngineSettings(models_dir=tmp_path / "models", cache_dir=tmp_path / "cache")


class Hub:
    """Serves the files of a repository by the hub's paths, with ranges, and misbehaves once."""

    def __init__(self, content: dict[str, bytes], *bad: Reply, ranges: bool = True) -> None:
        self._content = content
        self._bad = list(bad)
        self._ranges = ranges

    def __call__(self, received: Received) -> Reply:
        name = received.path.rpartition("/")[2]
        if name == "model.bin" and self._bad:
            return self._bad.pop(0)
        assert received.path.startswith(f"/owner/name/resolve/{REVISION}/")
        data = self._content[name]
        start = int(received.headers.get("range", "bytes=0-")[6:-1])
        if start and self._ranges:
            headers = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}
            return Reply(data[start:], 206, headers)
        return Reply(data)


def fetch(settings: EngineSettings, hub: Hub, name: str = "whisper-small") -> HttpService:
    with serving(hub) as service:
        told = replace(settings, hub_url=service.url)
        Installer(told, clock=FakeClock()).install(name, tick=lambda _: None)
    return service


def bring(settings: EngineSettings, origin: Path, name: str = "whisper-small") -> Installed:
    return Installer(settings, clock=FakeClock()).install(
        name, from_file=origin, tick=lambda _: None
    )


def content_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_model_is_fetched_whole_and_nothing_else_stays(settings: EngineSettings) -> None:
    fetch(settings, Hub(CONTENT))
    assert content_of(settings.models_dir / "whisper-small") == CONTENT
    assert [path.name for path in settings.models_dir.iterdir()] == ["whisper-small"]


def test_progress_grows_to_one(settings: EngineSettings) -> None:
    seen: list[float] = []
    with serving(Hub(CONTENT)) as service:
        told = replace(settings, hub_url=service.url)
        Installer(told, clock=FakeClock()).install("whisper-small", tick=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_a_voice_is_put_beside_the_others(settings: EngineSettings) -> None:
    fetch(settings, Hub(VOICE), "piper-xx")
    assert content_of(settings.models_dir / "piper") == VOICE


def test_a_cut_download_goes_on_where_it_stopped(settings: EngineSettings) -> None:
    service = fetch(settings, Hub(CONTENT, Reply(WEIGHTS, cut_after=50_000)))
    ranges = [asked.headers.get("range") for asked in service.received if "model" in asked.path]
    assert ranges == [None, "bytes=50000-"]
    assert (settings.models_dir / "whisper-small" / "model.bin").read_bytes() == WEIGHTS


def test_a_later_call_goes_on_too(settings: EngineSettings) -> None:
    cuts = [Reply(WEIGHTS, cut_after=1_000), *[Reply(status=503)] * 9]
    with pytest.raises(EngineUnreachable):
        fetch(settings, Hub(CONTENT, *cuts))
    assert not (settings.models_dir / "whisper-small").exists()
    service = fetch(settings, Hub(CONTENT))
    assert service.received[0].headers["range"] == "bytes=1000-"


def test_a_server_without_ranges_sends_it_all_again(settings: EngineSettings) -> None:
    fetch(settings, Hub(CONTENT, Reply(WEIGHTS, cut_after=50_000), ranges=False))
    assert (settings.models_dir / "whisper-small" / "model.bin").read_bytes() == WEIGHTS


def test_a_range_that_begins_elsewhere_is_not_appended(settings: EngineSettings) -> None:
    cut = Reply(WEIGHTS, cut_after=50_000)
    wrong = Reply(WEIGHTS, 206, {"Content-Range": f"bytes 0-{len(WEIGHTS) - 1}/{len(WEIGHTS)}"})
    fetch(settings, Hub(CONTENT, cut, wrong))
    assert (settings.models_dir / "whisper-small" / "model.bin").read_bytes() == WEIGHTS


@pytest.mark.parametrize("bad", [bytes(len(WEIGHTS)), WEIGHTS + b"more"])
def test_another_content_is_thrown_away(settings: EngineSettings, bad: bytes) -> None:
    with pytest.raises(EngineFailed) as caught:
        fetch(settings, Hub({**CONTENT, "model.bin": bad}))
    assert caught.value.code == "engines.wrong_hash"
    assert not (settings.models_dir / "whisper-small").exists()
    assert not list(settings.models_dir.rglob("model.bin"))


def test_a_refusal_of_the_hub_is_an_error_at_once(settings: EngineSettings) -> None:
    with pytest.raises(EngineFailed) as caught:
        fetch(settings, Hub(CONTENT, Reply(status=404)))
    assert caught.value.code == "engines.download_refused"


def test_a_redirect_is_followed(settings: EngineSettings) -> None:
    with serving(Hub(CONTENT)) as behind:
        path = f"{behind.url}/owner/name/resolve/{REVISION}/model.bin"
        fetch(settings, Hub(CONTENT, Reply(status=302, headers={"Location": path})))
    assert (settings.models_dir / "whisper-small").is_dir()


def test_a_cancel_keeps_what_came(settings: EngineSettings) -> None:
    def stop(done: float) -> None:
        if done > 0.3:
            raise Cancelled("stages.cancelled")

    with serving(Hub(CONTENT)) as service:
        installer = Installer(replace(settings, hub_url=service.url), clock=FakeClock())
        with pytest.raises(Cancelled):
            installer.install("whisper-small", tick=stop)
    assert not (settings.models_dir / "whisper-small").exists()
    assert list((settings.models_dir / ".whisper-small.part").iterdir())


def test_offline_nothing_is_fetched(settings: EngineSettings) -> None:
    with pytest.raises(RefusedError) as caught:
        fetch(replace(settings, offline=True), Hub(CONTENT))
    assert caught.value.code == "engines.offline_install"


def test_what_is_there_is_checked_and_left_alone(settings: EngineSettings) -> None:
    fetch(settings, Hub(CONTENT))
    done = bring(settings, Path("nowhere"))
    assert done.was_there


def test_something_else_in_its_place_is_never_overwritten(settings: EngineSettings) -> None:
    taken = settings.models_dir / "whisper-small"
    taken.mkdir(parents=True)
    (taken / "model.bin").write_bytes(b"mine")
    with pytest.raises(RefusedError):
        fetch(settings, Hub(CONTENT))
    assert content_of(taken) == {"model.bin": b"mine"}


def folder(place: Path, content: dict[str, bytes]) -> Path:
    inner = place / "deep" / "down"
    inner.mkdir(parents=True)
    for name, data in content.items():
        (inner / name).write_bytes(data)
    return place


def zipped(place: Path, content: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(place, "w") as archive:
        for name, data in content.items():
            archive.writestr(f"../../{name}", data)
    return place


def tarred(place: Path, content: dict[str, bytes]) -> Path:
    with tarfile.open(place, "w:gz") as archive:
        for name, data in content.items():
            info = tarfile.TarInfo(f"/etc/{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return place


@pytest.mark.parametrize(
    ("name", "pack"),
    [("model", folder), ("m.zip", zipped), ("m-1-py3-none-any.whl", zipped), ("m.tar.gz", tarred)],
)
def test_a_model_is_taken_from_what_a_person_brings(
    settings: EngineSettings, tmp_path: Path, name: str, pack: object
) -> None:
    assert callable(pack)
    origin = pack(tmp_path / name, CONTENT)
    done = bring(replace(settings, offline=True), origin)
    assert done.pinned
    assert content_of(settings.models_dir / "whisper-small") == CONTENT
    assert not (tmp_path / "etc").exists()


def test_a_file_of_another_hash_is_refused(settings: EngineSettings, tmp_path: Path) -> None:
    wrong = {**CONTENT, "model.bin": bytes(len(WEIGHTS))}
    with pytest.raises(EngineFailed) as caught:
        bring(settings, folder(tmp_path / "model", wrong))
    assert caught.value.code == "engines.wrong_hash"
    assert not (settings.models_dir / "whisper-small").exists()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"model.bin": WEIGHTS}, "engines.archive_incomplete"),
        ({**CONTENT, "model.bin": b"short"}, "engines.archive_size"),
    ],
)
def test_an_archive_that_is_not_the_model_is_refused(
    settings: EngineSettings, tmp_path: Path, content: dict[str, bytes], code: str
) -> None:
    with pytest.raises(InputRefused) as caught:
        bring(settings, zipped(tmp_path / "m.zip", content))
    assert caught.value.code == code


def test_neither_folder_nor_archive_is_refused(settings: EngineSettings, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    with pytest.raises(InputRefused):
        bring(settings, tmp_path / "text")
    with pytest.raises(NotFoundError):
        bring(settings, tmp_path / "missing")


def test_a_recogniser_nobody_pinned_is_taken_and_said_to_be_unpinned(
    settings: EngineSettings, tmp_path: Path
) -> None:
    done = bring(settings, folder(tmp_path / "model", CONTENT), "whisper-small.en")
    assert not done.pinned
    assert done.sha256 == hashlib.sha256(WEIGHTS).hexdigest()
    assert content_of(settings.models_dir / "whisper-small.en") == CONTENT


def test_a_recogniser_nobody_pinned_is_not_fetched(settings: EngineSettings) -> None:
    with pytest.raises(EngineMissing) as caught:
        fetch(settings, Hub(CONTENT), "whisper-small.en")
    assert "--from-file" in str(caught.value.params["fix"])


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("apertium-eng-spa", "sudo apt-get install apertium apertium-eng-spa"),
        ("apertium-eu-es", "sudo apt-get install apertium apertium-eu-es"),
        ("espeak", "sudo apt-get install espeak-ng"),
        ("piper", "./scripts/setup"),
    ],
)
def test_what_the_system_brings_is_named_by_its_command(
    settings: EngineSettings, name: str, command: str
) -> None:
    with pytest.raises(EngineMissing) as caught:
        bring(settings, Path(), name)
    assert caught.value.params["fix"] == command


@pytest.mark.parametrize("name", ["nonsense", "whisper-huge", "apertium-en-tlh"])
def test_an_unknown_name_is_not_found(settings: EngineSettings, name: str) -> None:
    with pytest.raises(NotFoundError):
        bring(settings, Path(), name)


def test_the_catalogue_that_ships_is_pinned_throughout() -> None:
    models = pinned_models()
    assert {"whisper-small", "whisper-large-v3", "piper-es"} <= set(models)
    for name, model in models.items():
        assert name.startswith(f"{model.kind}-")
        assert len({file.sha256 for file in model.files}) == len(model.files)
        assert model.revision in model.url(model.weights, "https://hub")
