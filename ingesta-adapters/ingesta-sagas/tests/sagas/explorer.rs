//! The explorer on the trip: promises that hold, and promises that are found broken.

use std::collections::BTreeMap;

use ingesta_sagas::testing::{Dice, Explorer, Sent, World};

use crate::trip::{End, Step, Trip, TripAction, TripInput};

/// A desk that is slow, forgets to answer, is full at times, and remembers what was cancelled.
struct Desk {
    /// Booked, or cancelled for ever.
    steps: BTreeMap<&'static str, bool>,
    /// True: the trip is over when the flight is booked, says the one who asks.
    no_hotel: bool,
}

impl Desk {
    fn new() -> Self {
        Self {
            steps: BTreeMap::new(),
            no_hotel: false,
        }
    }

    fn booked(&self, step: Step) -> bool {
        self.steps.get(name(step)) == Some(&true)
    }
}

fn name(step: Step) -> &'static str {
    match step {
        Step::Flight => "flight",
        Step::Hotel => "hotel",
    }
}

impl World<Trip> for Desk {
    fn begin(&mut self, dice: &mut Dice) -> Vec<Sent<Trip>> {
        let mut under_way = vec![Sent::in_order("order", TripInput::Ordered)];
        if dice.chance(30) {
            under_way.push(Sent::in_order("order", TripInput::Withdrawn));
        }
        under_way
    }

    fn act(&mut self, action: &TripAction, dice: &mut Dice) -> Vec<Sent<Trip>> {
        match *action {
            TripAction::Book(step) => {
                let cancelled = self.steps.get(name(step)) == Some(&false);
                if cancelled || dice.fault(10) {
                    let full = || Sent::refused(TripAction::Book(step), "full");
                    return if self.booked(step) {
                        vec![]
                    } else {
                        vec![full()]
                    };
                }
                self.steps.insert(name(step), true);
                vec![Sent::perhaps(TripInput::Booked(step))]
            }
            TripAction::Cancel(step) => {
                self.steps.insert(name(step), false);
                vec![Sent::perhaps(TripInput::Cancelled(step))]
            }
        }
    }

    fn check(&self, trip: &Trip, over: bool) -> Result<(), String> {
        let both = (self.booked(Step::Flight), self.booked(Step::Hotel));
        match trip.end {
            Some(End::Arrived) if both != (true, true) && !self.no_hotel => {
                Err(format!("arrived with {both:?}"))
            }
            Some(End::Arrived) if self.no_hotel => Err("there should be no hotel".to_owned()),
            Some(End::AtHome) if both != (false, false) => Err(format!("at home with {both:?}")),
            None if over => Err("it waits for ever".to_owned()),
            Some(_) | None => Ok(()),
        }
    }
}

#[test]
fn the_trip_holds_its_promises_in_every_order_that_is_tried() {
    let explored = Explorer::default().runs(500).explore::<Trip, _>(Desk::new);
    let explored = explored.unwrap();
    assert_eq!(explored.runs, 500);
    let counts = [
        explored.heard,
        explored.repeated,
        explored.lost,
        explored.fired,
        explored.acts,
    ];
    assert!(counts.iter().all(|count| *count > 100), "{explored:?}");
}

#[test]
fn a_broken_promise_is_found_and_the_run_can_be_run_again() {
    let wrong = || Desk {
        no_hotel: true,
        ..Desk::new()
    };
    let found = Explorer::default().explore::<Trip, _>(wrong).unwrap_err();
    assert_eq!(found.why, "there should be no hotel");
    assert!(
        found.to_string().contains("Book(Hotel) is carried out"),
        "{found}"
    );
    let again = Explorer::default().seed(found.seed).runs(1);
    assert_eq!(again.explore::<Trip, _>(wrong).unwrap_err(), found);
}

/// Orders a trip and never answers.
struct Nobody;

impl World<Trip> for Nobody {
    fn begin(&mut self, _: &mut Dice) -> Vec<Sent<Trip>> {
        vec![Sent::surely(TripInput::Ordered)]
    }

    fn act(&mut self, _: &TripAction, _: &mut Dice) -> Vec<Sent<Trip>> {
        vec![]
    }

    fn check(&self, _: &Trip, _: bool) -> Result<(), String> {
        Ok(())
    }
}

#[test]
fn a_manager_that_never_comes_to_an_end_is_found() {
    let found = Explorer::default()
        .steps_max(300)
        .explore::<Trip, _>(|| Nobody);
    assert_eq!(found.unwrap_err().why, "no end after 300 steps");
}

/// Says that a step is booked before anybody has ordered a trip.
struct Early;

impl World<Trip> for Early {
    fn begin(&mut self, _: &mut Dice) -> Vec<Sent<Trip>> {
        vec![Sent::surely(TripInput::Booked(Step::Flight))]
    }

    fn act(&mut self, _: &TripAction, _: &mut Dice) -> Vec<Sent<Trip>> {
        vec![]
    }

    fn check(&self, _: &Trip, _: bool) -> Result<(), String> {
        Ok(())
    }
}

#[test]
fn a_refusal_of_the_manager_is_found() {
    let found = Explorer::default().explore::<Trip, _>(|| Early);
    let why = found.unwrap_err().why;
    assert_eq!(why, "Trip refused: nobody has ordered this trip");
}
