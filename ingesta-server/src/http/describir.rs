//! What the description of the interface says of access, from the one table of permissions.

use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, Content, ContentBuilder, OpenApi, PathItem, Ref, RefOr, ResponseBuilder,
};

use super::permisos::{PERMISOS, Permiso};

const SCHEME: &str = "clave";

const PROBLEM: &str = "application/problem+json";

/// A refusal is of its own media type, whatever its schema is called.
pub(super) fn problemas(document: &mut OpenApi) {
    let items = document.paths.paths.values_mut();
    let operations = items.flat_map(|item| [item.get.as_mut(), item.post.as_mut()]);
    for operation in operations.flatten() {
        for response in operation.responses.responses.values_mut() {
            let RefOr::T(response) = response else {
                continue;
            };
            let content = std::mem::take(&mut response.content).into_iter();
            let renamed = content.map(|(name, content)| {
                let name = if of_problem(&content) {
                    PROBLEM.to_owned()
                } else {
                    name
                };
                (name, content)
            });
            response.content = renamed.collect();
        }
    }
}

fn of_problem(content: &RefOr<Content>) -> bool {
    let RefOr::T(content) = content else {
        return false;
    };
    let Some(RefOr::Ref(schema)) = &content.schema else {
        return false;
    };
    schema.ref_location.ends_with("/Problema")
}

/// Adds the way to show who one is, and what is answered to whoever does not, or may not.
pub(super) fn acceso(document: &mut OpenApi) {
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "A key of `ingesta keys add`, or a token of the identity provider; a server that is open \
             asks for neither",
        ))
        .build();
    let components = document.components.get_or_insert_with(Components::default);
    components.add_security_scheme(SCHEME, SecurityScheme::Http(scheme));
    for (method, path, permiso) in &PERMISOS {
        let item = document.paths.paths.get_mut(*path);
        let Some(operation) = item.and_then(|item| operation(item, method)) else {
            continue;
        };
        if *permiso == Permiso::Publico {
            continue;
        }
        operation.security = Some(vec![
            SecurityRequirement::default(),
            SecurityRequirement::new(SCHEME, Vec::<String>::new()),
        ]);
        answer(operation, "401", "Nobody is known to ask");
        if let Permiso::Desde(rol) = permiso {
            answer(operation, "403", &format!("Less than {rol}"));
        }
    }
}

fn operation<'i>(item: &'i mut PathItem, method: &str) -> Option<&'i mut Operation> {
    match method {
        "GET" => item.get.as_mut(),
        "POST" => item.post.as_mut(),
        _ => None,
    }
}

/// Unless the route says for itself when it answers so.
fn answer(operation: &mut Operation, status: &str, description: &str) {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problema")))
        .build();
    let response = ResponseBuilder::new()
        .description(description)
        .content(PROBLEM, content)
        .build();
    operation
        .responses
        .responses
        .entry(status.to_owned())
        .or_insert_with(|| response.into());
}
