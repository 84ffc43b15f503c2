//! Drawing what breaks when. Every way to break comes once before any comes again, so that a short run sees them all.

use std::time::Duration;

use xtask::mesh::Service;

use super::{Fault, Harm, Part};
use crate::campaign::rng::Rng;

/// Longer than every lease (5 s) and heartbeat.
const FROZEN_MS: std::ops::RangeInclusive<u64> = 8_000..=12_000;
const DOWN_MS: std::ops::RangeInclusive<u64> = 200..=3_000;
/// What has just come back is left alone for so long.
const RESPITE: Duration = Duration::from_secs(2);
/// Before the first fault, so that there is something to break.
const LEAD: Duration = Duration::from_secs(2);

/// What there is to break.
#[derive(Clone, Copy, Debug)]
pub struct Breakable {
    /// How many processes each service has.
    pub replicas: usize,
    /// Whether nats-server is ours to stop.
    pub nats: bool,
    /// Whether PostgreSQL is ours to stop.
    pub postgres: bool,
}

/// A way to break, of whichever replica.
#[derive(Clone, Copy, Debug)]
enum Way {
    Service(Service, Harm),
    Nats(Harm),
    Postgres(Harm),
}

/// The faults of a campaign of `length`: one by one, and sometimes two or three at once.
pub fn draw(rng: &mut Rng, what: Breakable, length: Duration) -> Vec<Fault> {
    let (mut faults, mut deck): (Vec<Fault>, Vec<Way>) = (Vec::new(), Vec::new());
    let mut at = LEAD;
    while at < length {
        let together = [1, 1, 1, 1, 1, 2, 2, 2, 3][rng.number(0..=8) as usize];
        for _ in 0..together {
            if deck.is_empty() {
                deck = ways(what);
                rng.shuffle(&mut deck);
            }
            let Some(way) = deck.pop() else { continue };
            let fault = fault(rng, way, what, at);
            if free(&faults, &fault) {
                faults.push(fault);
            } else {
                deck.insert(0, way);
            }
            at += rng.millis(0..=300);
        }
        at += rng.millis(500..=5_000);
    }
    faults.sort_by_key(|fault| fault.at);
    faults
}

fn ways(what: Breakable) -> Vec<Way> {
    let mut ways = Vec::new();
    for service in Service::ALL {
        // Kills are the commonest, and the cheapest.
        ways.extend([Harm::Kill, Harm::Kill, Harm::Freeze, Harm::End].map(|harm| Way::Service(service, harm)));
    }
    if what.nats {
        ways.extend([Harm::Kill, Harm::End, Harm::Wipe].map(Way::Nats));
    }
    if what.postgres {
        ways.extend([Harm::Kill, Harm::End, Harm::Abort].map(Way::Postgres));
    }
    ways
}

fn fault(rng: &mut Rng, way: Way, what: Breakable, at: Duration) -> Fault {
    let (part, harm) = match way {
        Way::Service(service, harm) => {
            (Part::Replica(service, rng.number(0..=what.replicas as u64 - 1) as usize), harm)
        }
        Way::Nats(harm) => (Part::Nats, harm),
        Way::Postgres(harm) => (Part::Postgres, harm),
    };
    let lasts = rng.millis(if harm == Harm::Freeze { FROZEN_MS } else { DOWN_MS });
    Fault { at, lasts, part, harm }
}

/// Whether nothing else happens to that part then.
fn free(faults: &[Fault], new: &Fault) -> bool {
    let apart = |old: &Fault| old.end() + RESPITE < new.at || new.end() + RESPITE < old.at;
    faults.iter().filter(|old| old.part == new.part).all(apart)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Breakable = Breakable { replicas: 2, nats: true, postgres: true };
    const LENGTH: Duration = Duration::from_secs(600);

    #[test]
    fn a_seed_draws_the_same_faults() {
        let drawn = |seed| draw(&mut Rng::new(seed), ALL, LENGTH);
        assert_eq!(drawn(1), drawn(1));
        assert_ne!(drawn(1), drawn(2));
    }

    #[test]
    fn every_part_breaks_in_every_way_and_never_twice_at_once() {
        let faults = draw(&mut Rng::new(3), ALL, LENGTH);
        for part in [Part::Nats, Part::Postgres] {
            let kinds = faults.iter().filter(|fault| fault.part == part).map(|fault| fault.harm);
            assert!(
                kinds.clone().any(|harm| harm == Harm::Kill) && kinds.clone().any(|harm| harm == Harm::End),
                "{part}"
            );
        }
        for service in Service::ALL {
            for replica in 0..ALL.replicas {
                let part = Part::Replica(service, replica);
                for harm in [Harm::Kill, Harm::Freeze, Harm::End] {
                    assert!(faults.iter().any(|fault| (fault.part, fault.harm) == (part, harm)), "{part} {harm:?}");
                }
                let mut own: Vec<_> = faults.iter().filter(|fault| fault.part == part).collect();
                own.sort_by_key(|fault| fault.at);
                assert!(own.windows(2).all(|two| two[0].end() < two[1].at), "{part}");
            }
        }
        let overlap = faults.windows(2).any(|two| two[0].end() > two[1].at);
        assert!(overlap, "several things break at once");
    }

    #[test]
    fn what_is_not_ours_is_left_alone() {
        let faults = draw(&mut Rng::new(4), Breakable { replicas: 1, nats: false, postgres: false }, LENGTH);
        assert!(faults.iter().all(|fault| matches!(fault.part, Part::Replica(_, 0))));
    }
}
