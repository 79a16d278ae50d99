//! The page in a real browser: what people see, with their eyes, a keyboard or a screen reader.

mod acceso;
mod creacion;
mod navegador;
mod operador;
mod todos;
mod una;

use self::navegador::Navegador;
use crate::test_app::TestApp;

/// The address of the page, at this place of it.
fn pagina(app: &TestApp, place: &str) -> String {
    format!("http://{}/pagina/{place}", app.app.addr())
}
