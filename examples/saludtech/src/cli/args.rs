//! Every subcommand and option, with its default.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use ingesta_kafka::connect::KafkaOptions;

use crate::fallos::Fallos;
use crate::mensajes::Topicos;
use crate::neighbour::Options;

/// The services beside the ingestion control plane.
#[derive(Debug, Parser)]
#[command(name = "saludtech", version)]
pub(super) struct Args {
    /// What to run.
    #[command(subcommand)]
    pub(super) command: Command,
    /// Answer with one JSON value a line.
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// What is logged on stderr.
    #[arg(
        long,
        global = true,
        env = "SALUDTECH_LOG",
        default_value = "warn,saludtech=info"
    )]
    pub(super) log: String,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Pseudonyms of patients and images.
    Anonimizador(AnonimizadorArgs),
    /// Labels of studies.
    Etiquetado(EtiquetadoArgs),
    /// E-mails about failures and alerts.
    Notificaciones(Box<NotificacionesArgs>),
    /// The whole landscape: services, failures on purpose, and what became of everything.
    Demo(DemoArgs),
}

/// What every neighbour may be told.
#[derive(Clone, Debug, ClapArgs)]
pub(super) struct Common {
    /// Brokers, as host:port, separated by commas.
    #[arg(long, env = "KAFKA_BROKERS", default_value = "localhost:9092")]
    kafka_brokers: String,
    /// What stands in front of every topic and group.
    #[arg(long, env = "SALUDTECH_KAFKA_PREFIX", default_value = "")]
    kafka_prefix: String,
    /// Partitions of a topic that is created here.
    #[arg(long, env = "SALUDTECH_KAFKA_PARTITIONS", default_value_t = 6,
        value_parser = clap::value_parser!(i32).range(1..=1000))]
    kafka_partitions: i32,
    /// Copies of each partition of a topic that is created here; without it as brokers are set.
    #[arg(long, env = "SALUDTECH_KAFKA_REPLICATION",
        value_parser = clap::value_parser!(i32).range(1..=15))]
    kafka_replication: Option<i32>,
    /// The database; without one a PostgreSQL is run in the data folder.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub(super) database_url: Option<String>,
    /// Where the service keeps its files, and its own PostgreSQL. Default `.saludtech/NAME`.
    #[arg(long, env = "SALUDTECH_DATA_DIR")]
    data_dir: Option<PathBuf>,
    /// Where it is asked how it is; port 0 takes a free one. Default 127.0.0.1 and its own port.
    #[arg(long, env = "SALUDTECH_LISTEN")]
    listen: Option<SocketAddr>,
    /// Failures on purpose, as in `limpiar.rechazar=0.2,etiquetar.callar=0.1`.
    #[arg(long, env = "SALUDTECH_FALLOS", default_value = "")]
    fallos: Fallos,
    /// The seed that decides which messages they meet.
    #[arg(long, env = "SALUDTECH_SEMILLA", default_value_t = 1)]
    semilla: u64,
    /// How long what is delayed on purpose takes, in milliseconds.
    #[arg(long, env = "SALUDTECH_DEMORA_MS", default_value_t = 2_000)]
    demora_ms: u64,
    /// How long each part may take to stop, in seconds.
    #[arg(long, env = "SALUDTECH_GRACE", default_value_t = 10)]
    grace: u64,
}

impl Common {
    /// Where this service keeps its files.
    pub(super) fn data_dir(&self, name: &str) -> PathBuf {
        let given = self.data_dir.clone();
        given.unwrap_or_else(|| PathBuf::from(".saludtech").join(name))
    }

