"""Owns that a plan never fails because of a language model; hides when the grammar steps in."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from video_pipeline.domain.brief import Brief
from video_pipeline.domain.storyboard import Song
from video_pipeline.ports import Checkup, PromptWriter, Script
from video_pipeline.providers.writers.author import LanguageModelWriter

log = logging.getLogger(__name__)


class WriterWithFallback:
    """`ports.PromptWriter`: a language model, and where it cannot, a writer that always can."""

    def __init__(self, writer: LanguageModelWriter, fallback: PromptWriter) -> None:
        self._writer = writer
        self._fallback = fallback
        self.name = writer.name
        self.price_usd = writer.price_usd
        self.stand_in = fallback

    def check(self) -> Checkup:
        """See ports.Checkable: of the model."""
        return self._writer.check()

    def write(
        self, brief: Brief, samples: Sequence[int], *, songs: Sequence[Song] = (), pictures: int | None = None
    ) -> Script:
        """A script that says who wrote it; what the model's tries cost is in it either way."""
        draft = self._writer.draft(brief, samples, songs=songs, pictures=pictures)
        if isinstance(draft.result, Script):
            return draft.result
        log.warning("%s writes in the place of %s: %s", self._fallback.name, self._writer.name, draft.result)
        script = self._fallback.write(brief, samples, songs=songs, pictures=pictures)
        return replace(script, cost_usd=script.cost_usd + draft.cost_usd)
