-- When an instance of a process manager is to be told that its time is over. The comment on the
-- table says which version of this layout it is.
create table if not exists ingesta_timers (
    saga_type text        not null,
    saga_id   text        not null,
    timer     text        not null,
    token     text        not null,           -- the event that set it: type/id/sequence
    metadata  text        not null,           -- the conversation: a flat JSON object of strings
    due_at    timestamptz not null,           -- on this database's clock
    next_at   timestamptz not null,           -- when to try: due_at, and later while somebody tries
    tries     integer     not null default 0,
    problem   text,                           -- why the last try failed; holds no data
    primary key (saga_type, saga_id, timer)
);
create index if not exists ingesta_timers_next on ingesta_timers (saga_type, next_at);
comment on table ingesta_timers is 'ingesta sagas, layout 1';
