
-- Schedules that some node knows or knew. Which moments were fired, their runs tell: by their keys.
create table schedules (
    name        text primary key,                   -- full name in the registry
    spec        blob not null,                      -- schedule.Schedule as JSON
    since       real not null,                      -- what was due up to here is done with
    next_at     real,                               -- the next due moment; null while paused
    held        integer not null default 0,         -- 1: that moment has come, and waits for the end of the run before
    paused_at   real,
    last_due    real,                               -- the last firing, and its run
    last_run    text,
    skipped     integer not null default 0,         -- moments that were passed over; when, and why, the last ones
    skipped_at  real,
    skipped_for text,
    node        text not null,                      -- incarnation that put it on record
    version     integer not null                    -- raised by each change, and its guard
) without rowid;
