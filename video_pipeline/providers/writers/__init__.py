"""Owns prompt writing by language models; hides vendors, JSON and what models get wrong.

task        what a model is told: the order, and the rules of a script
schema      the JSON that it has to answer with
reading     from that JSON to a script; says what is wrong with it
model       what a vendor's model has to do, and what its answers cost
author      the conversation: one question, one chance to mend
fallback    the grammar, where a model cannot
openai      any server that speaks as OpenAI's does
gemini      Google's
"""

from video_pipeline.providers.writers.author import LanguageModelWriter
from video_pipeline.providers.writers.fallback import WriterWithFallback
from video_pipeline.providers.writers.gemini import GeminiModel
from video_pipeline.providers.writers.model import Model, Tariff
from video_pipeline.providers.writers.openai import OpenAiModel

__all__ = ["GeminiModel", "LanguageModelWriter", "Model", "OpenAiModel", "Tariff", "WriterWithFallback"]
