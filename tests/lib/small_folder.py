"""A short real film, dubbed into a folder by the engines that ship without a model."""

from pathlib import Path

from dubbing_pipeline.engines.registry import Registry
from dubbing_pipeline.engines.settings import EngineSettings
from dubbing_pipeline.stages.dub import Dubber, Request
from dubbing_pipeline.stages.folder_store import FolderStore
from dubbing_pipeline.stages.runner import Runner, load_stages
from fakes.clock import FakeClock
from lib.small_film import CHOICE, SPEC
from samples.programs import ffmpeg

SECONDS = 12
_BURSTS = "if(lt(mod(t,4),2.5),0.2*sin(880*t)*(0.6+0.4*sin(25*t)),0)"


def make_film(path: Path) -> Path:
    """Write twelve seconds of picture and three bursts of sound."""
    picture = ("-f", "lavfi", "-i", f"testsrc=size=160x90:rate=10:duration={SECONDS}")
    sound = ("-f", "lavfi", "-i", f"aevalsrc='{_BURSTS}':s=48000:d={SECONDS}")
    coded = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac")
    ffmpeg(*picture, *sound, *coded, str(path))
    return path


def dubber_of(store: FolderStore) -> Dubber:
    engines = Registry(EngineSettings(Path("/nowhere"), Path("/nowhere")))
    clock = FakeClock()
    return Dubber(
        artifacts=store,
        runner=Runner(artifacts=store, engines=engines, clock=clock, load=load_stages),
        resolve=lambda _: CHOICE,
        outside=store.outside,
        clock=clock,
    )


def request_of(film: Path, out_dir: Path) -> Request:
    return Request(film=film, spec=SPEC, out_dir=out_dir)
