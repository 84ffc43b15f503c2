//! The databases of a mesh: each service owns one, and nobody else reads it.

use super::Service;

/// The address of each service's database.
#[derive(Clone, Debug)]
pub struct Databases(Vec<(Service, String)>);

impl Databases {
    /// Makes one for each service by `create`, which returns its address.
    ///
    /// # Errors
    /// What `create` says.
    pub fn create(mut create: impl FnMut(Service) -> anyhow::Result<String>) -> anyhow::Result<Self> {
        let made = Service::ALL.into_iter().map(|service| Ok((service, create(service)?)));
        made.collect::<anyhow::Result<_>>().map(Self)
    }

    /// The one of `service`.
    pub fn of(&self, service: Service) -> &str {
        let found = self.0.iter().find(|(owner, _)| *owner == service);
        found.map(|(_, address)| address.as_str()).unwrap_or_default()
    }
}
