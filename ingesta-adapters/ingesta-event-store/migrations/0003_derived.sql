-- What is derived from the log and may be thrown away at any time: nothing here is the truth.

-- States of long streams, so that a command need not fold them from the beginning. One for each
-- aggregate; of no use to code with another schema hash, which folds the stream instead.
create table ingesta_snapshots (
    aggregate_type text   not null,
    aggregate_id   text   not null,
    schema_hash    bytea  not null,              -- of the code that folded it
    version        bigint not null check (version > 0),
    xact           xid8   not null,              -- where in the log the event of that version is
    position       bigint not null,
    payload        json   not null,
    taken_at       timestamptz not null default clock_timestamp(),
    primary key (aggregate_type, aggregate_id)
);

-- Rebuilds under way, so that one that was interrupted goes on where it stopped.
create table ingesta_rebuilds (
    projection  text   primary key,
    build_table text   not null,                 -- the fresh table beside the one that is read
    made_by     text   not null,                 -- which program; another one begins anew
    upto        xid8   not null,                 -- the fold holds the transactions before this one
    done_below  text   collate "C",              -- rows with smaller keys are written; null: all are
    phase       text   not null check (phase in ('folding', 'indexing', 'catching_up')),
    events      bigint not null default 0,       -- read so far, over all passes
    rows        bigint not null default 0,       -- written so far
    started_at  timestamptz not null default clock_timestamp(),
    moved_at    timestamptz not null default clock_timestamp()
);
