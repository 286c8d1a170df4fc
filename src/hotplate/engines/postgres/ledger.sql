-- The record of runs for PostgreSQL. The states and moves are those of run.MOVES; see sqlite/ledger.sql for the same
-- tables of the embedded engine.

create schema if not exists hotplate;

-- Ids are UUIDs, as text. Names and ids compare by bytes.
create table hotplate.meta (name text primary key, value text not null);

create table hotplate.runs (
    no              bigint generated always as identity primary key,    -- order of starting; pages go by it
    id              text collate "C" not null unique,
    job             text collate "C" not null,                  -- full name in the registry
    queue           text collate "C" not null,
    priority        integer not null,               -- higher is sooner
    turn            bigint not null,                -- fair turns: callers of a queue alternate in it
    caller          text collate "C" not null,
    key             text collate "C",                           -- idempotency: unique for job and caller
    state           text not null default 'queued'
                    check (state in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    ready           boolean not null,               -- queued and due, so that a worker may claim it
    attempt         integer not null default 0,     -- raised by each claim: the fence
    max_attempts    integer not null,               -- raised with each claim that was not charged
    lost            integer not null default 0,     -- how often its worker died in it
    lost_limit      integer not null,
    node            text collate "C",                           -- incarnation that has it while it is running
    stop_requested  text,                           -- 'cancel', once somebody asked for it
    seq             bigint not null default 0,      -- last seq of what it carries: moves, progress, log, partials
    moves           text not null default '',       -- history: [seq, move, at, attempt], comma-separated
    created_at      double precision not null,      -- times are Unix timestamps by the database's clock
    due_at          double precision not null,
    started_at      double precision,               -- when the current attempt began; null while only claimed
    finished_at     double precision,
    params          bytea not null,                 -- JSON array or object
    progress        bytea,
    saved           bytea,                          -- last checkpoint
    log_bytes       bigint not null default 0,
    result          bytea,
    result_file     text,                           -- file of a result too large for the row
    error           bytea,
    traceback       text,                           -- for operators only
    retry_of        text,
    parent_id       text collate "C",
    trace           text,                           -- the trace that its start belongs to: W3C traceparent
    check (not ready or state = 'queued'),
    check ((state = 'running') = (node is not null)),
    check ((state in ('succeeded', 'failed', 'cancelled')) = (finished_at is not null))
) with (
    fillfactor = 70,                                -- room on the page for the versions that a run goes through
    autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 5000, autovacuum_analyze_threshold = 5000,
    autovacuum_vacuum_cost_delay = 0
);
create index runs_ready on hotplate.runs (queue, job, priority desc, turn, no) where ready;
create index runs_delayed on hotplate.runs (due_at) where state = 'queued' and not ready;
create index runs_running on hotplate.runs (node) where state = 'running';
create unique index runs_key on hotplate.runs (job, caller, key) where key is not null;
create index runs_job on hotplate.runs (job, no);
create index runs_caller on hotplate.runs (caller, no);
create index runs_failed on hotplate.runs (no) where state = 'failed';
create index runs_cancelled on hotplate.runs (no) where state = 'cancelled';
create index runs_children on hotplate.runs (parent_id, no) where parent_id is not null;
create index runs_finished on hotplate.runs (finished_at) where finished_at is not null;

-- What a run said, beside its moves: log lines and partial results, each under a seq of the run.
create table hotplate.events (
    run_no  bigint not null references hotplate.runs (no) on delete cascade,
    seq     bigint not null,
    type    text not null check (type in ('log', 'partial')),
    at      double precision not null,
    data    bytea not null,
    primary key (run_no, seq)
);

-- One lane for each queue and job: a claim of a job with a limit takes from it only while fewer than `cap` are running
-- in all its lanes. `running` is counted only where there is a `cap`: one row that every claim changes would make
-- all of them wait for each other.
create table hotplate.lanes (
    queue   text collate "C" not null,
    job     text collate "C" not null,
    cap     integer,
    running integer not null default 0 check (running >= 0),
    primary key (queue, job)
) with (fillfactor = 50);

-- The last turn that a caller's runs have in a queue, and under no caller ('') the turn that the queue has come to.
create table hotplate.turns (
    queue   text collate "C" not null,
    caller  text collate "C" not null,
    turn    bigint not null,
    primary key (queue, caller)
) with (fillfactor = 50);

create table hotplate.nodes (
    id      text collate "C" primary key,
    beat    bigint not null default 0,              -- raised by the node; dead is whose beat stands still for a lease
    seen_at double precision not null,              -- when it last did, for people to read
    data    bytea not null                          -- engine.NodeInfo as JSON
) with (fillfactor = 50);

-- How many attempts of a job have ended how, after at most `le` seconds (0: it is not known), and their seconds in all.
-- Nodes add to it with their beats. Pruning takes nothing away.
create table hotplate.tallies (
    job     text collate "C" not null,
    outcome text collate "C" not null,
    le      double precision not null,
    n       bigint not null,
    seconds double precision not null,
    primary key (job, outcome, le)
) with (fillfactor = 50);

create table hotplate.files (
    id          text collate "C" primary key,
    name        text not null,
    media_type  text not null,
    size        bigint not null default 0,
    caller      text collate "C" not null,
    run_id      text collate "C",                               -- kept as long as this run
    created_at  double precision not null,
    whole       boolean not null default false
);
create index files_run on hotplate.files (run_id) where run_id is not null;
create index files_created on hotplate.files (created_at);

create table hotplate.chunks (
    file_id text collate "C" not null references hotplate.files (id) on delete cascade,
    n       integer not null,
    data    bytea not null,
    primary key (file_id, n)
);
alter table hotplate.chunks alter column data set storage external;     -- most files are compressed already
