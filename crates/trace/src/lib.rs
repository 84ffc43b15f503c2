//! Traces: what one call led to, across processes and through events, as a tree of spans.
//!
//! - [`TraceParent`] is a place in a trace (W3C Trace Context). It travels with calls, is stored with what waits (an event
//!   in its log, a reminder, a delivery), and goes on from there.
//! - [`Span`] is a piece of work at such a place. When it is over, a collector is told of it.
//! - [`Exporter`] tells the collector by OTLP, if the process has one ([`TracesConfig`]). Without one, places are still
//!   handed on, for logs and the record, and spans cost nothing.
//!
//! Our own places, and not those of a tracing library, because a place is known, written into rows and headers, and shown
//! in logs whether or not anybody collects spans.

mod exporter;
mod parent;
mod span;

pub use exporter::{Exporter, TracesConfig};
pub use parent::TraceParent;
pub use span::{Kind, Span};
