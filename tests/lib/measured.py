"""What was measured on a film of one line that is as it should be."""

from dubbing_pipeline.engines.base import SpeechSpan
from dubbing_pipeline.media.audio import Loudness
from dubbing_pipeline.model.speech import Fit
from dubbing_pipeline.stages.finished_film import FilmMeasures
from dubbing_pipeline.stages.listening import LineMeasures
from dubbing_pipeline.stages.metrics import Hearing

FIT = Fit(0, 1000, 1000, 1200, 1.0, 0, 0, "fits")
LINE = LineMeasures(1, 1.0, 0, 0, "fits", 0, 15.0, 0.05, offset_ms=0, onset_error_ms=10)
SPOKEN = [SpeechSpan(0, 1000)]
HEARING = Hearing([LINE], SPOKEN, SPOKEN, source_words=0.1, untranslated=0.0)
FILM = FilmMeasures(10_000, 0, Loudness(-16.0, -1.5, 5.0), 0.9, 0.9, True, True)
