//! The table of everything that can be set: its names, its default, what it is for.
//!
//! Promises: a key that is not here is refused everywhere; the names in the file are those of the
//! flags with `_` for `-`.
//! Does not: hold values; they are in the layers.

/// One thing that can be set.
#[derive(Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name in the file; as a flag with `-` for `_`.
    pub name: &'static str,
    /// Its environment variables, the most specific first.
    pub variables: &'static [&'static str],
    /// Its default; `None` where there is none.
    pub default: Option<&'static str>,
    /// True if the value may hold a password.
    pub secret: bool,
    /// What it is for, in one line.
    pub about: &'static str,
}

/// Every key.
pub const KEYS: &[Key] = &[
    key(
        "listen",
        &["INGESTA_LISTEN"],
        Some("127.0.0.1:5000"),
        "where HTTP is served",
    ),
    key(
        "data_dir",
        &["INGESTA_DATA_DIR"],
        Some("./.ingesta"),
        "folder of the embedded database",
    ),
    Key {
        name: "database_url",
        variables: &["INGESTA_DATABASE_URL", "DATABASE_URL"],
        default: None,
        secret: true,
        about: "a PostgreSQL that somebody else runs",
    },
    key(
        "database_connections",
        &["INGESTA_DATABASE_CONNECTIONS"],
        Some("16"),
        "connections to the database at most",
    ),
    key(
        "log",
        &["INGESTA_LOG"],
        Some("info,sqlx=warn"),
        "what is logged",
    ),
    key(
        "log_format",
        &["INGESTA_LOG_FORMAT"],
        Some("text"),
        "text or json",
    ),
    key(
        "body_limit_bytes",
        &["INGESTA_BODY_LIMIT_BYTES"],
        Some("65536"),
        "bytes of a request body at most",
    ),
    key(
        "http_body_seconds",
        &["INGESTA_HTTP_BODY_SECONDS"],
        Some("30"),
        "how long a request body may take to come",
    ),
    key(
        "http_head_seconds",
        &["INGESTA_HTTP_HEAD_SECONDS"],
        Some("30"),
        "how long the head of a request may take, and a connection be idle",
    ),
    key(
        "http_stalled_seconds",
        &["INGESTA_HTTP_STALLED_SECONDS"],
        Some("30"),
        "how long a client may take nothing of its answer before its connection is cut",
    ),
    key(
        "http_connections",
        &["INGESTA_HTTP_CONNECTIONS"],
        Some("4096"),
        "open connections at most",
    ),
    key(
        "http_connections_per_address",
        &["INGESTA_HTTP_CONNECTIONS_PER_ADDRESS"],
        Some("1024"),
        "of those, from one address; behind a proxy as many as http_connections",
    ),
    key(
        "http_requests",
        &["INGESTA_HTTP_REQUESTS"],
        Some("512"),
        "requests answered at once; one more is told to come back",
    ),
    key(
        "live_watchers",
        &["INGESTA_LIVE_WATCHERS"],
        Some("1024"),
        "clients of live feeds at once; one more is told to come back",
    ),
    key(
        "shutdown_grace_seconds",
        &["INGESTA_SHUTDOWN_GRACE_SECONDS"],
        Some("10"),
        "how long an orderly stop may take",
    ),
    key(
        "read_wait_seconds",
        &["INGESTA_READ_WAIT_SECONDS"],
        Some("5"),
        "how long a read waits for the position it was asked for",
    ),
    key(
        "lag_alarm_seconds",
        &["INGESTA_LAG_ALARM_SECONDS"],
        Some("60"),
        "how far behind a subscription may be before the server is not ready",
    ),
    key(
        "follow",
        &["INGESTA_FOLLOW"],
        Some("all"),
        "which subscriptions this process advances: all, views or nothing",
    ),
    Key {
        name: "kafka_brokers",
        variables: &["INGESTA_KAFKA_BROKERS", "KAFKA_BROKERS"],
        default: None,
        secret: false,
        about: "host:port of Kafka brokers, separated by commas; without them the log waits",
    },
    key(
        "kafka_prefix",
        &["INGESTA_KAFKA_PREFIX"],
        Some(""),
        "what the names of topics and consumer groups begin with",
    ),
    optional(
        "kafka_tls_ca",
        &["INGESTA_KAFKA_TLS_CA"],
        "encrypted connections: a PEM file of the authorities that brokers are known to, or system",
    ),
    optional(
        "kafka_tls_cert",
        &["INGESTA_KAFKA_TLS_CERT"],
        "PEM file of this program's own certificate, where brokers ask for one",
    ),
    optional(
        "kafka_tls_key",
        &["INGESTA_KAFKA_TLS_KEY"],
        "PEM file of the private key of kafka_tls_cert",
    ),
    Key {
        name: "kafka_tls_key_password",
        variables: &["INGESTA_KAFKA_TLS_KEY_PASSWORD"],
        default: None,
        secret: true,
        about: "what kafka_tls_key is locked with, where it is",
    },
    optional(
        "kafka_sasl_mechanism",
        &["INGESTA_KAFKA_SASL_MECHANISM"],
        "how the name is proven to brokers: plain, scram-sha-256 or scram-sha-512",
    ),
    optional(
        "kafka_sasl_user",
        &["INGESTA_KAFKA_SASL_USER"],
        "this program's name to brokers",
    ),
    Key {
        name: "kafka_sasl_password",
        variables: &["INGESTA_KAFKA_SASL_PASSWORD"],
        default: None,
        secret: true,
        about: "its password",
    },
    key(
        "kafka_format",
        &["INGESTA_KAFKA_FORMAT"],
        Some("avro"),
        "how messages are written and read: avro or json",
    ),
    Key {
        name: "kafka_schema_registry",
        variables: &["INGESTA_KAFKA_SCHEMA_REGISTRY"],
        default: None,
        secret: true,
        about: "URL of a schema registry: Avro messages then begin with their schema's number",
    },
    key(
        "kafka_routes",
        &["INGESTA_KAFKA_ROUTES"],
        Some("una"),
        "topics of events: una (all of an ingesta on one) or por_tipo (one topic per event too)",
    ),
    optional(
        "kafka_trusted",
        &["INGESTA_KAFKA_TRUSTED"],
        "topics of events whose readers may know where images are, separated by commas",
    ),
    optional(
        "kafka_data_only",
        &["INGESTA_KAFKA_DATA_ONLY"],
        "topics of commands whose messages come without the envelope, separated by commas",
    ),
    key(
        "kafka_relay",
        &["INGESTA_KAFKA_RELAY"],
        Some("at_least_once"),
        "how the log is published: at_least_once or transactional",
    ),
    key(
        "kafka_imagenes",
        &["INGESTA_KAFKA_IMAGENES"],
        Some("registro"),
        "how images hear of ingestas: registro (from the log) or topico (from the topics of events)",
    ),
    optional(
        "kafka_replication",
        &["INGESTA_KAFKA_REPLICATION"],
        "copies of each partition of a topic that is created here; without it as brokers are set",
    ),
    optional(
        "kafka_min_insync",
        &["INGESTA_KAFKA_MIN_INSYNC"],
        "of those, how many must have a message before it counts; without it as brokers are set",
    ),
    optional(
        "kafka_retention_days",
        &["INGESTA_KAFKA_RETENTION_DAYS"],
        "days that a topic that is created here keeps messages, or siempre; without it as brokers are set",
    ),
    key(
        "kafka_partitions",
        &["INGESTA_KAFKA_PARTITIONS"],
        Some("6"),
        "partitions of a topic that is created here",
    ),
    optional(
        "http_origins",
        &["INGESTA_HTTP_ORIGINS"],
        "origins of other sites whose pages may ask, separated by commas",
    ),
    optional(
        "http_rate",
        &["INGESTA_HTTP_RATE"],
        "requests a second of one principal; default 500 where access is controlled; 0: no limit",
    ),
    optional(
        "access",
        &["INGESTA_ACCESS"],
        "required: whoever asks shows a key or a token; open, on a loopback address only: nobody does",
    ),
    Key {
        name: "api_key",
        variables: &["INGESTA_API_KEY"],
        default: None,
        secret: true,
        about: "the key that the command line shows to a server",
    },
    optional(
        "jwt_jwks_url",
        &["INGESTA_JWT_JWKS_URL"],
        "where an identity provider has its public keys; its tokens are believed besides keys",
    ),
    optional(
        "jwt_issuer",
        &["INGESTA_JWT_ISSUER"],
        "what the claim iss of its tokens says",
    ),
    optional(
        "jwt_audience",
        &["INGESTA_JWT_AUDIENCE"],
        "what the claim aud of its tokens says or holds",
    ),
    key(
        "jwt_role_claim",
        &["INGESTA_JWT_ROLE_CLAIM"],
        Some("rol"),
        "the claim that holds the role, proveedor, operador or admin, or a list with it",
    ),
    key(
        "jwt_provider_claim",
        &["INGESTA_JWT_PROVIDER_CLAIM"],
        Some("id_proveedor"),
        "the claim that holds a provider's id",
    ),
    key(
        "saga",
        &["INGESTA_SAGA"],
        Some("no"),
        "si: each verified image is led through the neighbours; needs a broker",
    ),
    key(
        "saga_wait_seconds",
        &["INGESTA_SAGA_WAIT_SECONDS"],
        Some("30"),
        "how long a neighbour's first answer is waited for; each further wait is twice as long",
    ),
    key(
        "saga_tries",
        &["INGESTA_SAGA_TRIES"],
        Some("5"),
        "how often a neighbour is asked before it counts as failed, or is shown as stuck",
    ),
];

/// Variables that other parts read: where PostgreSQL's binaries are, and which file to read.
pub(super) const OTHER_VARIABLES: &[&str] = &["INGESTA_CONFIG", "INGESTA_PG_BIN", "INGESTA_BLESS"];

/// Variables of the test support begin like this.
pub(super) const TEST_PREFIX: &str = "INGESTA_TEST_";

const fn key(
    name: &'static str,
    variables: &'static [&'static str],
    default: Option<&'static str>,
    about: &'static str,
) -> Key {
    Key {
        name,
        variables,
        default,
        secret: false,
        about,
    }
}

/// A key without a default.
const fn optional(
    name: &'static str,
    variables: &'static [&'static str],
    about: &'static str,
) -> Key {
    Key {
        name,
        variables,
        default: None,
        secret: false,
        about,
    }
}

/// The key of this name in a file.
pub(super) fn named(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}
