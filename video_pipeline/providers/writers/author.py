"""Owns the conversation in which a language model writes a script; hides how often it is asked.

It is asked once, once more with more room when its answer is cut short, and once to mend what was wrong; no further
when the next answer may cost more than was set aside for all of them.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from video_pipeline.domain.brief import Brief
from video_pipeline.domain.errors import AnswerLostError, PromptRefusedError, ProviderRefusedError, StudioError
from video_pipeline.domain.money import usd
from video_pipeline.domain.storyboard import Song
from video_pipeline.ports import Checkup, Script
from video_pipeline.providers.grammar.wording import plain
from video_pipeline.providers.writers.model import Answer, Ending, Model, Role, Tariff, Turn, tokens_in
from video_pipeline.providers.writers.reading import parsed, read_script
from video_pipeline.providers.writers.schema import script_schema
from video_pipeline.providers.writers.task import SYSTEM, Task

log = logging.getLogger(__name__)

TOKENS_AT_LEAST = 6000
"""Room for texts and for thinking, which counts as writing."""

TOKENS_AN_ENTRY = 350
TOKENS_MOST = TOKENS_AT_LEAST + 40 * TOKENS_AN_ENTRY
"""Of an answer about an album, with its 20 pieces and 20 pictures."""

ANSWERS_PAID = 3
"""What is set aside does for an answer that is cut short and one with twice the room, or for three whole ones."""

ANSWER_KEPT_CHARACTERS = 100_000
REASON_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Draft:
    """What came of a conversation; it has cost something either way."""

    result: Script | StudioError
    cost_usd: Decimal


class LanguageModelWriter:
    """`ports.PromptWriter`; safe to share between threads."""

    def __init__(self, model: Model, tariff: Tariff) -> None:
        self._model = model
        self._tariff = tariff
        self.name = f"{model.vendor}/{model.name}"
        self.price_usd = tariff.of(ANSWERS_PAID * TOKENS_MOST, ANSWERS_PAID * TOKENS_MOST)
        self.stand_in = None

    def write(
        self, brief: Brief, samples: Sequence[int], *, songs: Sequence[Song] = (), pictures: int | None = None
    ) -> Script:
        """See ports.PromptWriter; PromptRefusedError, ProviderRefusedError, or what may pass, when it cannot."""
        result = self.draft(brief, samples, songs=songs, pictures=pictures).result
        if isinstance(result, StudioError):
            raise result
        return result

    def check(self) -> Checkup:
        """See ports.Checkable."""
        return self._model.check()

    def draft(
        self, brief: Brief, samples: Sequence[int], *, songs: Sequence[Song] = (), pictures: int | None = None
    ) -> Draft:
        """A script or why there is none, with what it cost."""
        task = Task(brief, tuple(samples), tuple(songs), len(samples) if pictures is None else pictures)
        talk = _Talk(self._model, self._tariff, task, self.price_usd)
        try:
            script = talk.script()
        except StudioError as error:
            return Draft(error, talk.spent_usd)
        return Draft(replace(script, cost_usd=talk.spent_usd, written_by=self.name), talk.spent_usd)


class _Talk:
    """One conversation."""

    def __init__(self, model: Model, tariff: Tariff, task: Task, most_usd: Decimal) -> None:
        self.spent_usd = Decimal(0)
        self._most_usd = most_usd
        self._model = model
        self._tariff = tariff
        self._task = task
        self._schema = script_schema(task)
        self._turns = [Turn(Role.USER, task.prompt)]
        self._most_tokens = TOKENS_AT_LEAST + TOKENS_AN_ENTRY * (len(task.samples) + task.pictures)

    def script(self) -> Script:
        """The first script that is usable."""
        read = self._read(self._answered())
        if isinstance(read, tuple):
            log.info("%s has to mend its script: %s", self._model.name, "; ".join(read))
            self._turns.append(Turn(Role.USER, _mend(read)))
            read = self._read(self._answered())
        if isinstance(read, tuple):
            raise ProviderRefusedError(
                f"{self._model.vendor}: {self._model.name} wrote no usable script, {'; '.join(read[:3])}; "
                "order it again, or choose another model"
            )
        return read

    def _read(self, answer: Answer) -> Script | tuple[str, ...]:
        self._turns.append(Turn(Role.MODEL, answer.text[:ANSWER_KEPT_CHARACTERS] or "{}"))
        return read_script(parsed(answer.text), self._task)

    def _answered(self) -> Answer:
        answer = self._asked()
        if answer.ending is Ending.CUT_SHORT:
            self._most_tokens *= 2
            answer = self._asked()
        if answer.ending is Ending.CUT_SHORT:
            raise ProviderRefusedError(
                f"{self._model.vendor}: {self._model.name} did not finish the script in {self._most_tokens} tokens; "
                "order fewer scenes, or choose another model"
            )
        if answer.ending is Ending.REFUSED:
            reason = plain(answer.reason, REASON_CHARACTERS) or "it gives no reason"
            raise PromptRefusedError(
                f"{self._model.vendor}: {self._model.name} refused to write this ({reason}); "
                "change niche, moods or prompt"
            )
        return answer

    def _asked(self) -> Answer:
        text = "\n".join([SYSTEM, str(self._schema), *(turn.text for turn in self._turns)])
        worst_usd = self._tariff.of(tokens_in(text), self._most_tokens)
        if self.spent_usd and self.spent_usd + worst_usd > self._most_usd:
            raise ProviderRefusedError(
                f"{self._model.vendor}: {self._model.name} wrote no usable script for {usd(self.spent_usd)}, and "
                f"another answer may cost more than the {usd(self._most_usd)} set aside; order it again, or choose "
                "another model"
            )
        try:
            answer = self._model.ask(SYSTEM, self._turns, self._schema, self._most_tokens)
        except AnswerLostError:
            # Nobody knows what it cost; books that say a little too much are better than such that say nothing.
            self.spent_usd += worst_usd
            raise
        self.spent_usd += self._tariff.cost(text, answer)
        return answer


def _mend(complaints: Sequence[str]) -> str:
    lines = "\n".join(f"- {each}" for each in complaints)
    return f"This cannot be used:\n{lines}\nAnswer with the whole JSON object again, with this mended."
