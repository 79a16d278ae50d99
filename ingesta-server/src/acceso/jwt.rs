//! A token of an identity provider, and whom it names.
//!
//! Promises: signature, issuer, audience and time are looked at, with keys of that issuer alone; an
//! algorithm with a shared secret is never accepted; a token without a known role is nobody.

use std::time::Duration;

use ingesta_domain::valor::IdProveedor;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde_json::{Map, Value};

use super::emisor::{Emisor, EmisorError};
use super::{Principal, Rol};

/// How an identity provider is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtOptions {
    /// Where its keys are (a JWK set).
    pub jwks_url: String,
    /// What `iss` says.
    pub issuer: String,
    /// What `aud` says, or holds.
    pub audience: String,
    /// The claim that holds the role, or a list with it. Default `rol`.
    pub role_claim: String,
    /// The claim that holds a provider's id. Default `id_proveedor`.
    pub provider_claim: String,
}

/// Clocks differ.
const LEEWAY: Duration = Duration::from_secs(30);

const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// Believes the tokens of one issuer.
pub(super) struct Jwt {
    options: JwtOptions,
    emisor: Emisor,
}

impl Jwt {
    pub(super) fn new(options: JwtOptions) -> Result<Self, EmisorError> {
        Ok(Self {
            emisor: Emisor::new(&options.jwks_url)?,
            options,
        })
    }

    /// Whom this token names; `None`: nobody.
    pub(super) async fn reconocer(&self, token: &str) -> Result<Option<Principal>, EmisorError> {
        let Ok(header) = decode_header(token) else {
            return Ok(None);
        };
        if !ALGORITHMS.contains(&header.alg) {
            return Ok(None);
        }
        let Some(key) = self.emisor.clave(header.kid.as_deref(), header.alg).await? else {
            return Ok(None);
        };
        let mut validation = Validation::new(header.alg);
        validation.leeway = LEEWAY.as_secs();
        validation.validate_nbf = true;
        validation.set_issuer(&[&self.options.issuer]);
        validation.set_audience(&[&self.options.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let decoded = decode::<Map<String, Value>>(token, &key, &validation);
        Ok(decoded.ok().and_then(|token| self.principal(&token.claims)))
    }

    fn principal(&self, claims: &Map<String, Value>) -> Option<Principal> {
        let nombre = claims.get("sub")?.as_str()?;
        if nombre.is_empty() || nombre.len() > 200 || nombre.chars().any(char::is_control) {
            return None;
        }
        let rol = match claims.get(&self.options.role_claim)? {
            Value::String(word) => word.parse().ok(),
            Value::Array(words) => {
                let words = words.iter().filter_map(Value::as_str);
                words.filter_map(|word| word.parse::<Rol>().ok()).max()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
        }?;
        if rol != Rol::Proveedor {
            return Principal::de_casa(nombre, rol);
        }
        let id = claims.get(&self.options.provider_claim)?.as_str()?;
        let id: IdProveedor = id.parse().ok()?;
        Some(Principal::proveedor(nombre, id))
    }
}