    /// The options of a neighbour of this name, which listens on this port unless told otherwise.
    pub(super) fn options(&self, name: &'static str, port: u16) -> Options {
        let demora = Duration::from_millis(self.demora_ms);
        let mut kafka = KafkaOptions::new(&self.kafka_brokers);
        name.clone_into(&mut kafka.client_id);
        Options {
            name,
            kafka,
            topicos: Topicos::new(
                &self.kafka_prefix,
                self.kafka_partitions,
                self.kafka_replication,
            ),
            database_url: self.database_url.clone().map(Into::into),
            data_dir: self.data_dir(name),
            listen: self
                .listen
                .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], port))),
            fallos: self.fallos.clone().with(self.semilla, demora),
            grace: Duration::from_secs(self.grace),
        }
    }
}

#[derive(Debug, ClapArgs)]
pub(super) struct AnonimizadorArgs {
    #[command(flatten)]
    pub(super) common: Common,
    /// The file with the key of the pseudonyms, 32 bytes or more; the same for all instances.
    /// Without a given database it is made in the data folder.
    #[arg(long, env = "SALUDTECH_CLAVE")]
    pub(super) clave: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct EtiquetadoArgs {
    #[command(flatten)]
    pub(super) common: Common,
}

/// How an e-mail leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Via {
    /// As a file in the folder `correos`; a repetition writes the same file.
    Archivo,
    /// As a line in the log.
    Registro,
    /// To an SMTP server.
    Smtp,
}

#[derive(Debug, ClapArgs)]
#[command(args_conflicts_with_subcommands = false)]
pub(super) struct NotificacionesArgs {
    #[command(flatten)]
    pub(super) common: Common,
    /// How e-mails leave.
    #[arg(long, env = "SALUDTECH_VIA", value_enum, default_value = "archivo")]
    pub(super) via: Via,
    /// The SMTP server, as host:port.
    #[arg(long, env = "SALUDTECH_SMTP", default_value = "localhost:25")]
    pub(super) smtp: String,
    /// Who sends.
    #[arg(
        long,
        env = "SALUDTECH_DE",
        default_value = "ingestas@saludtech.example.org"
    )]
    pub(super) de: String,
    /// Who hears of failures.
    #[arg(
        long,
        env = "SALUDTECH_PARA_FALLOS",
        default_value = "fallos@saludtech.example.org"
    )]
    pub(super) para_fallos: String,
    /// Who hears of alerts.
    #[arg(
        long,
        env = "SALUDTECH_PARA_ALERTAS",
        default_value = "alertas@saludtech.example.org"
    )]
    pub(super) para_alertas: String,
    /// Tries of one e-mail before it is put aside.
    #[arg(long, env = "SALUDTECH_INTENTOS", default_value_t = 5,
        value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(super) intentos: u32,
    #[command(subcommand)]
    pub(super) command: Option<NotificacionesCommand>,
}

#[derive(Debug, Subcommand)]
pub(super) enum NotificacionesCommand {
    /// Shows notifications and how they stand.
    List(ListArgs),
}

#[derive(Debug, ClapArgs)]
pub(super) struct ListArgs {
    /// Only those in this state.
    #[arg(long, value_enum)]
    pub(super) estado: Option<crate::notificaciones::EstadoNotificacion>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct DemoArgs {
    /// How many images are handed in.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(super) ingestas: u32,
    /// How many of them may be under way at once.
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub(super) a_la_vez: usize,
    /// Failures on purpose, in all services.
    #[arg(long, default_value = crate::demo::FALLOS)]
    pub(super) fallos: String,
    /// The seed that decides which messages they meet and who is killed; ids are new in each run, so
    /// other ingestas meet the same failures.
    #[arg(long, default_value_t = 1)]
    pub(super) semilla: u64,
    /// Kill a process about every so many seconds while everything runs, the server too; 0: none.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub(super) muertes: u64,
    /// The binary of the server; default the one beside this one, built where it is missing or old.
    #[arg(long)]
    pub(super) ingesta: Option<PathBuf>,
    /// How long everything may take, in seconds. Default 300, and one more for every ten images.
    #[arg(long)]
    pub(super) plazo: Option<u64>,
}
