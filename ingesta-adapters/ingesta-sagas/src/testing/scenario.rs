//! Given what is remembered, when something is heard, then this follows.

use std::fmt::Debug;

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate as _;

use crate::{HeardBy, Instance, ProcessManager, RequestBy};

/// An instance in a certain state, at a certain time.
///
/// ```
/// use std::time::Duration;
/// use ingesta_sagas::testing::Scenario;
/// use ingesta_sagas::{Heard, Request};
/// # use chrono::{DateTime, Utc};
/// # use cqrs_es::DomainEvent;
/// # use ingesta_sagas::{HeardBy, ProcessManager};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Default, Serialize, Deserialize)]
/// # struct Egg { boiling: bool }
/// # #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
/// # enum EggEvent { Boiling, Ready }
/// # impl DomainEvent for EggEvent {
/// #     fn event_type(&self) -> String { format!("{self:?}") }
/// #     fn event_version(&self) -> String { "1".into() }
/// # }
/// # #[derive(Debug, PartialEq, thiserror::Error)]
/// # #[error("there is no egg in the water")]
/// # struct NoEgg;
/// # impl ProcessManager for Egg {
/// #     const TYPE: &'static str = "Egg";
/// #     type Input = &'static str; type Event = EggEvent; type Action = &'static str; type Error = NoEgg;
/// #     fn decide(&self, heard: HeardBy<Self>, _: DateTime<Utc>) -> Result<Vec<EggEvent>, NoEgg> {
/// #         match heard {
/// #             Heard::Told("in the water") => Ok(vec![EggEvent::Boiling]),
/// #             Heard::Told(_) if !self.boiling => Err(NoEgg),
/// #             Heard::TimerFired { .. } => Ok(vec![EggEvent::Ready]),
/// #             _ => Ok(vec![]),
/// #         }
/// #     }
/// #     fn apply(&mut self, event: EggEvent) { self.boiling = event == EggEvent::Boiling; }
/// #     fn requests(event: &EggEvent) -> Vec<Request<&'static str>> {
/// #         match event {
/// #             EggEvent::Boiling => vec![Request::set_timer("ready", Duration::from_secs(360))],
/// #             EggEvent::Ready => vec![Request::Act("take it out")],
/// #         }
/// #     }
/// # }
/// let ready = || Heard::TimerFired { timer: "ready".into() };
///
/// Scenario::<Egg>::given([])
///     .when(Heard::Told("in the water"))
///     .then([EggEvent::Boiling])
///     .asks([Request::set_timer("ready", Duration::from_secs(360))])
///     .when(ready())
///     .then([EggEvent::Ready])
///     .asks([Request::Act("take it out")]);
///
/// Scenario::<Egg>::given([]).when(ready()).nothing(); // the timer is not set
/// Scenario::<Egg>::given([]).when(Heard::Told("stirred")).refused(|error| assert_eq!(error, NoEgg));
/// ```
pub struct Scenario<P: ProcessManager> {
    saga: Instance<P>,
    now: DateTime<Utc>,
}

impl<P: ProcessManager> Scenario<P> {
    /// An instance that remembers these events. The time is 1970.
    #[must_use]
    pub fn given(events: impl IntoIterator<Item = P::Event>) -> Self {
        let mut saga = Instance::default();
        events.into_iter().for_each(|event| saga.apply(event));
        Self {
            saga,
            now: DateTime::UNIX_EPOCH,
        }
    }

    /// From now on it is this late.
    #[must_use]
    pub fn at(mut self, now: DateTime<Utc>) -> Self {
        self.now = now;
        self
    }

    /// It hears something.
    #[must_use]
    pub fn when(self, heard: HeardBy<P>) -> Then<P> {
        let ended = self.saga.hear(heard, self.now);
        Then {
            before: self,
            ended,
        }
    }
}

/// What followed. Each check panics where it does not hold, at the line of its caller.
pub struct Then<P: ProcessManager> {
    before: Scenario<P>,
    ended: Result<Vec<P::Event>, P::Error>,
}

impl<P: ProcessManager> Then<P> {
    /// Exactly these events follow.
    ///
    /// # Panics
    /// If others do, or it is refused.
    #[track_caller]
    #[must_use]
    pub fn then(self, expected: impl IntoIterator<Item = P::Event>) -> Self {
        let expected: Vec<_> = expected.into_iter().collect();
        assert_eq!(self.decided(), expected, "what follows from what was heard");
        self
    }

    /// The events ask for exactly this, in this order. The last check of a line: goes on with the
    /// events applied.
    ///
    /// # Panics
    /// If they ask for something else, or it was refused.
    #[track_caller]
    pub fn asks(self, expected: impl IntoIterator<Item = RequestBy<P>>) -> Scenario<P>
    where
        P::Action: Debug + PartialEq,
    {
        let asked: Vec<_> = self.decided().iter().flat_map(P::requests).collect();
        let expected: Vec<_> = expected.into_iter().collect();
        assert_eq!(asked, expected, "what the events ask for");
        self.applied()
    }

    /// Nothing follows.
    ///
    /// # Panics
    /// If something does, or it is refused.
    #[track_caller]
    pub fn nothing(self) -> Scenario<P> {
        assert_eq!(self.decided(), [], "nothing follows from what was heard");
        self.applied()
    }

    /// The manager refuses.
    ///
    /// # Panics
    /// If it does not.
    #[track_caller]
    pub fn refused(self, check: impl FnOnce(P::Error)) -> Scenario<P> {
        match self.ended {
            Ok(events) => panic!("it was not refused, {events:?} follows"),
            Err(error) => check(error),
        }
        self.before
    }

    /// The state after the events.
    ///
    /// # Panics
    /// If it was refused.
    #[track_caller]
    pub fn state(self) -> P
    where
        P: Clone,
    {
        self.applied().saga.state().clone()
    }

    #[track_caller]
    fn decided(&self) -> &[P::Event] {
        match &self.ended {
            Ok(events) => events,
            Err(error) => panic!("it was refused: {error}"),
        }
    }

    #[track_caller]
    fn applied(self) -> Scenario<P> {
        let events = self.decided().to_vec();
        let mut scenario = self.before;
        events
            .into_iter()
            .for_each(|event| scenario.saga.apply(event));
        scenario
    }
}
