//! What is refused, and what the refusal tells.

use std::os::unix::fs::PermissionsExt;

use ingesta_embedded::{Embedded, EmbeddedError};

use crate::support::{fast, nowhere, open_folder};

#[tokio::test]
async fn without_binaries_the_error_names_what_to_install() {
    let dir = open_folder();
    let mut options = fast(dir.path());
    options.search = nowhere();
    let error = Embedded::start(options)
        .await
        .expect_err("there is nothing to run");
    let text = error.to_string();
    assert!(matches!(error, EmbeddedError::NoPostgres { .. }), "{text}");
    assert!(text.contains("install it with `"), "{text}");
    assert!(
        text.contains("DATABASE_URL") && text.contains("INGESTA_PG_BIN"),
        "{text}"
    );
    if std::fs::read_to_string("/etc/os-release").is_ok_and(|os| os.contains("ID=debian")) {
        assert!(text.contains("apt-get install postgresql"), "{text}");
    }
}

#[tokio::test]
async fn a_wrong_ingesta_pg_bin_is_an_error_that_names_it() {
    let dir = open_folder();
    let empty = dir.path().join("empty");
    std::fs::create_dir(&empty).expect("create");
    let mut options = fast(dir.path());
    options.search.bin_dir = Some(empty.clone());
    let error = Embedded::start(options)
        .await
        .expect_err("there is no postgres in it");
    let text = error.to_string();
    assert!(
        text.contains("INGESTA_PG_BIN") && text.contains("no `postgres`"),
        "{text}"
    );
    assert!(text.contains(&empty.display().to_string()), "{text}");
}

#[tokio::test]
async fn data_of_another_major_version_is_refused() -> anyhow::Result<()> {
    let dir = open_folder();
    Embedded::start(fast(dir.path())).await?.stop().await?;
    std::fs::write(dir.path().join("data/postgres/data/PG_VERSION"), "999\n")?;
    match Embedded::start(fast(dir.path())).await {
        Err(EmbeddedError::VersionMismatch { data, found, .. }) => {
            assert_eq!(data, 999);
            assert!(found < 999);
        }
        other => panic!("{other:?}"),
    }
    Ok(())
}

#[tokio::test]
async fn a_lost_password_is_said_and_not_replaced() -> anyhow::Result<()> {
    let dir = open_folder();
    Embedded::start(fast(dir.path())).await?.stop().await?;
    std::fs::remove_file(dir.path().join("data/password"))?;
    let error = Embedded::start(fast(dir.path()))
        .await
        .expect_err("nobody could log in");
    assert!(
        matches!(error, EmbeddedError::PasswordMissing { .. }),
        "{error}"
    );
    Ok(())
}

#[tokio::test]
async fn a_server_that_cannot_start_shows_the_end_of_its_log() -> anyhow::Result<()> {
    let dir = open_folder();
    Embedded::start(fast(dir.path())).await?.stop().await?;
    let conf = dir.path().join("data/postgres/data/postgresql.conf");
    std::fs::write(&conf, "no_such_setting = 1\n")?;
    let error = Embedded::start(fast(dir.path()))
        .await
        .expect_err("the setting is unknown");
    assert!(error.to_string().contains("no_such_setting"), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_state_file_that_is_none_is_refused_without_quoting_it() -> anyhow::Result<()> {
    let dir = open_folder();
    let data = dir.path().join("data");
    std::fs::create_dir(&data)?;
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o711))?;
    std::fs::write(data.join("postgres.json"), "{\"url\": \"hidden-word\"")?;
    let error = ingesta_embedded::attach(&data)
        .await
        .expect_err("it is cut off");
    assert!(
        matches!(error, EmbeddedError::BadState { line: 1, .. }),
        "{error}"
    );
    assert!(!format!("{error} {error:?}").contains("hidden-word"));
    Ok(())
}
