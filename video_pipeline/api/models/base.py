"""Owns what all answers share; hides pydantic's options."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """Base of what is given."""

    model_config = ConfigDict(from_attributes=True)
