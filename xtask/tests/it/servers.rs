//! The servers that tests need: obtained, used, killed, gone.

use std::net::TcpStream;

use xtask::{
    servers::{Durability, Servers, Shutdown},
    workspace::Workspace,
};

#[test]
fn servers_start_come_back_after_a_kill_and_leave_nothing_behind() {
    let workspace = Workspace::locate().expect("cargo runs");
    let mut servers = Servers::start(&workspace, Durability::Process).expect("servers are to be had");
    let folder = servers.folder().to_owned();
    if servers.postgres.programs().is_some() {
        let database = servers.postgres.create_database("one").expect("a database is made");
        servers.postgres.restart().expect("PostgreSQL starts again");
        for shutdown in [Shutdown::Fast, Shutdown::Immediate, Shutdown::Kill] {
            servers.postgres.stop(shutdown).expect("PostgreSQL stops");
            servers.postgres.start_again().expect("PostgreSQL starts again");
        }
        assert!(database.ends_with("/one"));
        assert!(servers.postgres.create_database("one").is_err(), "it is still there");
    }
    servers.nats.kill().expect("nats-server is killed");
    servers.nats.wipe().expect("its store is deleted");
    servers.nats.start_again().expect("nats-server starts again");
    let address = servers.nats.url().replace("nats://", "");
    assert!(TcpStream::connect(&address).is_ok());
    drop(servers);
    assert!(TcpStream::connect(&address).is_err());
    assert!(!folder.exists());
}
