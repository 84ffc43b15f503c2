//! Services of a contract that the gateway was not compiled with: the interoperability cases of gRPC by several clients,
//! and every shape that REST can have.

mod cases;
mod clients;
mod python;
mod service;
mod shapes;
mod uploads;
mod values;

use gateway::http::HttpSettings;
use tokio::net::TcpListener;

use crate::http::world::World;

/// Those that are served.
const SERVICES: [&str; 2] = ["taskmesh.testing.v1.InteropService", "taskmesh.testing.v1.ShapeService"];

/// A front with these tests' services behind it.
pub(crate) async fn world() -> World {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let upstream = listener.local_addr().expect("an address");
    let mut world = World::of(mesh_testkit::testing::contract(), &SERVICES, upstream, HttpSettings::default()).await;
    world.tasks.spawn(service::serve(listener));
    world
}
