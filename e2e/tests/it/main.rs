//! Taskmesh from outside: real processes, real clients, both modes, every face.

/// Makes two tests of each named `async fn(Mode) -> anyhow::Result<()>`: one against one process, one against a mesh.
macro_rules! in_both_modes {
    ($($name:ident;)*) => {
        mod in_one_process {
            $(#[tokio::test]
            async fn $name() -> anyhow::Result<()> {
                super::$name(e2e::Mode::Single).await
            })*
        }
        mod in_a_mesh {
            $(#[tokio::test]
            async fn $name() -> anyhow::Result<()> {
                super::$name(e2e::Mode::Mesh).await
            })*
        }
    };
}

mod campaign;
mod crash;
mod deployed;
mod five_minutes;
mod measured;
mod openapi;
mod outside;
mod previews;
mod readme;
mod refusals;
mod repeating;
mod rolling;
mod todo_list;
mod traces;
mod watcher;
mod watching;
