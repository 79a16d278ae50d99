//! Connections that die without saying so: what was sent into them is never answered.

use std::net::SocketAddr;
use std::time::Duration;

use ingesta_event_store::StreamId;
use ingesta_event_store::{AppendError, Database, DatabaseOptions, EventStorage, PostgresStorage};
use ingesta_testing::eventually;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::support::{Fixture, append};

/// Passes connections on until it is told to swallow those that stand; later ones pass.
struct Proxy {
    addr: SocketAddr,
    swallowed: watch::Sender<u64>,
}

impl Proxy {
    async fn before(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let swallowed = watch::Sender::new(0);
        let seen = swallowed.subscribe();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let (server, mut seen) = (server.clone(), seen.clone());
                let born = *seen.borrow();
                tokio::spawn(async move {
                    let mut server = TcpStream::connect(server).await.unwrap();
                    let passed = tokio::io::copy_bidirectional(&mut client, &mut server);
                    let swallowed = async {
                        drop(seen.wait_for(|swallowed| *swallowed > born).await);
                    };
                    tokio::select! {
                        _ = passed => {}
                        () = swallowed => {
                            // Both ends stay open and hear nothing any more.
                            std::future::pending::<()>().await;
                        }
                    }
                });
            }
        });
        Self { addr, swallowed }
    }
}

#[tokio::test]
async fn a_connection_that_died_without_saying_so_holds_nobody_up_for_long() {
    let fixture = Fixture::migrated().await;
    let (before, rest) = fixture.url.rsplit_once('@').unwrap();
    let (server, database) = rest.split_once('/').unwrap();
    let proxy = Proxy::before(server.to_owned()).await;
    let url = format!("{before}@{}/{database}", proxy.addr);
    let options = DatabaseOptions {
        statement_timeout: Duration::from_secs(3),
        acquire_timeout: Duration::from_secs(1),
        ..DatabaseOptions::default()
    };
    let store = PostgresStorage::new(Database::connect(&url, options).await.unwrap());
    let stream = StreamId::new("Counter", "a".to_owned());
    store.append(append("a", 0, &[1])).await.unwrap();
    assert_eq!(store.load(&stream, 0).await.unwrap().len(), 1);

    proxy.swallowed.send_modify(|times| *times += 1);
    let (loaded, appended) = tokio::join!(
        eventually("the stream to be loaded", async || {
            store.load(&stream, 0).await.ok()
        }),
        store.append(append("b", 0, &[1])),
    );
    assert!(!loaded.is_empty());
    // It was sent, or it was found out in time that it could not be: never said to have failed
    // where nobody knows.
    assert!(
        matches!(
            appended,
            Ok(_) | Err(AppendError::Unknown(_) | AppendError::NotStored(_))
        ),
        "{appended:?}"
    );
    eventually("an append to be stored", async || {
        store.append(append("c", 0, &[1])).await.ok()
    })
    .await;
}
