//! The same cases by Google's gRPC for Python, which learns the contract from the gateway's reflection.

use tokio::process::Command;

use super::world;

#[tokio::test]
async fn grpcio_plays_the_cases_by_reflection() {
    let world = world().await;
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", e2e::tools::grpcio().await.expect("it is installed"));
    python.arg(e2e::tools::outside("grpcio/interop.py")).arg(world.address.to_string());
    let said = e2e::tools::succeed(python).await.expect("every case");
    assert_eq!(said.trim(), "14 cases were played");
}
