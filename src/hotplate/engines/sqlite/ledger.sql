-- The record of runs for SQLite. The states and moves are those of run.MOVES.

create table meta (name text primary key, value text not null) without rowid;

create table runs (
    no              integer primary key,            -- order of starting; pages go by it
    id              text not null unique,
    job             text not null,                  -- full name in the registry
    queue           text not null,
    priority        integer not null,               -- higher is sooner
    turn            integer not null,               -- fair turns: callers of a queue alternate in it
    caller          text not null,
    key             text,                           -- idempotency: unique for job and caller
    state           text not null default 'queued'
                    check (state in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    ready           integer not null,               -- 1: queued and due, so that a worker may claim it
    attempt         integer not null default 0,     -- raised by each claim: the fence
    max_attempts    integer not null,               -- raised with each claim that was not charged
    lost            integer not null default 0,     -- how often its worker died in it
    lost_limit      integer not null,
    node            text,                           -- incarnation that has it while it is running
    stop_requested  text,                           -- 'cancel', once somebody asked for it
    seq             integer not null default 0,     -- last seq of what it carries: moves, progress, log, partials
    moves           text not null default '',       -- history: [seq, move, at, attempt], comma-separated
    created_at      real not null,
    due_at          real not null,
    started_at      real,                           -- when the current attempt began; null while only claimed
    finished_at     real,
    params          blob not null,                  -- JSON array or object
    progress        blob,
    saved           blob,                           -- last checkpoint
    log_bytes       integer not null default 0,
    result          blob,
    result_file     text,                           -- file of a result too large for the row
    error           blob,
    traceback       text,                           -- for operators only
    retry_of        text,
    parent_id       text,
    trace           text,                           -- the trace that its start belongs to: W3C traceparent
    check (ready = 0 or state = 'queued'),
    check ((state = 'running') = (node is not null)),
    check ((state in ('succeeded', 'failed', 'cancelled')) = (finished_at is not null))
);
create index runs_ready on runs (queue, job, priority desc, turn, no, due_at) where ready = 1; -- due_at: for counting
create index runs_delayed on runs (due_at) where state = 'queued' and ready = 0;
create index runs_running on runs (node) where state = 'running';
create unique index runs_key on runs (job, caller, key) where key is not null;
create index runs_job on runs (job, no);
create index runs_caller on runs (caller, no);
create index runs_failed on runs (no) where state = 'failed';
create index runs_cancelled on runs (no) where state = 'cancelled';
create index runs_children on runs (parent_id, no) where parent_id is not null;

-- What a run said, beside its moves: log lines and partial results, each under a seq of the run.
create table events (
    run_no  integer not null references runs (no) on delete cascade,
    seq     integer not null,
    type    text not null check (type in ('log', 'partial')),
    at      real not null,
    data    blob not null,
    primary key (run_no, seq)
) without rowid;

-- One lane for each queue and job: a claim takes from it only while fewer than `cap` (null: no limit) are running in
-- all lanes of the job.
create table lanes (
    queue   text not null,
    job     text not null,
    cap     integer,
    running integer not null default 0 check (running >= 0),
    primary key (queue, job)
) without rowid;

-- The last turn that a caller's runs have in a queue, and under no caller ('') the turn that the queue has come to:
-- whoever was away joins there.
create table turns (
    queue   text not null,
    caller  text not null,
    turn    integer not null,
    primary key (queue, caller)
) without rowid;

create table nodes (
    id      text primary key,
    data    blob not null                           -- engine.NodeInfo as JSON
) without rowid;

-- How many attempts of a job have ended how, after at most `le` seconds (0: it is not known), and their seconds in all.
-- Nodes add to it with their beats. Pruning takes nothing away.
create table tallies (
    job     text not null,
    outcome text not null,
    le      real not null,
    n       integer not null,
    seconds real not null,
    primary key (job, outcome, le)
) without rowid;

create table files (
    id          text primary key,
    name        text not null,
    media_type  text not null,
    size        integer not null default 0,
    caller      text not null,
    run_id      text,                               -- kept as long as this run
    created_at  real not null,
    whole       integer not null default 0
);
create index files_run on files (run_id) where run_id is not null;
create index files_created on files (created_at);

create table chunks (
    file_id text not null references files (id) on delete cascade,
    n       integer not null,
    data    blob not null,
    primary key (file_id, n)
);
