"""Owns what things are called where they are bought, and the remedy when their words are refused; hides nothing."""

from __future__ import annotations

from uuid import UUID

from video_pipeline.domain.purchases import TRIALS


def music_item(order_index: int) -> str:
    """What a piece of music is called where it is bought."""
    return f"music/{order_index:02}"


def image_item(order_index: int) -> str:
    """What the picture of a scene is called where it is bought."""
    return f"images/{order_index:02}"


def clip_item(order_index: int) -> str:
    """What the clip of a scene is called where it is bought."""
    return f"clips/{order_index:02}"


def remedy(job_id: UUID, what: str) -> str:
    """What to do when the words of a thing of a job were refused: a clause without a stop."""
    if job_id == TRIALS:
        return "those of a trial are always the same; order a short video with words of your own"
    kind, _, number = what.partition("/")
    again = f"then 'video-pipeline job retry {job_id}'"
    match kind:
        case "music":
            return f"change them with 'video-pipeline job reword {job_id} {int(number)} --prompt \"...\"', {again}"
        case "images":
            return f"change them with 'video-pipeline job refine {job_id} {int(number)} --prompt \"...\"', {again}"
        case "clips":
            return (
                f"change them, and with them the picture, with 'video-pipeline job refine {job_id} {int(number)} "
                f'--prompt "..."\', {again}'
            )
        case "thumbnails":
            return "they are made of the description of scene 1, and the video's own pictures serve as well"
        case _:
            return "they are made of niche, moods and prompt; order the video anew with others"
