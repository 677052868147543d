"""Translate all lines of a film at once, and check that none was lost on the way."""

from dataclasses import replace
from typing import ClassVar

from dubbing_pipeline.errors import UsageError
from dubbing_pipeline.stages.base import StageContext
from dubbing_pipeline.stages.call import Keys, StageCall
from dubbing_pipeline.stages.documents import put_json, put_text, read_timeline, timeline_text


class Translate:
    """``lines`` (and ``subtitles`` of the target language) to ``timeline`` and ``variants``."""

    name: ClassVar[str] = "translate"
    version: ClassVar[int] = 1

    def run(self, call: StageCall, context: StageContext) -> Keys:
        heard = read_timeline(context.artifacts.fetch(call.inputs["lines"]))
        target = str(call.params["language"])
        if target == heard.source_language:
            raise UsageError("stages.same_language", language=target)
        spoken = tuple(line for line in heard.lines if says_something(line.source))
        found = self._texts(call, context, heard, spoken)
        texts = _checked(spoken, found)
        lines = tuple(_with_target(line, texts) for line in heard.lines)
        timeline = replace(heard, target_language=target, lines=lines)
        variants = {str(line_id): list(each) for line_id, each in texts.items()}
        return {
            "timeline": put_text(context.artifacts, call.key("timeline"), timeline_text(timeline)),
            "variants": put_json(context.artifacts, call.key("variants"), variants),
        }


STAGE = Translate()
