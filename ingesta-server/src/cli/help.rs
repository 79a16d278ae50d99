//! What `--help` says beyond the flags: examples, and what exit codes mean.
//!
//! Promises: the examples work as they stand.
//! Does not: repeat what a flag's own line says.

macro_rules! exit_codes {
    () => {
        "\n\nExit codes:
  0  done
  1  failed
  2  the command line or the configuration is wrong
  3  partly done: some rows were refused, the others are in
  4  the database, the broker, the schema registry or the server is away
  5  doctor or schemas check found something wrong
  6  a view is not a fold of the log
  7  a rebuild or a verification was stopped by a signal; the same rebuild goes on"
    };
}

pub(super) const MAIN: &str = concat!(
    "Examples:
  ingesta demo                         serve, with real image references to look at
  ingesta --listen 127.0.0.1:8080      serve on another port
  DATABASE_URL=postgres://... ingesta  serve on a PostgreSQL of yours
  ingesta config print                 what is configured, and where",
    exit_codes!()
);

pub(super) const SERVE: &str = concat!(
    "Examples:
  ingesta serve
  ingesta serve --listen 127.0.0.1:0 --json   the first line on stdout names the port
  DATABASE_URL=postgres://... ingesta serve --migrate
  KAFKA_BROKERS=host:9092 ingesta serve       publish the log, take commands from topics

One SIGTERM or Ctrl-C stops it in order, a second one sooner.",
    exit_codes!()
);

pub(super) const KEYS: &str = concat!(
    "Examples:
  ingesta keys add --name guardia --role operador
  ingesta keys add --name hospital --role proveedor --provider 7c765929-ba20-5eb7-b700-4b795e6520e1
  ingesta keys list --json
  ingesta keys revoke ID --yes

A key is asked for where `access = required`; what is stored of it is a hash.",
    exit_codes!()
);

pub(super) const DEMO: &str = concat!(
    "Examples:
  ingesta demo
  ingesta demo --exit --json    for scripts: ingest, read back, stop

A second run finds the rows of the first and adds none.",
    exit_codes!()
);

pub(super) const MIGRATE: &str = concat!(
    "Examples:
  DATABASE_URL=postgres://... ingesta migrate
  ingesta migrate --json

The embedded database is brought up to date by `serve` itself.",
    exit_codes!()
);

pub(super) const IMPORT: &str = concat!(
    "Examples:
  ingesta import examples/data/imagenes.ndjson
  ingesta import rows.ndjson --url http://127.0.0.1:8080 --json
  zcat rows.ndjson.gz | ingesta import -

Each row carries an Idempotency-Key made of its content, so the same command run again completes
an interrupted import and adds nothing twice; for the same reason identical rows are one ingesta.
Empty strings mean absent. A broken row is reported by line number and code, never by content.",
    exit_codes!()
);

pub(super) const SUBSCRIPTIONS: &str = concat!(
    "Examples:
  ingesta subscriptions list
  ingesta subscriptions list --json

They work on DATABASE_URL, else on the database of the server that runs on the data folder.",
    exit_codes!()
);

pub(super) const RESUME: &str = concat!(
    "Examples:
  ingesta subscriptions resume vista_ingestas Ingesta/0198c0de-0000-7000-8000-000000000001",
    exit_codes!()
);

pub(super) const SKIP: &str = concat!(
    "Examples:
  ingesta subscriptions skip vista_ingestas Ingesta/0198c0de-0000-7000-8000-000000000001 --yes

The events behind it become due at once. What was passed over stays written down.",
    exit_codes!()
);

pub(super) const REBASE: &str = concat!(
    "Examples:
  ingesta subscriptions rebase --yes

Needed once after a restore into another database cluster, with every server stopped. The embedded
database is started for it.",
    exit_codes!()
);

pub(super) const EVENTS: &str = concat!(
    "Examples:
  ingesta events tail
  ingesta events show Ingesta/0198c0de-0000-7000-8000-000000000001",
    exit_codes!()
);

