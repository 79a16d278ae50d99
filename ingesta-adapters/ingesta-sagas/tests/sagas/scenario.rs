//! Given/when/then, on the trip; and what the scenario itself promises.

use std::time::Duration;

use ingesta_sagas::testing::Scenario;
use ingesta_sagas::{Heard, Request};

use crate::trip::{ANSWER, End, NotOrdered, Step, Trip, TripAction, TripEvent, TripInput};

fn ordered() -> Vec<TripEvent> {
    vec![TripEvent::Asked {
        step: Step::Flight,
        tried: 1,
    }]
}

fn fired() -> Heard<TripInput, TripAction> {
    Heard::TimerFired {
        timer: ANSWER.to_owned(),
    }
}

#[test]
fn a_trip_is_booked_step_by_step() {
    Scenario::<Trip>::given([])
        .when(Heard::Told(TripInput::Ordered))
        .then(ordered())
        .asks([
            Request::Act(TripAction::Book(Step::Flight)),
            Request::set_timer(ANSWER, Duration::from_secs(10)),
        ])
        .when(Heard::Told(TripInput::Booked(Step::Flight)))
        .then([
            TripEvent::Done(Step::Flight),
            TripEvent::Asked {
                step: Step::Hotel,
                tried: 1,
            },
        ])
        .asks([
            Request::Act(TripAction::Book(Step::Hotel)),
            Request::set_timer(ANSWER, Duration::from_secs(10)),
        ])
        .when(Heard::Told(TripInput::Booked(Step::Flight)))
        .nothing()
        .when(Heard::Told(TripInput::Booked(Step::Hotel)))
        .then([TripEvent::Done(Step::Hotel), TripEvent::Ended(End::Arrived)])
        .asks([Request::cancel_timer(ANSWER)])
        .when(fired())
        .nothing();
}

#[test]
fn a_step_without_an_answer_is_tried_again_and_then_taken_back() {
    let mut trip = Scenario::<Trip>::given(ordered());
    for (tried, seconds) in [(2, 20), (3, 40)] {
        let step = Step::Flight;
        trip = trip
            .when(fired())
            .then([TripEvent::Asked { step, tried }])
            .asks([
                Request::Act(TripAction::Book(step)),
                Request::set_timer(ANSWER, Duration::from_secs(seconds)),
            ]);
    }
    let step = Step::Flight;
    trip.when(fired())
        .then([
            TripEvent::TurnedBack,
            TripEvent::UndoAsked { step, tried: 1 },
        ])
        .asks([
            Request::Act(TripAction::Cancel(step)),
            Request::set_timer(ANSWER, Duration::from_secs(10)),
        ])
        // Too late: it is being taken back.
        .when(Heard::Told(TripInput::Booked(step)))
        .nothing()
        .when(Heard::Told(TripInput::Cancelled(step)))
        .then([TripEvent::Undone(step), TripEvent::Ended(End::AtHome)])
        .asks([Request::cancel_timer(ANSWER)]);
}

#[test]
fn a_timer_that_is_not_set_is_not_heard_and_anything_else_is_refused_without_an_order() {
    Scenario::<Trip>::given([]).when(fired()).nothing();
    Scenario::<Trip>::given([])
        .when(Heard::Retry)
        .refused(|error| assert_eq!(error, NotOrdered));
}

#[test]
#[should_panic(expected = "what follows from what was heard")]
fn other_events_than_expected_fail_the_scenario() {
    let _ = Scenario::<Trip>::given([])
        .when(Heard::Told(TripInput::Ordered))
        .then([]);
}

#[test]
#[should_panic(expected = "what the events ask for")]
fn other_requests_than_expected_fail_the_scenario() {
    Scenario::<Trip>::given([])
        .when(Heard::Told(TripInput::Ordered))
        .asks([Request::Act(TripAction::Book(Step::Flight))]);
}

#[test]
#[should_panic(expected = "it was not refused")]
fn what_is_not_refused_fails_the_scenario() {
    Scenario::<Trip>::given(ordered())
        .when(Heard::Retry)
        .refused(|_| {});
}
