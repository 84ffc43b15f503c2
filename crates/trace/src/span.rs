//! A piece of work at a place in a trace.

use std::{borrow::Cow, time::SystemTime};

use opentelemetry::{
    InstrumentationScope, KeyValue, Value,
    trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState},
};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};

use crate::{TraceParent, exporter};

/// What a span is to those before and after it (OpenTelemetry's span kinds).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Answers a call.
    Server,
    /// Calls somebody else.
    Client,
    /// Hands an event to the bus.
    Producer,
    /// Takes an event from the bus.
    Consumer,
    /// Works by itself.
    Internal,
}

/// A piece of work that is told to the collector when it is dropped. One of a trace that is not sampled is `None` everywhere.
#[derive(Debug)]
pub struct Span {
    place: TraceParent,
    parent: Option<TraceParent>,
    kind: Kind,
    name: Cow<'static, str>,
    begun: SystemTime,
    attributes: Vec<KeyValue>,
    failed: Option<Cow<'static, str>>,
}

impl Span {
    /// Work that begins now at `place`, under `parent`; `None` if the trace is not sampled.
    pub fn at<N: Into<Cow<'static, str>>>(
        place: TraceParent,
        parent: Option<TraceParent>,
        kind: Kind,
        name: impl FnOnce() -> N,
    ) -> Option<Self> {
        (place.is_sampled() && exporter::is_there()).then(|| Self {
            place,
            parent,
            kind,
            name: name().into(),
            begun: now(),
            attributes: Vec::new(),
            failed: None,
        })
    }

    /// Work that begins now at a new place under `parent`, a `traceparent`; `None` if there is none, or the trace is not
    /// sampled.
    pub fn under<N: Into<Cow<'static, str>>>(
        parent: Option<&str>,
        kind: Kind,
        name: impl FnOnce() -> N,
    ) -> Option<Self> {
        let parent =
            parent.and_then(TraceParent::parse).filter(|parent| parent.is_sampled() && exporter::is_there())?;
        let place = TraceParent { span_id: fastrand::u64(1..), ..parent };
        Self::at(place, Some(parent), kind, name)
    }

    /// Where this is: what comes of it goes under it.
    pub fn place(&self) -> TraceParent {
        self.place
    }

    /// Says more about it, by a name of OpenTelemetry's conventions where there is one.
    pub fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        self.attributes.push(KeyValue::new(name, value));
    }

    /// It did not do what it was to.
    pub fn fail(&mut self, why: impl Into<Cow<'static, str>>) {
        self.failed = Some(why.into());
    }

    fn context(place: TraceParent) -> SpanContext {
        let (trace, span) = (TraceId::from(place.trace_id), SpanId::from(place.span_id));
        SpanContext::new(trace, span, TraceFlags::new(place.flags), true, TraceState::NONE)
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        exporter::tell(SpanData {
            span_context: Self::context(self.place),
            parent_span_id: self.parent.map_or(SpanId::INVALID, |parent| SpanId::from(parent.span_id)),
            parent_span_is_remote: self.parent.is_some(),
            span_kind: self.kind.into(),
            name: std::mem::take(&mut self.name),
            start_time: self.begun,
            end_time: now(),
            attributes: std::mem::take(&mut self.attributes),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: self.failed.take().map_or(Status::Unset, Status::error),
            instrumentation_scope: InstrumentationScope::builder("taskmesh").build(),
        });
    }
}

/// The machine's clock and no other: spans of many processes are laid side by side.
#[expect(clippy::disallowed_methods, reason = "no rule depends on when a span began")]
fn now() -> SystemTime {
    SystemTime::now()
}

impl From<Kind> for SpanKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Server => Self::Server,
            Kind::Client => Self::Client,
            Kind::Producer => Self::Producer,
            Kind::Consumer => Self::Consumer,
            Kind::Internal => Self::Internal,
        }
    }
}
