//! An operator's words are commands: they take effect once, and are refused where they make no sense.

use ingesta_event_store::{CommandError, Metadata};
use ingesta_sagas::Heard;

use crate::ground::on_both;
use crate::stage::Stage;
use crate::trip::{End, NotOrdered, Step, TripEvent, TripInput};

#[tokio::test]
async fn retry_and_abandon_are_heard_once_each() {
    on_both(async |ground| {
        let stage = Stage::new(&ground);
        let none = Metadata::default;
        let sagas = &stage.sagas;
        let first = sagas.tell("1", TripInput::Ordered, "order-1", none()).await;
        assert!(!first.unwrap().already_done);
        for already_done in [false, true] {
            let again = sagas.hear("1", Heard::Retry, "retry-1", none()).await;
            assert_eq!(again.unwrap().already_done, already_done, "{}", ground.name);
        }
        let abandon = || Heard::Abandon {
            reason: "the traveller has moved".to_owned(),
        };
        sagas
            .hear("1", abandon(), "abandon-1", none())
            .await
            .unwrap();
        let step = Step::Flight;
        let expected = [
            TripEvent::Asked { step, tried: 1 },
            TripEvent::Asked { step, tried: 2 },
            TripEvent::Ended(End::Abandoned),
        ];
        assert_eq!(stage.trip("1").await, expected);
        let loaded = sagas.load("1").await.unwrap();
        assert_eq!(loaded.version, 3);
        assert_eq!(loaded.state.state().end, Some(End::Abandoned));
        assert!(
            loaded.state.timers().is_empty(),
            "the end cancels the timer"
        );
    })
    .await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_a_name_is_used_for_one_thing() {
    on_both(async |ground| {
        let sagas = Stage::new(&ground).sagas.clone();
        let none = Metadata::default;
        let refused = sagas.hear("1", Heard::Retry, "retry", none()).await;
        assert!(matches!(refused, Err(CommandError::Refused(NotOrdered))));
        sagas
            .tell("1", TripInput::Ordered, "a", none())
            .await
            .unwrap();
        let other = sagas.tell("1", TripInput::Withdrawn, "a", none()).await;
        assert!(matches!(other, Err(CommandError::CommandIdReused)));
    })
    .await;
}
