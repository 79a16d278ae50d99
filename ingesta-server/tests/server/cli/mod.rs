//! The command line, run as people run it: the real binary, its streams and its exit codes.
//!
//! Each test has a folder and a database of its own; servers listen on free ports.
//! What HTTP answers in detail is tested beside these.

mod commands;
mod configuration;
mod demo;
mod doctor;
mod events;
mod import;
mod kill_during_import;
mod kill_postgres;
mod moments;
pub(crate) mod own_postgres;
mod projections;
mod projections_stopped;
mod rebase;
mod same_key;
mod schemas;
mod serve;
mod subscriptions;
pub(crate) mod support;
