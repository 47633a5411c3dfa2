"""Owns channels over HTTP; hides nothing."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from video_pipeline.api import models
from video_pipeline.api.caller import Editor, Reader
from video_pipeline.api.desk import AtDesk
from video_pipeline.api.once import OnceRoute
from video_pipeline.api.problems import answers

router = APIRouter(prefix="/channels", tags=["channels"], route_class=OnceRoute)


@router.get("", summary="List channels", responses=answers(401))
def list_channels(desk: AtDesk, caller: Reader) -> models.Channels:
    """All channels, newest first, with how many jobs they have."""
    found = desk.jobs.list_channels_with_counts()
    return models.Channels(items=[models.Channel.model_validate(each) for each in found])


@router.post("", status_code=201, summary="Add a channel", responses=answers(401, 403, 409))
def add_channel(new: models.NewChannel, desk: AtDesk, caller: Editor) -> models.Channel:
    """Add a channel; 409 when another one has the YouTube id."""
    made = desk.jobs.create_channel(new.name, new.brand_niche, new.youtube_channel_id)
    return models.Channel.model_validate(made)


@router.patch("/{channel_id}", summary="Rest a channel, or wake it", responses=answers(401, 403, 404))
def change_channel(channel_id: UUID, change: models.ChannelChange, desk: AtDesk, caller: Editor) -> models.Channel:
    """A channel that is not active gets no scheduled orders."""
    desk.jobs.set_channel_active(channel_id, change.is_active)
    return models.Channel.model_validate(desk.jobs.get_channel(channel_id))
