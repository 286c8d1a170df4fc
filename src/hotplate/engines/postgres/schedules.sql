
-- Schedules that some node knows or knew. Which moments were fired, their runs tell: by their keys.
create table hotplate.schedules (
    name        text collate "C" primary key,       -- full name in the registry
    spec        bytea not null,                     -- schedule.Schedule as JSON
    since       double precision not null,          -- what was due up to here is done with
    next_at     double precision,                   -- the next due moment; null while paused
    held        boolean not null default false,     -- that moment has come, and waits for the end of the run before
    paused_at   double precision,
    last_due    double precision,                   -- the last firing, and its run
    last_run    text collate "C",
    skipped     bigint not null default 0,          -- moments that were passed over; when, and why, the last ones
    skipped_at  double precision,
    skipped_for text,
    node        text collate "C" not null,          -- incarnation that put it on record
    version     bigint not null                     -- raised by each change, and its guard
) with (fillfactor = 50);
