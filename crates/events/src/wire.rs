//! How an event travels: CloudEvents 1.0 in binary mode. Attributes are headers named `ce-…`, the body is the protobuf
//! message, the subject is `<prefix>.<partition>.<workspace>.<entity>.<verb>`. Both buses use this.

use bytes::Bytes;
use mesh_types::{Actor, Timestamp, UserId, WorkspaceId};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use uuid::Uuid;

use crate::{
    Envelope,
    bus::{BusError, MAX_EVENT_BYTES},
};

/// Where events are published unless settings say otherwise.
pub(crate) const SUBJECT_PREFIX: &str = "tm.v1";

/// Workspaces are spread over this many partitions, for the day one consumer is not enough.
const PARTITIONS: u64 = 16;

/// What the CloudEvents HTTP binding escapes in header values, besides everything that is not ASCII.
const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%');

/// The body's media type.
const CONTENT_TYPE: &str = "application/protobuf";

/// An event as a bus carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wire {
    pub(crate) subject: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) payload: Bytes,
}

/// The partition of a workspace, 0 to 15: FNV-1a of its id.
pub(crate) fn partition(workspace: WorkspaceId) -> u8 {
    let hash = workspace
        .0
        .as_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    // The low bits of FNV alone mix poorly.
    ((hash ^ (hash >> 32)) % PARTITIONS) as u8
}

/// The subject that all events of `entity` match.
pub(crate) fn entity_subject(prefix: &str, entity: &str) -> String {
    format!("{prefix}.*.*.{entity}.*")
}

/// Puts an event on the wire.
///
/// # Errors
/// [`BusError::Refused`] for one that cannot travel: too large, or with names that are not well-formed.
pub(crate) fn encode(prefix: &str, event: &Envelope) -> Result<Wire, BusError> {
    for (what, word) in [("entity", &event.entity), ("verb", &event.verb)] {
        if !is_word(word) {
            return Err(BusError::Refused(format!("{what} {word:?} is not lower-case letters and underscores")));
        }
    }
    let headers = headers(event)?;
    let size = event.payload.len() + headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum::<usize>();
    if size > MAX_EVENT_BYTES {
        return Err(BusError::Refused(format!("event {} has {size} bytes, more than {MAX_EVENT_BYTES}", event.id)));
    }
    let (partition, workspace) = (partition(event.workspace_id), event.workspace_id);
    let subject = format!("{prefix}.{partition}.{workspace}.{}.{}", event.entity, event.verb);
    Ok(Wire { subject, headers, payload: event.payload.clone() })
}

fn headers(event: &Envelope) -> Result<Vec<(&'static str, String)>, BusError> {
    let time = jiff::Timestamp::from_microsecond(event.time.as_micros())
        .map_err(|error| BusError::Refused(format!("time of event {}: {error}", event.id)))?;
    let mut headers = vec![
        ("ce-specversion", "1.0".to_owned()),
        ("ce-id", event.id.to_string()),
        ("ce-source", escape(&event.source)),
        ("ce-type", escape(&event.event_type)),
        ("ce-time", time.to_string()),
        ("ce-subject", format!("{}/{}", event.entity, event.aggregate_id)),
        ("ce-workspaceid", event.workspace_id.to_string()),
        ("ce-epoch", event.epoch.to_string()),
        ("ce-version", event.version.to_string()),
        ("ce-actorid", event.actor.user_id.to_string()),
        ("content-type", CONTENT_TYPE.to_owned()),
    ];
    let optional = [
        ("ce-actorservice", &event.actor.service),
        ("ce-actortoken", &event.actor.token_id),
        ("ce-actoraddress", &event.actor.client_address),
        ("ce-actoragent", &event.actor.user_agent),
        ("traceparent", &event.trace_parent),
    ];
    headers.extend(optional.into_iter().filter_map(|(name, value)| Some((name, escape(value.as_ref()?)))));
    Ok(headers)
}

