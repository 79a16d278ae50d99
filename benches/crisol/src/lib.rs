//! The fault harness: real processes, kills, a recorded history and an offline checker.
//!
//! | room | what lives there |
//! |---|---|
//! | [`processes`] | a PostgreSQL and an `ingesta` server, started, killed and started again |
//! | [`workload`] | clients over HTTP that write down what they ask and what they are answered |
//! | [`history`] | that record, one line before each request and one after its end |
//! | [`store`] | what is left at the end: the log, the view, what is behind |
//! | [`check`] | history against store, offline: what was lost, doubled, inverted, stuck |
//! | [`plant`] | mistakes made on purpose, which the checker must find |
//! | [`run`] | one run from start to report |
//! | [`broker_away`] | a run of another kind: Kafka is killed under a steady load, and comes back |
//! | [`siege`] | another: clients that mean harm beside those that do not |
//!
//! Promises: a run is its seed, which is printed; what was not answered is unknown, never failed;
//! a run that did too little is not a success.
//! Does not: simulate power loss or lying disks: killed processes leave the page cache intact.

pub mod broker_away;
pub mod check;
pub mod history;
mod load;
pub mod plant;
pub mod processes;
pub mod random;
pub mod run;
pub mod siege;
pub mod store;
pub mod workload;
