//! The sagas of this process: what tells them, what carries out what they ask for, their timers.
//!
//! Promises: beside other processes on the same database the work is shared, the timers too.
//! Making it starts nothing. Their orders go out by a relay, the answers come in by an inbox.

use std::sync::Arc;

use ingesta_domain::saga::Plan;
use ingesta_event_store::subscription::Subscriber;
use ingesta_event_store::{EventCodec, Storage};
use ingesta_sagas::{
    Actions, PostgresTimers, TimerHandle, TimerOptions, TimerWorker, Timers, Triggers,
};
use tokio_util::sync::CancellationToken;

use super::subscriptions::Ground;
use crate::registry::{ACCIONES_SAGA, SAGA_INGESTA};
use crate::saga::{Acciones, Sagas, oidos};

/// What leads sagas.
pub(super) struct Motor {
    pub(super) sagas: Sagas,
    plan: Plan,
}

impl Motor {
    /// Over the log, with sagas that are as patient as this plan says.
    pub(super) fn new(storage: &Arc<dyn Storage>, codec: &EventCodec, plan: Plan) -> Self {
        let sagas = Sagas::new(Arc::clone(storage), codec.clone());
        Self { sagas, plan }
    }

    /// What tells them of the log, and what carries out what they ask for.
    pub(super) fn subscribers(
        &self,
        ground: &Ground<'_>,
    ) -> [(&'static str, Arc<dyn Subscriber>); 2] {
        let routes = oidos(ground.codec, self.plan);
        let told = Triggers::new(SAGA_INGESTA, self.sagas.clone(), routes);
        let acciones = Acciones::new(ground.despachador.clone());
        let timers = timers(ground);
        let done = Actions::new(ACCIONES_SAGA, self.sagas.clone(), acciones, timers);
        [
            (SAGA_INGESTA, Arc::new(told)),
            (ACCIONES_SAGA, Arc::new(done)),
        ]
    }

    /// Starts what tells them that a time is over.
    pub(super) fn spawn_timers(&self, ground: &Ground<'_>, stop: CancellationToken) -> TimerHandle {
        let options = TimerOptions {
            shutdown_grace: ground.options.shutdown_grace,
            ..TimerOptions::default()
        };
        TimerWorker::new(self.sagas.clone(), timers(ground), options).spawn(stop)
    }
}

fn timers(ground: &Ground<'_>) -> Arc<dyn Timers> {
    Arc::new(PostgresTimers::new(ground.database))
}
