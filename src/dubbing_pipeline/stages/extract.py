"""Take the sound out of the film, twice: as it shall be mixed, and as recognisers want it."""

from typing import ClassVar

from dubbing_pipeline.media.audio import decode_film
from dubbing_pipeline.media.probe import audio_to_dub, probe
from dubbing_pipeline.stages.base import StageContext
from dubbing_pipeline.stages.call import Keys, StageCall


class Extract:
    """``film`` to ``sound`` (48 kHz stereo FLAC) and ``speech`` (16 kHz mono FLAC).

    Sample 0 of both is the film's time 0. With several sound tracks, the one in the source
    language is taken, then the default one.
    """

    name: ClassVar[str] = "extract"
    version: ClassVar[int] = 1

    def run(self, call: StageCall, context: StageContext) -> Keys:
        film = context.artifacts.fetch(call.inputs["film"])
        info = probe(film)
        sound, speech = context.artifacts.scratch(), context.artifacts.scratch()
        decode_film(
            film,
            info,
            audio_to_dub(info, call.params["language"]),
            mix=sound,
            speech=speech,
            tick=context.tick,
        )
        context.artifacts.put(call.key("sound"), sound)
        context.artifacts.put(call.key("speech"), speech)
        return {"sound": call.key("sound"), "speech": call.key("speech")}


STAGE = Extract()
