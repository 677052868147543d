"""Lay a person's edits over the timeline the stages made."""

from typing import ClassVar

from dubbing_pipeline.stages.artifacts import put_text
from dubbing_pipeline.stages.base import StageContext
from dubbing_pipeline.stages.call import Keys, StageCall
from dubbing_pipeline.stages.documents import read_edits, read_timeline, timeline_text


class Revise:
    """``timeline`` and ``edits`` to a ``timeline`` with the edits applied."""

    name: ClassVar[str] = "revise"
    version: ClassVar[int] = 1

    def run(self, call: StageCall, context: StageContext) -> Keys:
        timeline = read_timeline(context.artifacts.fetch(call.inputs["timeline"]))
        edits = read_edits(context.artifacts.fetch(call.inputs["edits"]))
        text = timeline_text(edits.apply(timeline))
        return {"timeline": put_text(context.artifacts, call.key("timeline"), text)}


STAGE = Revise()
