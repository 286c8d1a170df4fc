
-- Live values as they were pushed last, and who watches them: whoever has a lease that has not run out.
create table lives (
    name    text primary key,                       -- full name in the registry
    version integer not null default 0,             -- raised by each change
    data    blob,                                   -- JSON
    error   blob,                                   -- JSON error object, while the function fails
    at      real not null default 0,                -- of the last change
    watcher text,
    until   real not null default 0                 -- end of the watcher's lease
) without rowid;