pub(super) const TAIL: &str = concat!(
    "Examples:
  ingesta events tail                    the last 20 events (the whole log is read for it)
  ingesta events tail --from start       all of them
  ingesta events tail --follow           from now on
  ingesta events tail --type ImagenRechazada --from start --json

Columns: position, time, stream, sequence, event type and its version.",
    exit_codes!()
);

pub(super) const SHOW: &str = concat!(
    "Examples:
  ingesta events show Ingesta/0198c0de-0000-7000-8000-000000000001
  ingesta events show Ingesta/0198c0de-0000-7000-8000-000000000001 --payload --json",
    exit_codes!()
);

pub(super) const AGGREGATES: &str = concat!(
    "Examples:
  ingesta aggregates show Ingesta/0198c0de-0000-7000-8000-000000000001
  ingesta aggregates show Ingesta/0198c0de-0000-7000-8000-000000000001 --version 2",
    exit_codes!()
);

pub(super) const SHOW_STATE: &str = concat!(
    "Examples:
  ingesta aggregates show Ingesta/0198c0de-0000-7000-8000-000000000001
  ingesta aggregates show Ingesta/0198c0de-0000-7000-8000-000000000001 --version 2 --json
  ingesta aggregates show Ingesta/0198c0de-0000-7000-8000-000000000001 \\
    --instant 2026-01-31T08:30:00-05:00

The output holds personal data: patients' references and image addresses. Versions, positions and
times are those of `ingesta events show`. What was not there yet, a version or a place that is
still to come, and an instant that the log does not know are failures.",
    exit_codes!()
);

pub(super) const PROJECTIONS: &str = concat!(
    "Examples:
  ingesta projections list
  ingesta projections list --json
  ingesta projections verify --all
  ingesta projections rebuild vista_ingestas",
    exit_codes!()
);

pub(super) const REBUILD: &str = concat!(
    "Examples:
  ingesta projections rebuild --all
  ingesta projections rebuild vista_ingestas --memory 64
  ingesta projections rebuild vista_ingestas --key 0198c0de-0000-7000-8000-000000000001

Servers go on meanwhile: the old view answers until the new one takes its place. Stopped or killed,
the same command goes on where it stopped. With --json a line of progress comes about once a second,
and the result last.",
    exit_codes!()
);

pub(super) const VERIFY: &str = concat!(
    "Examples:
  ingesta projections verify --all
  ingesta projections verify vista_ingestas --keys --json

A fresh fold is made beside the view and compared with it by hash, at the same position. The view is
not changed and answers meanwhile; it stands still for a moment. Exit code 6 where it differs.",
    exit_codes!()
);

pub(super) const SHOW_ROW: &str = concat!(
    "Examples:
  ingesta projections show vista_ingestas 0198c0de-0000-7000-8000-000000000001
  ingesta projections show vista_ingestas 0198c0de-0000-7000-8000-000000000001 --version 2

The output holds personal data: patients' references and image addresses. As it is, the row comes
from its table; as it was, it is folded from the log.",
    exit_codes!()
);

pub(super) const COMMANDS: &str = concat!(
    "Examples:
  ingesta commands purge --older-than 90d --dry-run
  ingesta commands purge --older-than 90d --yes

An Idempotency-Key is remembered for ever unless it is forgotten here. A forgotten key is free: the
same request sent with it takes effect again, and so does an import of rows from before. Events
stay as they are, and servers may run meanwhile. Interrupted, run it again.",
    exit_codes!()
);

pub(super) const SCHEMAS: &str = concat!(
    "Examples:
  ingesta schemas check
  ingesta schemas print eventos-ingesta
  ingesta schemas push

They need no database and no broker.",
    exit_codes!()
);

