//! Who PostgreSQL runs as: it refuses to run as root.

use std::{
    fs::Permissions,
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
    path::Path,
    process::Command,
};

use anyhow::Context;

use crate::workspace::output_of;

/// A user other than root, and the user's group.
#[derive(Clone, Copy, Debug)]
struct Unprivileged {
    user: u32,
    group: u32,
}

/// The user to run as, if we are root: `postgres` where there is one.
fn other() -> anyhow::Result<Option<Unprivileged>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let found = ["postgres", "nobody"].into_iter().find_map(|name| {
        let number = |flag| output_of(Command::new("id").args([flag, name])).ok()?.trim().parse().ok();
        Some(Unprivileged { user: number("-u")?, group: number("-g")? })
    });
    found.map(Some).context("PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody`")
}

/// Makes `command` run as the unprivileged user, if we are root.
pub(super) fn run_as(command: &mut Command) -> anyhow::Result<&mut Command> {
    if let Some(other) = other()? {
        command.uid(other.user).gid(other.group);
    }
    Ok(command)
}

/// Makes `folder`, owned by that user.
pub(super) fn own_folder(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    if let Some(other) = other()? {
        chown(folder, Some(other.user), Some(other.group))?;
    }
    Ok(())
}

/// Whether that user can go to `folder`.
pub(super) fn can_enter(folder: &Path) -> anyhow::Result<bool> {
    let mut command = Command::new("test");
    command.arg("-x").arg(folder).current_dir("/");
    Ok(run_as(&mut command)?.status()?.success())
}

/// Lets that user go into `folder`.
pub(super) fn open_to_others(folder: &Path) -> anyhow::Result<()> {
    Ok(std::fs::set_permissions(folder, Permissions::from_mode(0o755))?)
}
