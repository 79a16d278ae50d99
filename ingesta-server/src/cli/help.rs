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
  4  the database or the server is away"
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

One SIGTERM or Ctrl-C stops it in order, a second one sooner.",
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

pub(super) const PROJECTIONS: &str = concat!(
    "Examples:
  ingesta projections list
  ingesta projections list --json",
    exit_codes!()
);

pub(super) const CONFIG: &str = concat!(
    "Examples:
  ingesta config print
  ingesta --config ingesta.toml config print --json

Precedence: defaults < file < environment < flags.",
    exit_codes!()
);
