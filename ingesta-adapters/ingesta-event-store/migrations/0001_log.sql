-- The log. The first seven columns are exactly those of postgres-es, so that a program on plain
-- postgres-es can write and read this table beside us; and if such a table is here already, it is
-- adopted as it stands.
create table if not exists events (
    aggregate_type text                         not null,
    aggregate_id   text                         not null,
    sequence       bigint check (sequence >= 0) not null,
    event_type     text                         not null,
    event_version  text                         not null,
    payload        json                         not null,
    metadata       json                         not null,
    primary key (aggregate_type, aggregate_id, sequence)
);

-- Nobody may write between the numbering of old rows and the defaults for new ones.
lock table events in access exclusive mode;

alter table events
    add column position    bigint,
    add column xact        xid8,
    add column recorded_at timestamptz,
    add column command_id  text,    -- on a command's first event: its id, unique
    add column command_fp  bytea,   -- beside it: a hash of what was asked
    add column command_of  text;    -- on its other events: the same id

-- Rows that were here before have no order but their sequences. The order of the heap is a fair
-- guess at the order of writing, but holes are reused, so a later event can stand before an
-- earlier one. Each event is placed at the latest heap place that its stream has reached so far:
-- every stream's sequence then grows along the log. Their times are unknown and stay so.
update events
   set position = numbered.position, xact = pg_current_xact_id()
  from (select row, row_number() over (order by reached, aggregate_type, aggregate_id, sequence)
               as position
          from (select ctid as row, aggregate_type, aggregate_id, sequence,
                       max(heap_no) over (partition by aggregate_type, aggregate_id
                                              order by sequence) as reached
                  from (select ctid, aggregate_type, aggregate_id, sequence,
                               row_number() over (order by ctid) as heap_no
                          from events) placed) ranked) numbered
 where events.ctid = numbered.row;

alter table events
    alter column position set not null,
    alter column position add generated always as identity,
    alter column xact set default pg_current_xact_id(),
    alter column xact set not null,
    alter column recorded_at set default clock_timestamp();

select setval(pg_get_serial_sequence('events', 'position'),
              (select coalesce(max(position), 0) + 1 from events), false);

-- The order of the log: readers walk this index.
create index events_log on events (xact, position);

-- A command takes effect once. Plain postgres-es writes no command id and does not notice.
create unique index events_command on events (command_id) where command_id is not null;
