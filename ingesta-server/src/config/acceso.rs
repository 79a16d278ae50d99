//! The keys of access control.
//!
//! Promises: half of what a token needs is refused; without access control a listen address that
//! others reach is refused before anything is started.

use std::net::SocketAddr;

use super::read::bad;
use super::{ConfigError, Layers};
use crate::acceso::{Acceso, JwtOptions};

/// How access is controlled; `None`: everybody on this machine may do everything.
pub(super) fn acceso(layers: &Layers, listen: SocketAddr) -> Result<Option<Acceso>, ConfigError> {
    let jwt = jwt(layers)?;
    let said = text(layers, "access");
    match said.unwrap_or("open") {
        "required" => Ok(Some(Acceso { jwt })),
        "open" if jwt.is_some() => {
            let expected = "required, because tokens are to be looked at";
            Err(bad(layers, "access", expected))
        }
        "open" if !listen.ip().is_loopback() => {
            let expected = "required, because listen is no loopback address: \
                            whoever reaches it could do everything";
            Err(bad(layers, "access", expected))
        }
        "open" => Ok(None),
        _ => Err(bad(layers, "access", "open or required")),
    }
}

fn jwt(layers: &Layers) -> Result<Option<JwtOptions>, ConfigError> {
    const TOGETHER: [&str; 3] = ["jwt_jwks_url", "jwt_issuer", "jwt_audience"];
    let said = TOGETHER.map(|key| text(layers, key).map(str::to_owned));
    let [Some(jwks_url), Some(issuer), Some(audience)] = said else {
        let missing = TOGETHER.into_iter().zip(&said).find(|(_, it)| it.is_none());
        return match (said.iter().any(Option::is_some), missing) {
            (true, Some((key, _))) => {
                let expected = "a text: jwt_jwks_url, jwt_issuer and jwt_audience go together";
                Err(bad(layers, key, expected))
            }
            (_, _) => Ok(None),
        };
    };
    let scheme = |scheme| jwks_url.starts_with(scheme);
    let https = cfg!(feature = "tls") && scheme("https://");
    if !(https || scheme("http://")) {
        let expected = "http://..., or https://... in a build with the feature `tls`";
        return Err(bad(layers, "jwt_jwks_url", expected));
    }
    let claim = |key| text(layers, key).unwrap_or_default().to_owned();
    Ok(Some(JwtOptions {
        jwks_url,
        issuer,
        audience,
        role_claim: claim("jwt_role_claim"),
        provider_claim: claim("jwt_provider_claim"),
    }))
}

fn text<'l>(layers: &'l Layers, key: &str) -> Option<&'l str> {
    let said = layers.get(key).map(|setting| setting.value.as_str());
    said.filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(listen: &str, said: &[(&str, &str)]) -> Result<Option<Acceso>, String> {
        let mut layers = Layers::defaults();
        let variables = said
            .iter()
            .map(|(name, value)| (format!("INGESTA_{name}").into(), (*value).into()));
        layers.environment(variables).expect("known");
        acceso(&layers, listen.parse().expect("an address")).map_err(|error| error.to_string())
    }

    #[test]
    fn an_open_server_is_for_its_own_machine_alone() {
        for here in ["127.0.0.1:1", "[::1]:1"] {
            assert_eq!(read(here, &[]), Ok(None));
        }
        for others in ["0.0.0.0:1", "[::]:1", "192.0.2.1:1"] {
            let refused = read(others, &[]).expect_err(others);
            assert!(refused.contains("no loopback address"), "{refused}");
            let required = read(others, &[("ACCESS", "required")]);
            assert_eq!(required, Ok(Some(Acceso::default())));
        }
        assert!(read("127.0.0.1:1", &[("ACCESS", "yes")]).is_err());
    }

    #[test]
    fn a_token_needs_its_keys_its_issuer_and_its_audience() {
        const ALL: [(&str, &str); 4] = [
            ("ACCESS", "required"),
            ("JWT_JWKS_URL", "http://id.example.org/keys"),
            ("JWT_ISSUER", "https://id.example.org/"),
            ("JWT_AUDIENCE", "ingesta"),
        ];
        let whole = read("127.0.0.1:1", &ALL).expect("sound").expect("required");
        let jwt = whole.jwt.expect("tokens are looked at");
        assert_eq!(
            (&*jwt.role_claim, &*jwt.provider_claim),
            ("rol", "id_proveedor")
        );
        for without in 1..ALL.len() {
            let mut some = ALL.to_vec();
            let (name, _) = some.remove(without);
            let refused = read("127.0.0.1:1", &some).expect_err(name);
            assert!(refused.contains(&name.to_lowercase()), "{refused}");
        }
        let open = read("127.0.0.1:1", &ALL[1..]).expect_err("open with tokens");
        assert!(open.contains("access"), "{open}");
        let mut ftp = ALL;
        ftp[1].1 = "ftp://id.example.org/keys";
        assert!(read("127.0.0.1:1", &ftp).is_err());
    }
}
