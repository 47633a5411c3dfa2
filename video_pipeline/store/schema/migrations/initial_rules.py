"""Owns the functions and triggers of the first schema; hides nothing. Frozen: a later revision changes them anew."""

TOUCH = """
CREATE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END $$
"""

APPEND_ONLY = """
CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A row may go together with its job: then the job is gone already when the cascade comes here.
    IF TG_OP = 'DELETE' AND TG_ARGV[0] = 'goes with its job' THEN
        IF NOT EXISTS (SELECT FROM video_jobs WHERE id = OLD.video_job_id) THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$
"""

ALBUM_PAIRS = """
CREATE FUNCTION check_album_pairs() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    concerned UUID[];
    job UUID;
    job_kind video_job_kind;
    job_status video_job_status;
    tracks INTEGER;
    pictures INTEGER;
    pairs INTEGER;
BEGIN
    IF TG_TABLE_NAME = 'video_jobs' THEN
        concerned := ARRAY[NEW.id];
    ELSIF TG_OP = 'INSERT' THEN
        concerned := ARRAY[NEW.video_job_id];
    ELSIF TG_OP = 'DELETE' THEN
        concerned := ARRAY[OLD.video_job_id];
    ELSE
        concerned := ARRAY[OLD.video_job_id, NEW.video_job_id];
    END IF;
    FOREACH job IN ARRAY concerned LOOP
        -- The lock makes a concurrent change of status wait, or makes us see it; so it may not depend on the status.
        SELECT kind, status INTO job_kind, job_status FROM video_jobs WHERE id = job FOR SHARE;
        CONTINUE WHEN NOT FOUND OR job_kind <> 'album' OR job_status NOT IN ('awaiting_approval', 'rendering');
        SELECT count(*) INTO tracks FROM audio_tracks WHERE video_job_id = job;
        SELECT count(*) INTO pictures FROM images WHERE video_job_id = job;
        SELECT count(*) INTO pairs FROM audio_tracks AS track
            JOIN images AS image USING (video_job_id, order_index) WHERE track.video_job_id = job;
        IF tracks <> 20 OR pictures <> 20 OR pairs <> 20 THEN
            RAISE EXCEPTION 'an album that is % needs exactly 20 audio tracks paired with 20 images, '
                'job % has % tracks, % images, % pairs', job_status, job, tracks, pictures, pairs
                USING ERRCODE = 'check_violation', CONSTRAINT = 'album_pairs';
        END IF;
    END LOOP;
    RETURN NULL;
END $$
"""

_DEFERRED = "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"

TRIGGERS = (
    "CREATE TRIGGER channels_updated_at BEFORE UPDATE ON channels FOR EACH ROW EXECUTE FUNCTION touch_updated_at()",
    "CREATE TRIGGER video_jobs_updated_at BEFORE UPDATE ON video_jobs FOR EACH ROW EXECUTE FUNCTION touch_updated_at()",
    "CREATE TRIGGER job_events_append_only BEFORE UPDATE OR DELETE ON job_events"
    " FOR EACH ROW EXECUTE FUNCTION refuse_rewriting('goes with its job')",
    "CREATE TRIGGER job_events_no_truncate BEFORE TRUNCATE ON job_events EXECUTE FUNCTION refuse_rewriting('never')",
    "CREATE TRIGGER cost_ledger_append_only BEFORE UPDATE OR DELETE ON cost_ledger"
    " FOR EACH ROW EXECUTE FUNCTION refuse_rewriting('never')",
    "CREATE TRIGGER cost_ledger_no_truncate BEFORE TRUNCATE ON cost_ledger EXECUTE FUNCTION refuse_rewriting('never')",
    "CREATE CONSTRAINT TRIGGER album_pairs AFTER INSERT OR UPDATE OF status, kind ON video_jobs"
    f" {_DEFERRED} WHEN (NEW.kind = 'album' AND NEW.status IN ('awaiting_approval', 'rendering'))"
    " EXECUTE FUNCTION check_album_pairs()",
    # A 21st track is refused by its order_index, so only its going needs a look; a picture may come without a number.
    "CREATE CONSTRAINT TRIGGER album_pairs AFTER DELETE OR UPDATE OF video_job_id, order_index ON audio_tracks"
    f" {_DEFERRED} EXECUTE FUNCTION check_album_pairs()",
    "CREATE CONSTRAINT TRIGGER album_pairs AFTER DELETE OR UPDATE OF video_job_id, order_index ON images"
    f" {_DEFERRED} EXECUTE FUNCTION check_album_pairs()",
    "CREATE CONSTRAINT TRIGGER album_pairs_insert AFTER INSERT ON images"
    f" {_DEFERRED} WHEN (NEW.order_index IS NULL AND NEW.video_job_id IS NOT NULL)"
    " EXECUTE FUNCTION check_album_pairs()",
)

CREATE = (TOUCH, APPEND_ONLY, ALBUM_PAIRS, *TRIGGERS)
DROP = (
    "DROP FUNCTION check_album_pairs()",
    "DROP FUNCTION refuse_rewriting()",
    "DROP FUNCTION touch_updated_at()",
)
"""After the tables, with which their triggers go."""
