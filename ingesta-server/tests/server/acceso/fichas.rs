//! Tokens of an identity provider: believed when everything about them is right, and only then.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use ingesta_server::acceso::{Acceso, JwtOptions};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{AJENO, Casa, PROPIO, de};

const ISSUER: &str = "https://id.example.org/";
const AUDIENCE: &str = "ingesta";

/// An identity provider with one key.
struct Emisor {
    url: String,
    key: EncodingKey,
    asked: Arc<AtomicUsize>,
    away: Arc<AtomicBool>,
}

#[derive(Clone)]
struct Publica {
    set: Value,
    asked: Arc<AtomicUsize>,
    away: Arc<AtomicBool>,
}

async fn claves(State(publica): State<Publica>) -> Result<Json<Value>, StatusCode> {
    publica.asked.fetch_add(1, Ordering::SeqCst);
    if publica.away.load(Ordering::SeqCst) {
        return Err(StatusCode::BAD_GATEWAY);
    }
    Ok(Json(publica.set))
}

/// Without padding, as JWK has it.
fn base64url(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let number = (0..3).fold(0_usize, |number, index| {
            number << 8 | usize::from(three.get(index).copied().unwrap_or(0))
        });
        for letter in 0..=three.len() {
            text.push(char::from(LETTERS[number >> (18 - 6 * letter) & 63]));
        }
    }
    text
}

impl Emisor {
    async fn new() -> Self {
        let pair = Ed25519KeyPair::generate().expect("a key");
        let pkcs8 = pair.to_pkcs8().expect("its form");
        let x = base64url(pair.public_key().as_ref());
        let (asked, away) = (Arc::default(), Arc::default());
        let publica = Publica {
            set: json!({"keys": [
                {"kty": "OKP", "crv": "Ed25519", "kid": "uno", "alg": "EdDSA", "use": "sig", "x": x},
            ]}),
            asked: Arc::clone(&asked),
            away: Arc::clone(&away),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/claves", listener.local_addr().expect("bound"));
        let router = Router::new()
            .route("/claves", get(claves))
            .with_state(publica);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            url,
            key: EncodingKey::from_ed_der(pkcs8.as_ref()),
            asked,
            away,
        }
    }

    async fn casa(&self) -> Casa {
        let jwt = JwtOptions {
            jwks_url: self.url.clone(),
            issuer: ISSUER.to_owned(),
            audience: AUDIENCE.to_owned(),
            role_claim: "rol".to_owned(),
            provider_claim: "id_proveedor".to_owned(),
        };
        Casa::with(Acceso { jwt: Some(jwt) }).await
    }

    fn token(&self, kid: &str, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(kid.to_owned());
        encode(&header, claims, &self.key).expect("a token")
    }
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": [AUDIENCE, "otro"], "sub": "hospital", "exp": 4_000_000_000_u64,
        "rol": "proveedor", "id_proveedor": PROPIO,
    })
}

fn with(changes: &[(&str, Value)]) -> Value {
    let mut claims = claims();
    for (name, value) in changes {
        claims[*name] = value.clone();
    }
    claims
}

#[tokio::test]
async fn a_token_is_believed_when_all_of_it_is_right_and_only_then() {
    let emisor = Emisor::new().await;
    let casa = emisor.casa().await;
    let good = emisor.token("uno", &claims());
    casa.crear(&de(PROPIO), &good).await.ok(202);
    let strange = casa.crear(&de(AJENO), &good).await;
    strange.refused(403, "proveedor_ajeno");
    let list = emisor.token(
        "uno",
        &with(&[("rol", json!(["x", "proveedor", "operador"]))]),
    );
    casa.get("/metrics", &list).await.ok(200);
    casa.get("/metrics", &good)
        .await
        .refused(403, "papel_insuficiente");
    let wrong = [
        with(&[("iss", json!("https://otro.example.org/"))]),
        with(&[("aud", json!("otro"))]),
        with(&[("exp", json!(1_000_000_000))]),
        with(&[("nbf", json!(3_999_999_000_u64))]),
        with(&[("rol", json!("dueño"))]),
        with(&[("rol", json!(7))]),
        with(&[("id_proveedor", json!("yo"))]),
        with(&[("id_proveedor", Value::Null)]),
        with(&[("sub", json!(""))]),
    ];
    for claims in &wrong {
        let token = emisor.token("uno", claims);
        let answer = casa.get("/ingesta/todas", &token).await;
        answer.refused(401, "sin_identidad");
    }
    for name in ["iss", "aud", "sub", "exp", "rol"] {
        let mut some = claims();
        some.as_object_mut().expect("an object").remove(name);
        let answer = casa
            .get("/ingesta/todas", &emisor.token("uno", &some))
            .await;
        answer.refused(401, "sin_identidad");
    }
    // Another's signature, a shared secret, none at all, and no token.
    let other = Emisor::new().await.token("uno", &claims());
    let shared = encode(
        &Header::default(),
        &claims(),
        &EncodingKey::from_secret(b"x"),
    );
    let unsigned = {
        let parts: Vec<&str> = good.split('.').collect();
        format!(
            "{}.{}.",
            base64url(br#"{"alg":"none","typ":"JWT"}"#),
            parts[1]
        )
    };
    for token in [
        other,
        shared.expect("a token"),
        unsigned,
        "no.es.nada".into(),
    ] {
        let answer = casa.get("/ingesta/todas", &token).await;
        answer.refused(401, "sin_identidad");
    }
    casa.app.app.stop().await;
}

#[tokio::test]
async fn whoever_makes_names_of_keys_up_has_nobody_asked_for_them() {
    let emisor = Emisor::new().await;
    let casa = emisor.casa().await;
    emisor.away.store(true, Ordering::SeqCst);
    let good = emisor.token("uno", &claims());
    let away = casa.get("/ingesta/todas", &good).await;
    away.refused(503, "emisor_no_disponible");
    assert!(away.headers.contains_key("retry-after"));
    for number in 0..20 {
        let token = emisor.token(&format!("otra-{number}"), &claims());
        casa.get("/ingesta/todas", &token)
            .await
            .refused(503, "emisor_no_disponible");
    }
    assert_eq!(emisor.asked.load(Ordering::SeqCst), 1);
    // Keys of the log go on working meanwhile.
    let own = casa.clave(ingesta_server::acceso::Rol::Admin, None).await;
    casa.get("/ingesta/todas", &own).await.ok(200);
    casa.app.app.stop().await;
}
