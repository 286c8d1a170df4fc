
-- Links to runs: whoever has the token may read the run.
create table shares (
    hash        text primary key,                   -- SHA-256 of the token
    run_id      text not null references runs (id) on delete cascade,
    caller      text not null,                      -- who shared it
    created_at  real not null
) without rowid;
create index shares_run on shares (run_id);
