//! TLS: who shows the right certificate is let in as who it names, and passwords go over it.

use ingesta_kafka::connect::{KafkaError, KafkaOptions, SaslMechanism, Tls};
use ingesta_kafka::topics::{TopicSpec, ensure};
use ingesta_testing::PATIENCE;
use ingesta_testing::services::{Authority, Door, Doors, OwnedBroker};

use super::{PASSWORD, USER, allow_everything, as_user, both_ways, doors};

struct Scene {
    authority: Authority,
    broker: OwnedBroker,
}

/// `None` where tests without a broker are skipped by choice.
async fn scene() -> Option<Scene> {
    let authority = Authority::new().unwrap();
    let doors = Doors {
        certificate: Some(authority.of_broker().unwrap()),
        ..doors()
    };
    let broker = OwnedBroker::start_guarded_or_skip(&doors).await.unwrap()?;
    Some(Scene { authority, broker })
}

impl Scene {
    /// Whom a client trusts that trusts this authority.
    fn trust(authority: &Authority) -> Tls {
        Tls {
            ca: Some(authority.certificate()),
            ..Tls::default()
        }
    }

    fn at(&self, door: Door, tls: Tls) -> KafkaOptions {
        KafkaOptions {
            tls: Some(tls),
            ..KafkaOptions::new(self.broker.door(door).unwrap())
        }
    }

    fn by_name(&self, mechanism: SaslMechanism, password: &str) -> KafkaOptions {
        KafkaOptions {
            sasl: Some(as_user(mechanism, password)),
            ..self.at(Door::SaslTls, Self::trust(&self.authority))
        }
    }
}

/// What asking for a topic is answered.
async fn refused(kafka: &KafkaOptions) -> KafkaError {
    let refused = ensure(kafka, &[TopicSpec::new("t", 1)], PATIENCE).await;
    refused.unwrap_err().into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_ones_own_is_who_one_is() {
    let Some(scene) = scene().await else { return };
    allow_everything(&scene.broker, "CN=ingesta", "own-");
    let own = scene.authority.vouch("ingesta").unwrap();
    let kafka = scene.at(
        Door::Tls,
        Tls {
            certificate: Some(own.certificate),
            key: Some(own.key),
            ..Scene::trust(&scene.authority)
        },
    );
    both_ways(&kafka, "own-way").await;
    // Somebody else whom the authority knows is let in, and may do nothing.
    let other = scene.authority.vouch("somebody").unwrap();
    let kafka = scene.at(
        Door::Tls,
        Tls {
            certificate: Some(other.certificate),
            key: Some(other.key),
            ..Scene::trust(&scene.authority)
        },
    );
    let refused = refused(&kafka).await;
    assert_eq!(refused.kind(), "not_authorised", "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_passwords_go_over_tls_by_every_mechanism() {
    let Some(scene) = scene().await else { return };
    for (mechanism, name) in [
        (SaslMechanism::Plain, "plain-"),
        (SaslMechanism::ScramSha256, "scram256-"),
        (SaslMechanism::ScramSha512, "scram512-"),
    ] {
        allow_everything(&scene.broker, USER, name);
        both_ways(&scene.by_name(mechanism, PASSWORD), name).await;
        let wrong = refused(&scene.by_name(mechanism, "n0t-this")).await;
        assert_eq!(wrong.kind(), "not_authenticated", "{wrong}");
        assert!(!format!("{wrong} {wrong:?}").contains("n0t-this"));
    }
    // SCRAM needs no TLS, though its library does.
    let plain = KafkaOptions {
        sasl: Some(as_user(SaslMechanism::ScramSha256, PASSWORD)),
        ..KafkaOptions::new(scene.broker.door(Door::Sasl).unwrap())
    };
    both_ways(&plain, "scram256-plain").await;
}