pub(super) const SCHEMAS_CHECK: &str = concat!(
    "Examples:
  ingesta schemas check
  ingesta schemas check --registry http://registry:8081   before `push`: what would it say?

Each finding is one line, and with any the exit code is 5. Nothing is registered.",
    exit_codes!()
);

pub(super) const SCHEMAS_PRINT: &str = concat!(
    "Examples:
  ingesta schemas print eventos-ingesta > eventos-ingesta.avsc
  ingesta schemas print eventos-ingesta --format json
  ingesta schemas print --json                            all of them, one per line",
    exit_codes!()
);

pub(super) const SCHEMAS_PUSH: &str = concat!(
    "Examples:
  INGESTA_KAFKA_SCHEMA_REGISTRY=https://ana:...@registry:8081 KAFKA_BROKERS=... ingesta schemas push
  ingesta schemas push --registry http://registry:8081 --prefix staging. --json

The subject of a schema is its topic with `-value` behind it. Each subject is set to
FULL_TRANSITIVE. A second run changes nothing. What the registry takes for incompatible is told
with its reason, the others are registered, and the exit code is 1.",
    exit_codes!()
);

pub(super) const RELAY: &str = concat!(
    "Examples:
  ingesta relay status
  ingesta relay status --json --url http://127.0.0.1:8080

LAG counts events of the log that are not known to be published. What is in flight, and what keeps
a relay, is asked of the server; where none answers it is shown as `-`.",
    exit_codes!()
);

pub(super) const DEAD_LETTERS: &str = concat!(
    "Examples:
  ingesta dead-letters list
  ingesta dead-letters list comando-crear-ingesta --json
  ingesta dead-letters replay comando-crear-ingesta/3/14

They work on KAFKA_BROKERS. No data of a message is shown. A topic is named with its prefix.",
    exit_codes!()
);

pub(super) const REPLAY: &str = concat!(
    "Examples:
  ingesta dead-letters replay comando-crear-ingesta         all that are there now
  ingesta dead-letters replay comando-crear-ingesta/3/14    one of them

A message that cannot be carried out still is put aside again, and its REPLAYS count.",
    exit_codes!()
);

pub(super) const DISCARD: &str = concat!(
    "Examples:
  ingesta dead-letters discard comando-crear-ingesta/3/14 --yes",
    exit_codes!()
);

pub(super) const SAGAS: &str = concat!(
    "Examples:
  ingesta sagas list
  ingesta sagas list --state Alertada --json
  ingesta sagas list --stuck
  ingesta sagas show 0198c0de-0000-7000-8000-000000000001

They work on DATABASE_URL, else on the database of the server that runs on the data folder. A saga
is STUCK once it has asked more often than saga_tries and still asks.",
    exit_codes!()
);

pub(super) const SAGAS_ACT: &str = concat!(
    "Examples:
  ingesta sagas retry 0198c0de-0000-7000-8000-000000000001
  ingesta sagas abandon 0198c0de-0000-7000-8000-000000000001 --reason 'the archive is gone' --yes

It is stored at once and carried out by a server that runs sagas.",
    exit_codes!()
);

pub(super) const SAGAS_DRY_RUN: &str = concat!(
    "Examples:
  ingesta sagas dry-run                        before saga = si on a log that is not empty
  ingesta sagas dry-run --neighbours silent --json

The log is read; ingestas are taken to do what they are told, neighbours too unless they are silent.",
    exit_codes!()
);

pub(super) const DOCTOR: &str = concat!(
    "Examples:
  ingesta doctor
  ingesta doctor --all           before an upgrade, with the new program: can it read the whole log?
  ingesta doctor --json

It changes nothing. Each finding has a severity, a code and what to do; with errors or warnings the
exit code is 5. It reads the table of events once, with `--all` twice.",
    exit_codes!()
);

pub(super) const CONFIG: &str = concat!(
    "Examples:
  ingesta config print
  ingesta --config ingesta.toml config print --json

Precedence: defaults < file < environment < flags.",
    exit_codes!()
);
