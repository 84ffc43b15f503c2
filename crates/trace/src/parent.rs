//! A place in a trace, as the header `traceparent` tells it (W3C Trace Context, section 3.2).

use std::fmt;

use uuid::Uuid;

use crate::exporter;

/// The flag of a trace that is recorded.
const SAMPLED: u8 = 1;

/// A place in a trace: `00-<trace id>-<span id>-<flags>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent {
    pub(crate) trace_id: u128,
    pub(crate) span_id: u64,
    pub(crate) flags: u8,
}

impl TraceParent {
    /// Reads a `traceparent`; `None` if it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let known = version == "00" && parts.next().is_none();
        let later = version != "00" && version != "ff" && is_hex(version, 2);
        if !(known || later) || !is_hex(trace, 32) || !is_hex(span, 16) || !is_hex(flags, 2) {
            return None;
        }
        let trace_id = u128::from_str_radix(trace, 16).ok().filter(|id| *id != 0)?;
        let span_id = u64::from_str_radix(span, 16).ok().filter(|id| *id != 0)?;
        Some(Self { trace_id, span_id, flags: u8::from_str_radix(flags, 16).ok()? })
    }

    /// What to keep with something that waits, so that its trace goes on when its time has come: nothing for a trace that
    /// is not sampled.
    pub fn worth_keeping(text: Option<&str>) -> Option<String> {
        text.filter(|text| Self::parse(text).is_some_and(|parent| parent.is_sampled())).map(str::to_owned)
    }

    /// The first place in a trace of its own; `fresh` is an id nobody else has.
    pub fn root(fresh: Uuid) -> Self {
        Self { trace_id: fresh.as_u128(), span_id: span_of(fresh), flags: 0 }.decided()
    }

    /// A new place under this one.
    #[must_use]
    pub fn child(self, fresh: Uuid) -> Self {
        Self { span_id: span_of(fresh), ..self }.decided()
    }

    /// The trace's id, as logs show it.
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace_id)
    }

    /// Whether the spans of this trace are told to a collector.
    pub fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// Decided by the trace's id alone, so that all processes decide alike, and no stranger can have everything recorded
    /// by a flag. Without a collector, what others have decided is passed on.
    fn decided(self) -> Self {
        match exporter::samples(self.trace_id) {
            None => self,
            Some(true) => Self { flags: self.flags | SAMPLED, ..self },
            Some(false) => Self { flags: self.flags & !SAMPLED, ..self },
        }
    }
}

/// The half of a UUID that is mostly random.
fn span_of(fresh: Uuid) -> u64 {
    fresh.as_u64_pair().1
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

impl fmt::Display for TraceParent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, self.flags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_child_stays_in_its_trace() {
        let parent = TraceParent::parse(PARENT).expect("a valid one");
        assert_eq!(parent.to_string(), PARENT);
        let child = parent.child(Uuid::from_u128(0xfeed));
        assert_eq!(child.to_string(), "00-0af7651916cd43dd8448eb211c80319c-000000000000feed-01");
    }

    #[test]
    fn without_a_collector_a_trace_of_ours_is_not_recorded() {
        assert!(!TraceParent::root(Uuid::from_u128(7)).is_sampled());
    }

    #[test]
    fn what_is_no_traceparent_is_ignored() {
        let zero_span = "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01";
        for text in ["", "00", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", zero_span, "00-x-y-z"] {
            assert_eq!(TraceParent::parse(text), None, "{text}");
        }
        assert_eq!(TraceParent::parse(&format!("{PARENT}-more")), None);
        assert!(TraceParent::parse(&PARENT.replacen("00", "01", 1)).is_some(), "later versions begin the same");
    }
}
