
-- Links to runs: whoever has the token may read the run.
create table hotplate.shares (
    hash        text collate "C" primary key,       -- SHA-256 of the token
    run_id      text collate "C" not null references hotplate.runs (id) on delete cascade,
    caller      text collate "C" not null,          -- who shared it
    created_at  double precision not null
);
create index shares_run on hotplate.shares (run_id);
