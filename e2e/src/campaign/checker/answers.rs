//! What should never have been answered: refusals of what was right to ask, calls that were never answered, and answers
//! that blame the service for an outage.

use super::{Findings, Sight};

pub(super) fn check(sight: &Sight, findings: &mut Findings) {
    for oddity in &sight.ledger.oddities {
        findings.add("call", "", oddity.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::super::worlds::Both;

    #[test]
    fn an_odd_answer_is_a_difference() {
        let mut both = Both::agreeing();
        both.ledger.oddities.push("INTERNAL".to_owned());
        assert!(both.differences("answers")[0].what.contains("INTERNAL"));
    }
}
