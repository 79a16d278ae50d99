-- Who follows the log, and how far each has come. The pair (xact, position) means something only
-- in the database cluster that made it, so the cluster's identity stands beside it.
create table ingesta_subscriptions (
    name              text primary key,
    owner             text,                      -- holder of the lease; null after a release
    epoch             bigint not null default 0, -- grows with every change of owner
    expires_at        timestamptz,               -- the lease, on this database's clock
    xact              xid8   not null default '0',
    position          bigint not null default 0,
    system_identifier bigint not null,
    moved_at          timestamptz
);

-- The cluster that the log was written in: one row. A restore elsewhere is told from it.
create table ingesta_cluster (
    only_row          boolean primary key default true check (only_row),
    system_identifier bigint not null
);
insert into ingesta_cluster (system_identifier) select system_identifier from pg_control_system();

-- Streams that wait behind an event that could not be processed.
create table ingesta_parked_streams (
    subscription   text   not null references ingesta_subscriptions (name) on delete cascade,
    aggregate_type text   not null,
    aggregate_id   text   not null,
    sequence       bigint not null,              -- the next event to try
    xact           xid8   not null,
    position       bigint not null,
    code           text   not null,              -- 'pending': not tried yet at this event
    message        text   not null,              -- for the operator; holds no payload data
    attempts       integer not null,
    parked_at      timestamptz not null default clock_timestamp(),
    retry_at       timestamptz,                  -- null: waits for an operator
    primary key (subscription, aggregate_type, aggregate_id)
);

-- What an operator has passed over, for ever: nothing is skipped without a trace.
create table ingesta_skipped_events (
    subscription   text   not null,
    aggregate_type text   not null,
    aggregate_id   text   not null,
    sequence       bigint not null,
    code           text   not null,
    skipped_at     timestamptz not null default clock_timestamp(),
    primary key (subscription, aggregate_type, aggregate_id, sequence)
);
