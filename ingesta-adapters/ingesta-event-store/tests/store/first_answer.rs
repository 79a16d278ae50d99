//! A connection that dies between its handshake and the answer to its first question.

use std::net::SocketAddr;
use std::time::Duration;

use ingesta_event_store::{AppendError, Database, DatabaseOptions, EventStorage, PostgresStorage};
use ingesta_testing::PATIENCE;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Fixture, append};

/// What a writer asks first: whose log it is.
const FIRST: &[u8] = b"pg_control_system";

/// Passes everything on until a client asks that; then it passes nothing any more.
async fn deaf_to_the_first_question(server: String) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&server).await.unwrap();
            tokio::spawn(pass(client, server));
        }
    });
    addr
}

async fn pass(client: TcpStream, server: TcpStream) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    let mut bytes = vec![0; 65_536];
    while let Ok(read) = from_client.read(&mut bytes).await {
        let asked = bytes[..read].windows(FIRST.len()).any(|w| w == FIRST);
        if read == 0 {
            return;
        }
        if asked {
            // Both ends stay open and hear nothing any more.
            std::future::pending::<()>().await;
        }
        if to_server.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn a_new_connection_that_dies_before_its_first_answer_is_given_up() {
    let fixture = Fixture::migrated().await;
    let (before, rest) = fixture.url.rsplit_once('@').unwrap();
    let (server, database) = rest.split_once('/').unwrap();
    let addr = deaf_to_the_first_question(server.to_owned()).await;
    let options = DatabaseOptions {
        statement_timeout: Duration::from_secs(1),
        ..DatabaseOptions::default()
    };
    let url = format!("{before}@{addr}/{database}");
    let database = Database::connect(&url, options);
    let store = PostgresStorage::new(database.await.unwrap());
    let told = tokio::time::timeout(PATIENCE, store.append(append("a", 0, &[1]))).await;
    assert!(
        matches!(told, Ok(Err(AppendError::NotStored(_)))),
        "{told:?}"
    );
}
