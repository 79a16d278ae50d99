//! From a JSON error to a problem that helps the client and repeats nothing of what it sent.
//!
//! Promises: the text of `serde_json` is never sent, since it quotes values and unknown names; a
//! field is named only where the name stands in the program's source.
//! It does not say which value would have been right: that is the documentation's part.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::Problem;
use crate::field_names::field_names;

/// Reads `bytes` as a `T`.
///
/// # Errors
///
/// 400: `json_malformado`, `campo_ausente`, `campo_repetido`, `campo_desconocido`,
/// `campo_invalido` or `cuerpo_invalido`, with `campo`, `linea` and `columna` where known.
pub(crate) fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // A derived `Deserialize` would read an array as the struct's fields in order.
    if bytes.trim_ascii_start().starts_with(b"[") && field_names::<T>().is_some() {
        let detail = "el cuerpo debe ser un objeto JSON, no una lista";
        return Err(Problem::bad_request("cuerpo_invalido", detail));
    }
    serde_json::from_slice(bytes).map_err(|error| refusal::<T>(bytes, &error))
}

fn refusal<T: DeserializeOwned>(bytes: &[u8], error: &serde_json::Error) -> Problem {
    let problem = match error.classify() {
        Category::Syntax | Category::Eof | Category::Io => malformed(bytes, error),
        Category::Data => wrong_shape::<T>(bytes, error),
    };
    if error.line() == 0 {
        // Flattened and untagged types lose the place.
        return problem;
    }
    problem
        .with("linea", error.line())
        .with("columna", error.column())
}

fn malformed(bytes: &[u8], error: &serde_json::Error) -> Problem {
    let detail = if bytes.trim_ascii().is_empty() {
        "el cuerpo está vacío; se esperaba JSON".to_owned()
    } else {
        format!("el cuerpo no es JSON bien formado{}", place(error))
    };
    Problem::bad_request("json_malformado", detail)
}

fn wrong_shape<T: DeserializeOwned>(bytes: &[u8], error: &serde_json::Error) -> Problem {
    // Read, never sent: only what stands behind these fixed beginnings is used, and it is a name
    // of the program. A value that imitates them comes behind `invalid value: ` or the like.
    let text = error.to_string();
    let outer = failing_field::<T>(bytes, error);
    if let Some(name) = known_name(&text, "missing field `") {
        let field = joined(outer, name);
        return refuse(
            "campo_ausente",
            format!("falta el campo {field}"),
            Some(&field),
        );
    }
    if let Some(name) = known_name(&text, "duplicate field `") {
        let field = joined(outer.filter(|outer| *outer != name), name);
        return refuse(
            "campo_repetido",
            format!("el campo {field} está repetido"),
            Some(&field),
        );
    }
    if text.starts_with("unknown field `") {
        let detail = format!("el cuerpo tiene un campo desconocido{}", place(error));
        return refuse("campo_desconocido", detail, None);
    }
    match outer {
        Some(field) => {
            let detail = format!(
                "el campo {field} no tiene la forma esperada{}",
                place(error)
            );
            refuse("campo_invalido", detail, Some(field))
        }
        None => {
            let detail = format!("el cuerpo no tiene la forma esperada{}", place(error));
            refuse("cuerpo_invalido", detail, None)
        }
    }
}

fn refuse(code: &'static str, detail: String, field: Option<&str>) -> Problem {
    let problem = Problem::bad_request(code, detail);
    match field {
        Some(field) => problem.with("campo", field),
        None => problem,
    }
}

fn place(error: &serde_json::Error) -> String {
    match error.line() {
        0 => String::new(),
        line => format!(" (línea {line}, columna {})", error.column()),
    }
}

fn joined(outer: Option<&str>, name: &str) -> String {
    outer.map_or_else(|| name.to_owned(), |outer| format!("{outer}.{name}"))
}

/// The name behind a fixed beginning of an error text, where it looks like a field's name.
pub(crate) fn known_name<'a>(text: &'a str, beginning: &str) -> Option<&'a str> {
    let (name, _) = text.strip_prefix(beginning)?.split_once('`')?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    ((1..=64).contains(&name.len()) && name.bytes().all(plain)).then_some(name)
}

/// The field of `T` whose value holds the place of the error.
fn failing_field<T: DeserializeOwned>(
    bytes: &[u8],
    error: &serde_json::Error,
) -> Option<&'static str> {
    let names = field_names::<T>()?;
    let at = offset(bytes, error)?;
    let values: BTreeMap<String, &RawValue> = serde_json::from_slice(bytes).ok()?;
    let (name, _) = values.iter().find(|(_, value)| {
        // The raw value is a part of `bytes`, so the distance of the two is its place.
        let start = value.get().as_ptr() as usize - bytes.as_ptr() as usize;
        // An error about a value that was only peeked at has the place of the byte before it.
        let colon = bytes[..start].trim_ascii_end().len().saturating_sub(1);
        (colon..start + value.get().len()).contains(&at)
    })?;
    names.iter().find(|known| *known == name).copied()
}

/// Line and column count bytes from one.
fn offset(bytes: &[u8], error: &serde_json::Error) -> Option<usize> {
    let lines_before = error.line().checked_sub(1)?;
    let before: usize = bytes
        .split_inclusive(|b| *b == b'\n')
        .take(lines_before)
        .map(<[u8]>::len)
        .sum();
    Some(before + error.column().checked_sub(1)?)
}
