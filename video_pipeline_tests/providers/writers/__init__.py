"""Prompt writing by language models."""
