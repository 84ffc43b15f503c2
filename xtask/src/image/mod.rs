//! `cargo xtask image`: builds the image, and starts the programs in it as the chart does: any user, no capabilities, a
//! root that cannot be written to.

mod container;
mod engine;
mod probe;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::{Command, ExitCode},
    time::Instant,
};

use anyhow::Context;
use clap::Args;

use crate::{
    free_port,
    mesh::{Databases, Plan, Service},
    servers::{Durability, Servers},
    workspace::{Profile, Workspace, output_of},
};
use container::{Container, Image};
use engine::Engine;

/// What to build.
#[derive(Args, Debug)]
pub struct Options {
    /// The image's name.
    #[arg(long, default_value = "localhost/taskmesh:local")]
    tag: String,
    /// How the programs in it are built.
    #[arg(long, value_enum, default_value_t = Profile::Release)]
    profile: Profile,
    /// Begin with images made of Debian's packages and this machine's Rust, where no registry can be reached; needs root.
    #[arg(long)]
    local_bases: bool,
}

/// Builds it, says how large it is, and tries what is in it.
///
/// # Errors
/// When it cannot be built, or a program in it does not do what the chart expects of it.
pub fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<ExitCode> {
    let engine = Engine::obtain()?;
    if options.local_bases {
        engine.make_bases(workspace)?;
    }
    let mut git = Command::new("git");
    let revision = output_of(git.args(["rev-parse", "HEAD"]).current_dir(&workspace.root))?;
    let begin = Instant::now();
    engine.build(workspace, options, revision.trim())?;
    println!("built in {} s, {} MB", begin.elapsed().as_secs(), engine.size(&options.tag)? / 1_000_000);
    let servers = Servers::start(workspace, Durability::Fast)?;
    let image = Image::new(engine, &options.tag, servers.folder())?;
    try_services(&image, &servers, revision.trim())?;
    try_single_process(&image)?;
    println!("every program starts, answers and stops");
    Ok(ExitCode::SUCCESS)
}

/// Keys, migrations, services, a call through them, and an orderly end.
fn try_services(image: &Image, servers: &Servers, revision: &str) -> anyhow::Result<()> {
    image.run(&["taskmesh", "new-keys", &image.folder().display().to_string()], &[])?;
    let database = |service: Service| servers.postgres.create_database(&format!("image_{}", service.noun()));
    let plan = Plan {
        programs: Path::new("/usr/local/bin"),
        folder: image.folder(),
        listen: free_address()?,
        replicas: 1,
        databases: Databases::create(database)?,
        nats_url: servers.nats.url(),
        variables: Vec::new(),
    };
    for service in Service::ALL {
        image.run(&[service.name(), "migrate"], &service.settings(&plan, plan.listen))?;
    }
    let mut members = start_all(image, &plan)?;
    for member in &mut members {
        let Member { service, listen, admin, container } = member;
        container.wait_until(|| probe::serves(*listen, service.health()))?;
        probe::tells_of_itself(*admin, revision).context(service.name())?;
    }
    probe::takes_a_task(plan.listen)?;
    members.into_iter().try_for_each(|member| member.container.stop())
}

/// A service in a container.
struct Member {
    service: Service,
    listen: SocketAddr,
    admin: SocketAddr,
    container: Container,
}

/// Starts every service, with its database migrated and the addresses of those that it calls.
fn start_all(image: &Image, plan: &Plan) -> anyhow::Result<Vec<Member>> {
    let mut places = Vec::new();
    for service in Service::ALL {
        let listen = if service == Service::Gateway { plan.listen } else { free_address()? };
        places.push((service, listen, free_address()?));
    }
    let mut members = Vec::new();
    for &(service, listen, admin) in &places {
        let mut variables = service.settings(plan, listen);
        variables.push((service.variable("PROCESS__ADMIN_LISTEN"), admin.to_string()));
        variables.push((service.variable("DATABASE__MIGRATE_AT_START"), "false".to_owned()));
        let uris = places.iter().map(|(other, listen, _)| (*other, format!("http://{listen}")));
        variables.extend(uris.filter_map(|(other, uri)| service.upstream_variable(other, &uri)));
        let container = image.start(service.name(), &[service.name()], &variables)?;
        members.push(Member { service, listen, admin, container });
    }
    Ok(members)
}

/// Everything in one process, on a folder of its own.
fn try_single_process(image: &Image) -> anyhow::Result<()> {
    let (listen, data) = (free_address()?, image.folder().join("data"));
    let command = ["taskmesh", "serve", "--listen", &listen.to_string(), "--data", &data.display().to_string()];
    let single = image.start("taskmesh", &command, &[])?;
    // How an image without a shell is asked.
    image.run(&["taskmesh", "check", "--retry-seconds", "60", &format!("http://{listen}/readyz")], &[])?;
    probe::takes_a_task(listen)?;
    single.stop()
}

fn free_address() -> anyhow::Result<SocketAddr> {
    Ok((Ipv4Addr::LOCALHOST, free_port()?).into())
}
