//! Attempts to get in, limited per account and network, and per network over all accounts. Only failures to prove
//! something count: neither successes, nor what failed because we were busy or broken.

use mesh_types::{Fault, Reason, Timestamp};

use crate::domain::{ClientHint, Error, Limit};

use super::throttle::{Attempt, Throttle};

/// What is attempted. Each kind is counted by itself, so that a program that repeats a stale refresh token for ever does not
/// keep its network from signing in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Password,
    SignUp,
    Refresh,
}

/// Counts attempts to get in.
pub(super) struct Attempts {
    accounts: Throttle,
    networks: Throttle,
}

/// An attempt under way; it counts unless it is judged otherwise.
#[derive(Debug)]
#[must_use = "what is not judged counts as a failure"]
pub(super) struct Trial {
    account: Option<Attempt>,
    network: Attempt,
}

impl Attempts {
    pub(super) fn new(per_account: Limit, per_network: Limit) -> Self {
        Self { accounts: Throttle::new(per_account), networks: Throttle::new(per_network) }
    }

    /// Begins an attempt on the account with this address, if it is on one, from the client's network.
    ///
    /// # Errors
    /// [`Error::TooManyAttempts`].
    pub(super) fn begin(
        &self,
        kind: Kind,
        email: Option<&str>,
        client: &ClientHint,
        now: Timestamp,
    ) -> Result<Trial, Error> {
        let network = client.network();
        let account = email.map(|email| self.accounts.enter((kind, email, network), now)).transpose()?;
        match self.networks.enter((kind, network), now) {
            Ok(network) => Ok(Trial { account, network }),
            Err(error) => {
                account.into_iter().for_each(|attempt| self.accounts.give_back(attempt));
                Err(error)
            }
        }
    }

    /// Ends an attempt by its outcome. A success forgives the account's failures, but not those of the network: whoever
    /// has one account could begin anew with it again and again.
    pub(super) fn judge<T>(&self, trial: &Trial, outcome: &Result<T, Fault>) {
        match outcome {
            Ok(_) => trial.account.into_iter().for_each(|attempt| self.accounts.forgive(attempt)),
            Err(fault) if is_failure(fault) => return,
            Err(_) => trial.account.into_iter().for_each(|attempt| self.accounts.give_back(attempt)),
        }
        self.networks.give_back(trial.network);
    }
}

/// Whether the caller failed to prove what they claimed.
fn is_failure(fault: &Fault) -> bool {
    use Reason::{CredentialsInvalid, ResourceExists, StateInvalid, TokenInvalid};
    matches!(fault.reason, CredentialsInvalid | TokenInvalid | ResourceExists | StateInvalid)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mesh_types::ErrorKind;

    use super::*;

    fn attempts() -> Attempts {
        let limit = |burst| Limit { burst, interval: Duration::from_secs(10) };
        Attempts::new(limit(2), limit(4))
    }

    fn client() -> ClientHint {
        ClientHint { address: Some("192.0.2.1".to_owned()), user_agent: None }
    }

    fn fail(attempts: &Attempts, email: &str, reason: Reason) -> Result<(), Error> {
        let trial = attempts.begin(Kind::Password, Some(email), &client(), Timestamp::from_micros(0))?;
        attempts.judge::<()>(&trial, &Err(Fault::new(ErrorKind::Unauthenticated, reason, "")));
        Ok(())
    }

    #[test]
    fn one_network_can_try_few_passwords_on_many_accounts() {
        let attempts = attempts();
        for number in 0..4 {
            fail(&attempts, &format!("{number}"), Reason::CredentialsInvalid).expect("within the limit");
        }
        assert!(fail(&attempts, "another", Reason::CredentialsInvalid).is_err());
        let now = Timestamp::from_micros(0);
        assert!(attempts.begin(Kind::Refresh, None, &client(), now).is_ok(), "another kind");
        let elsewhere = ClientHint { address: Some("192.0.2.2".to_owned()), user_agent: None };
        assert!(attempts.begin(Kind::Password, Some("another"), &elsewhere, now).is_ok(), "another network");
    }

    #[test]
    fn what_is_our_fault_does_not_count() {
        let attempts = attempts();
        for _ in 0..20 {
            fail(&attempts, "ada", Reason::RateLimited).expect("it does not count");
            fail(&attempts, "ada", Reason::DependencyUnavailable).expect("it does not count");
        }
    }

    #[test]
    fn a_success_forgives_the_account_but_not_the_network() {
        let attempts = attempts();
        for _ in 0..2 {
            fail(&attempts, "ada", Reason::CredentialsInvalid).expect("within the limit");
            let trial = attempts.begin(Kind::Password, Some("eve"), &client(), Timestamp::from_micros(0));
            attempts.judge(&trial.expect("within the limit"), &Ok(()));
        }
        assert!(fail(&attempts, "ada", Reason::CredentialsInvalid).is_err(), "two were for this account");
        fail(&attempts, "bob", Reason::CredentialsInvalid).expect("the third of the network");
        fail(&attempts, "bob", Reason::CredentialsInvalid).expect("the fourth of the network");
        assert!(fail(&attempts, "cat", Reason::CredentialsInvalid).is_err());
    }
}
