//! Hashing and checking passwords with argon2id: slow and large on purpose, so never more at once than there are cores.

use std::{net::IpAddr, sync::Arc, thread::available_parallelism};

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash};
use mesh_types::Fault;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::password_queue::Queue;
use crate::domain::Password;

/// How many passwords may wait per core: about a second's worth.
const WAITING_PER_CORE: usize = 32;

/// What hashing a password costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

/// What checking a password showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it was the right one.
    pub matches: bool,
    /// Whether the stored hash was made at another cost than today's.
    pub outdated: bool,
}

/// Hashes and checks passwords.
pub struct Passwords {
    params: Params,
    cores: Arc<Semaphore>,
    queue: Queue,
}

impl Passwords {
    /// Hashes at this cost.
    ///
    /// # Errors
    /// When argon2 does not take such a cost.
    pub fn new(cost: PasswordCost) -> Result<Self, argon2::Error> {
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, None)?;
        let cores = available_parallelism().map_or(1, usize::from);
        let queue = Queue::new(cores * (1 + WAITING_PER_CORE));
        Ok(Self { params, cores: Arc::new(Semaphore::new(cores)), queue })
    }

    /// The hash to store for `password`, in PHC format, for somebody from `network`.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED when too many wait.
    pub async fn hash(&self, password: Password, network: Option<IpAddr>) -> Result<String, Fault> {
        let argon2 = self.argon2();
        let salt = random_salt()?;
        let hash = move || argon2.hash_password_with_salt(password.text().as_bytes(), &salt);
        let hash = self.run(network, hash).await?.map_err(|error| broken(&error))?;
        Ok(hash.to_string())
    }

    /// Checks `password` against a stored hash. Without one the same work is done for nothing.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED when too many wait.
    pub async fn verify(
        &self,
        password: Password,
        stored: Option<String>,
        network: Option<IpAddr>,
    ) -> Result<Verdict, Fault> {
        let Some(stored) = stored else {
            self.hash(password, network).await?;
            return Ok(Verdict { matches: false, outdated: false });
        };
        let argon2 = self.argon2();
        self.run(network, move || {
            let hash = PasswordHash::new(&stored)?;
            let matches = argon2.verify_password(password.text().as_bytes(), &hash).is_ok();
            Ok(Verdict { matches, outdated: cost(&Params::try_from(&hash)?) != cost(argon2.params()) })
        })
        .await?
        .map_err(|error: argon2::password_hash::Error| broken(&error))
    }

    fn argon2(&self) -> Argon2<'static> {
        Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone())
    }

    /// Runs `work` on a thread for blocking work when a core is free. The core stays taken until the work is done,
    /// even if the caller has gone.
    async fn run<T: Send + 'static>(
        &self,
        network: Option<IpAddr>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let _place = self.queue.enter(network)?;
        let core: OwnedSemaphorePermit = self.cores.clone().acquire_owned().await.map_err(|_| Fault::internal())?;
        let work = move || {
            let _core = core;
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| Fault::internal())
    }
}

fn cost(params: &Params) -> (u32, u32, u32) {
    (params.m_cost(), params.t_cost(), params.p_cost())
}

fn random_salt() -> Result<[u8; 16], Fault> {
    let mut salt = [0; 16];
    salt.copy_from_slice(&super::random()?[..16]);
    Ok(salt)
}

fn broken(error: &argon2::password_hash::Error) -> Fault {
    tracing::error!(error = %error, "a password could not be hashed or checked");
    Fault::internal()
}
