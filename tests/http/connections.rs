//! Over real sockets: a client that leaves, and a gateway that stops.

use std::{net::SocketAddr, time::Duration};

use interlock::http::{Shutdown, serve};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::world::World;

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

async fn send(address: SocketAddr, query: &str) -> TcpStream {
    let body = format!(r#"{{"query":"{query}"}}"#);
    let request = format!(
        "POST /graphql HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn a_client_that_leaves_ends_its_execution() {
    let world = World::new();
    let (listener, address) = listen().await;
    let shutdown = Shutdown::default();
    let client = async {
        let stream = send(address, "{stuck}").await;
        world.running.started.notified().await;
        drop(stream);
        world.running.dropped.notified().await;
        shutdown.requested.cancel();
    };
    let (served, ()) = tokio::join!(serve(listener, world.router.clone(), shutdown.clone()), client);
    served.unwrap();
}

#[tokio::test]
async fn stopping_lets_running_requests_finish() {
    let world = World::new();
    let (listener, address) = listen().await;
    let shutdown = Shutdown::default();
    let client = async {
        let mut stream = send(address, "{held}").await;
        world.running.started.notified().await;
        shutdown.requested.cancel();
        world.running.release.notify_one();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let (served, answer) = tokio::join!(serve(listener, world.router.clone(), shutdown.clone()), client);
    served.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("released"), "{answer}");
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn stopping_does_not_wait_for_ever() {
    let world = World::new();
    let (listener, address) = listen().await;
    let shutdown = Shutdown { grace: Duration::ZERO, ..Shutdown::default() };
    let client = async {
        let stream = send(address, "{stuck}").await;
        world.running.started.notified().await;
        shutdown.requested.cancel();
        stream
    };
    let (served, _still_open) = tokio::join!(serve(listener, world.router.clone(), shutdown.clone()), client);
    served.unwrap();
    world.running.dropped.notified().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_ends_its_head_is_cut_off() {
    let world = World::new();
    let (listener, address) = listen().await;
    let shutdown = Shutdown::default();
    let client = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"POST /graphql HTTP/1.1\r\nHost: local").await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        shutdown.requested.cancel();
        answer
    };
    let (served, answer) = tokio::join!(serve(listener, world.router.clone(), shutdown.clone()), client);
    served.unwrap();
    assert!(!String::from_utf8_lossy(&answer).contains("200"));
}
