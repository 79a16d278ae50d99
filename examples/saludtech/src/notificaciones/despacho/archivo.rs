//! E-mails as files, one for each notification.
//!
//! Promises: whole or not there, also over a power cut; a repetition writes the same file again.

use std::path::{Path, PathBuf};

use anyhow::Context;
use async_trait::async_trait;
use tokio::task::spawn_blocking;

use super::{Carta, Despacho, NoEnviado};

/// Writes each e-mail to `ID.eml` in a folder.
#[derive(Clone, Debug)]
pub struct Archivo {
    folder: PathBuf,
}

impl Archivo {
    /// In this folder, which is made.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(folder: PathBuf) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
        Ok(Self { folder })
    }
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    // Hidden and of this process alone until it is whole.
    let draft = folder.join(format!(".{name}.{}", std::process::id()));
    let mut file = std::fs::File::create(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&draft, folder.join(format!("{name}.eml")))?;
    std::fs::File::open(folder)?.sync_all()
}

#[async_trait]
impl Despacho for Archivo {
    fn repetible(&self) -> bool {
        true
    }

    async fn enviar(&self, carta: &Carta) -> Result<(), NoEnviado> {
        let (folder, name) = (self.folder.clone(), carta.id.to_string());
        let bytes = carta.message.formatted();
        let written = spawn_blocking(move || write(&folder, &name, &bytes)).await;
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(NoEnviado::Pasajero(error.kind().to_string())),
            Err(_) => Err(NoEnviado::Desconocido("interrumpido".to_owned())),
        }
    }
}
