//! Every route for every principal, generated from the table of permissions and held against what is
//! answered.

use std::collections::BTreeSet;

use ingesta_server::acceso::Rol;
use ingesta_server::permisos::{PERMISOS, Permiso};
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use uuid::Uuid;

use super::{AJENO, Casa, PROPIO, de};
use crate::test_app::Answer;

#[test]
fn the_table_of_permissions_has_every_route_of_the_description_and_no_other() {
    let document = serde_json::to_value(ingesta_server::openapi()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    let described: BTreeSet<(String, String)> = paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().expect("methods").keys();
            methods.map(|method| (method.to_uppercase(), path.clone()))
        })
        .collect();
    let in_table: BTreeSet<(String, String)> = PERMISOS
        .iter()
        // Second names of routes that are described under their first, and the page's own files.
        .filter(|(_, path, _)| !["/health", "/spec", "/"].contains(path))
        .filter(|(_, path, _)| !path.starts_with("/pagina/"))
        .map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned()))
        .collect();
    assert_eq!(in_table, described);
    let distinct: BTreeSet<_> = PERMISOS
        .iter()
        .map(|(method, path, _)| (*method, *path))
        .collect();
    assert_eq!(distinct.len(), PERMISOS.len(), "a route stands there twice");
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quien {
    Nadie,
    Falsa,
    Revocada,
    Propio,
    Otro,
    Operador,
    Admin,
}

impl Quien {
    fn rol(self) -> Option<Rol> {
        match self {
            Self::Nadie | Self::Falsa | Self::Revocada => None,
            Self::Propio | Self::Otro => Some(Rol::Proveedor),
            Self::Operador => Some(Rol::Operador),
            Self::Admin => Some(Rol::Admin),
        }
    }

    /// What is expected of a route with this permission, for an ingesta of the owner's: the code of
    /// a refusal, or none.
    fn expected(self, permiso: Permiso, path: &str) -> Option<&'static str> {
        let of_one = path.contains("{id}");
        match (permiso, self.rol()) {
            (Permiso::Publico, _) => None,
            (_, None) => Some("sin_identidad"),
            (Permiso::Desde(least), Some(rol)) if rol < least => Some("papel_insuficiente"),
            (Permiso::Propio, Some(_)) if self == Self::Otro && of_one => Some("ingesta_no_existe"),
            (Permiso::Propio, Some(_)) if self == Self::Otro && path.contains("crear") => {
                Some("proveedor_ajeno")
            }
            (Permiso::Desde(_) | Permiso::Propio, Some(_)) => None,
        }
    }
}

/// The code of a refusal that is about who asks.
fn refusal(answer: &Answer) -> Option<String> {
    const ABOUT: [&str; 4] = [
        "sin_identidad",
        "papel_insuficiente",
        "ingesta_no_existe",
        "proveedor_ajeno",
    ];
    if answer.status < 400 {
        return None;
    }
    let code = answer.text_of("code");
    ABOUT.contains(&&*code).then_some(code)
}

/// The whole answer, or its head where it is a stream without an end.
async fn head(casa: &Casa, request: RequestBuilder, path: &str) -> Answer {
    if !path.starts_with("/bff/stream") {
        return casa.app.send(request).await;
    }
    let answer = request.send().await.expect("an answer");
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = if status == 200 {
        String::new()
    } else {
        answer.text().await.expect("whole")
    };
    Answer {
        status,
        headers,
        text,
    }
}

#[tokio::test]
async fn b_47_no_route_deviates_for_any_principal() {
    let casa = Casa::new().await;
    let own = casa.clave(Rol::Proveedor, Some(PROPIO)).await;
    let revoked = casa.claves.crear("ida", Rol::Admin, None).await;
    let (id, revoked) = revoked.expect("a key");
    casa.claves.revocar(id).await.expect("it works no more");
    let false_one = {
        let mut text = own.clone();
        let last = if text.pop() == Some('0') { '1' } else { '0' };
        text.push(last);
        text
    };
    let everybody = [
        (Quien::Nadie, None),
        (Quien::Falsa, Some(false_one)),
        (Quien::Revocada, Some(revoked)),
        (Quien::Propio, Some(own.clone())),
        (
            Quien::Otro,
            Some(casa.clave(Rol::Proveedor, Some(AJENO)).await),
        ),
        (Quien::Operador, Some(casa.clave(Rol::Operador, None).await)),
        (Quien::Admin, Some(casa.clave(Rol::Admin, None).await)),
    ];
    let mut looked = 0;
    for (method, path, permiso) in &PERMISOS {
        for (quien, clave) in &everybody {
            let id = casa.ingesta(PROPIO, &own).await;
            let path = path.replace("{id}", &id);
            let method: Method = method.parse().expect("a method");
            let mut request = casa.app.request(method.clone(), &path);
            if let Some(clave) = clave {
                request = request.bearer_auth(clave);
            }
            if path.ends_with("crear-ingesta-comando") {
                request = request.json(&de(PROPIO));
            } else if method == Method::POST {
                request = request.json(&json!({"motivo": "m", "motivos": ["bytes_invalidos"]}));
            }
            let answer = head(&casa, request, &path).await;
            let expected = quien.expected(*permiso, PERMISOS[looked / everybody.len()].1);
            assert_eq!(
                refusal(&answer).as_deref(),
                expected,
                "{quien:?} {method} {path}: {} {}",
                answer.status,
                answer.text
            );
            assert!(answer.status < 500, "{quien:?} {method} {path}");
            if expected == Some("sin_identidad") {
                assert_eq!(answer.status, 401);
                assert!(answer.header("www-authenticate").starts_with("Bearer"));
            }
            looked += 1;
        }
    }
    assert_eq!(looked, PERMISOS.len() * everybody.len());
    let nowhere = format!("/ingesta/{}/otra", Uuid::new_v4());
    let unknown = casa.app.get(&nowhere).await;
    unknown.refused(404, "ruta_desconocida");
    casa.app.app.stop().await;
}
