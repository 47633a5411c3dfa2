"""Owns what an event leaves for webhooks: one row each, in the event's own transaction; hides the query.

So nothing is told that was rolled back, and nothing that was committed goes untold. Who was disabled learns nothing,
and a key's webhook is told of what the key ordered as long as the key counts.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

# The id is drawn in the inner query, because the payload repeats it. FOR KEY SHARE waits for a webhook that is just
# being removed and then passes it over; the foreign key alone would fail the whole move of the job.
_ANNOUNCE = text(
    """
INSERT INTO webhook_deliveries (id, webhook_id, event_id, payload)
SELECT told.id, told.webhook_id, told.event_id, jsonb_build_object(
    'id', told.id,
    'type', 'job.' || told.event_kind,
    'created_at', told.created_at,
    'data', jsonb_build_object(
        'event_id', told.event_id,
        'job_id', told.job_id,
        'channel_id', told.channel_id,
        'kind', told.kind,
        'status_from', told.status_from,
        'status', told.status,
        'message', told.message,
        'title', told.title,
        'user_id', told.user_id
    )
)
FROM (
    SELECT gen_random_uuid() AS id, webhook.id AS webhook_id, event.id AS event_id, event.kind AS event_kind,
        event.created_at, event.status_from, event.message, job.id AS job_id, job.channel_id, job.kind, job.status,
        job.youtube_title AS title, job.user_id
    FROM job_events AS event
    JOIN video_jobs AS job ON job.id = event.video_job_id
    JOIN webhooks AS webhook ON webhook.is_active
        AND (webhook.channel_id IS NULL OR webhook.channel_id = job.channel_id)
        AND (webhook.user_name IS NULL OR webhook.user_name = job.user_id)
        AND (webhook.api_key_id IS NULL OR EXISTS (
            SELECT FROM api_keys AS key WHERE key.id = webhook.api_key_id AND key.id = job.api_key_id
                AND key.revoked_at IS NULL AND (key.expires_at IS NULL OR key.expires_at > clock_timestamp())
        ))
        AND (webhook.kinds IS NULL OR webhook.kinds ? event.kind)
        AND NOT EXISTS (SELECT FROM users WHERE users.name = webhook.user_name AND users.disabled_at IS NOT NULL)
    WHERE event.id = :event
    FOR KEY SHARE OF webhook
) AS told
"""
)


def announce(connection: Connection, event_id: int) -> None:
    """Leave one delivery of this event for each active webhook that wants it."""
    connection.execute(_ANNOUNCE, {"event": event_id})