/// Takes an event off the wire. `header` finds a header by its name.
///
/// # Errors
/// Why it is no event of ours.
pub(crate) fn decode<'a>(
    subject: &str,
    header: impl Fn(&str) -> Option<&'a str>,
    payload: Bytes,
) -> Result<Envelope, String> {
    let required = |name: &str| header(name).ok_or_else(|| format!("header {name} is missing"));
    let text = |name: &str| required(name).and_then(|value| unescape(name, value));
    let optional = |name: &str| header(name).map(|value| unescape(name, value)).transpose();
    if required("ce-specversion")? != "1.0" {
        return Err("ce-specversion is not 1.0".to_owned());
    }
    let mut tokens = subject.rsplit('.');
    let (verb, entity) = (tokens.next().unwrap_or_default(), tokens.next().unwrap_or_default());
    let (about, aggregate_id) = required("ce-subject")?.split_once('/').unwrap_or_default();
    if !is_word(verb) || !is_word(entity) || about != entity {
        return Err("the subject is not <prefix>.<partition>.<workspace>.<entity>.<verb> of ce-subject".to_owned());
    }
    Ok(Envelope {
        id: uuid("ce-id", required("ce-id")?)?,
        source: text("ce-source")?,
        time: instant(required("ce-time")?)?,
        workspace_id: WorkspaceId(uuid("ce-workspaceid", required("ce-workspaceid")?)?),
        entity: entity.to_owned(),
        aggregate_id: uuid("ce-subject", aggregate_id)?,
        epoch: number("ce-epoch", required("ce-epoch")?)?,
        version: number("ce-version", required("ce-version")?)?,
        verb: verb.to_owned(),
        event_type: text("ce-type")?,
        actor: Actor {
            user_id: UserId(uuid("ce-actorid", required("ce-actorid")?)?),
            service: optional("ce-actorservice")?,
            token_id: optional("ce-actortoken")?,
            client_address: optional("ce-actoraddress")?,
            user_agent: optional("ce-actoragent")?,
        },
        trace_parent: optional("traceparent")?,
        payload,
    })
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

fn escape(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

fn unescape(name: &str, value: &str) -> Result<String, String> {
    let text = percent_decode_str(value).decode_utf8().map_err(|_| format!("header {name} is not UTF-8"))?;
    Ok(text.into_owned())
}

fn uuid(name: &str, value: &str) -> Result<Uuid, String> {
    Uuid::parse_str(value).map_err(|_| format!("header {name} holds no UUID"))
}

fn number(name: &str, value: &str) -> Result<i64, String> {
    value.parse().map_err(|_| format!("header {name} holds no number"))
}

fn instant(value: &str) -> Result<Timestamp, String> {
    let instant: jiff::Timestamp = value.parse().map_err(|_| "header ce-time holds no RFC 3339 instant".to_owned())?;
    Ok(Timestamp::from_micros(instant.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Envelope {
        Envelope {
            id: Uuid::from_u128(1),
            source: "task-svc".to_owned(),
            time: Timestamp::from_micros(1_763_000_000_123_456),
            workspace_id: WorkspaceId(Uuid::from_u128(2)),
            entity: "task".to_owned(),
            aggregate_id: Uuid::from_u128(3),
            epoch: 4,
            version: 5,
            verb: "completed".to_owned(),
            event_type: "taskmesh.event.v1.TaskChanged".to_owned(),
            actor: Actor {
                user_id: UserId(Uuid::from_u128(6)),
                service: None,
                token_id: Some(String::new()),
                client_address: Some("2001:db8::1".to_owned()),
                user_agent: Some(" 100% \"weird\" агент 🎈\r\nx: y ".to_owned()),
            },
            trace_parent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
            payload: Bytes::from_static(&[0, 255, 10]),
        }
    }

    fn decoded(wire: &Wire, without: &str) -> Result<Envelope, String> {
        let find = |name: &str| wire.headers.iter().find(|(known, _)| *known == name && name != without);
        decode(&wire.subject, |name| find(name).map(|(_, value)| value.as_str()), wire.payload.clone())
    }

    #[test]
    fn what_is_encoded_decodes_to_the_same_event() {
        let wire = encode("tm.v1", &event()).expect("it encodes");
        assert!(wire.headers.iter().all(|(_, value)| value.bytes().all(|byte| byte.is_ascii_graphic())));
        assert_eq!(decoded(&wire, "nothing"), Ok(event()));
    }

    #[test]
    fn the_subject_names_partition_workspace_entity_and_verb() {
        let wire = encode("tm.v1", &event()).expect("it encodes");
        let partition = partition(event().workspace_id);
        assert_eq!(wire.subject, format!("tm.v1.{partition}.00000000-0000-0000-0000-000000000002.task.completed"));
        assert!(wire.headers.contains(&("ce-time", "2025-11-13T02:13:20.123456Z".to_owned())));
    }

    #[test]
    fn a_message_without_one_of_its_headers_is_no_event() {
        let wire = encode("tm.v1", &event()).expect("it encodes");
        let required = wire.headers.iter().map(|(name, _)| *name).filter(|name| name.starts_with("ce-"));
        for name in required.filter(|name| !name.starts_with("ce-actor") || *name == "ce-actorid") {
            assert_eq!(decoded(&wire, name), Err(format!("header {name} is missing")));
        }
    }

    #[test]
    fn events_that_cannot_travel_are_refused() {
        let large = Envelope { payload: Bytes::from(vec![0; MAX_EVENT_BYTES]), ..event() };
        let odd = Envelope { entity: "task.>".to_owned(), ..event() };
        for event in [large, odd] {
            assert!(matches!(encode("tm.v1", &event), Err(BusError::Refused(_))));
        }
    }

    #[test]
    fn workspaces_spread_over_all_partitions() {
        let workspaces = (0..1000).map(|number| WorkspaceId(Uuid::new_v5(&Uuid::NAMESPACE_OID, &[number as u8, 7])));
        let used: std::collections::BTreeSet<_> = workspaces.map(partition).collect();
        assert_eq!(used, (0..16).collect());
    }
}
