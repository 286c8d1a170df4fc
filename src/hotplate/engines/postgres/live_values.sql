
-- Live values as they were pushed last, and who watches them: whoever has a lease that has not run out.
create table hotplate.lives (
    name    text collate "C" primary key,           -- full name in the registry
    version bigint not null default 0,              -- raised by each change
    data    bytea,                                  -- JSON
    error   bytea,                                  -- JSON error object, while the function fails
    at      double precision not null default 0,    -- of the last change
    watcher text collate "C",
    until   double precision not null default 0     -- end of the watcher's lease
) with (fillfactor = 50);
