//! `docs/errors.md` and `docs/events.md` are written from the contract. With `TASKMESH_WRITE_DOCS=1` this test writes
//! them; otherwise it says when they are out of date.
#![expect(clippy::expect_used, reason = "a test whose contract is not whole has failed")]

use std::{fmt::Write, fs, path::PathBuf};

use mesh_proto::{comment, descriptors};
use prost_reflect::MessageDescriptor;

#[test]
fn the_documents_say_what_the_contract_says() {
    check("errors.md", &errors());
    check("events.md", &events());
}

fn check(name: &str, expected: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
    #[expect(clippy::disallowed_methods, reason = "a switch of this test")]
    if std::env::var("TASKMESH_WRITE_DOCS").is_ok() {
        fs::write(&path, expected).expect("docs/ can be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, expected, "run TASKMESH_WRITE_DOCS=1 cargo test -p mesh-proto --test documents");
}

fn errors() -> String {
    let mut text = String::from(
        "# Errors\n\nEvery error carries `google.rpc.ErrorInfo` with `domain` `taskmesh` and one of these reasons; where it \
         applies also\n`BadRequest` (every wrong field at once), `RetryInfo` and `ResourceInfo`. Over REST the body is\n\
         `{\"error\": {\"code\", \"message\", \"status\", \"details\"}}` (AIP-193) and `RetryInfo` is also the `Retry-After` \
         header.\nMessages are English, for developers, and may change; reasons do not.\n\n| reason | when |\n|---|---|\n",
    );
    let reasons = descriptors().get_enum_by_name("taskmesh.api.v1.ErrorReason").expect("the enum exists");
    let file = reasons.parent_file();
    for value in reasons.values().skip(1) {
        let name = value.name().trim_start_matches("ERROR_REASON_");
        writeln!(text, "| `{name}` | {} |", comment(&file, value.path())).expect("a string takes all");
    }
    text.push_str(
        "\n## gRPC codes and HTTP statuses\n\n| gRPC | HTTP |\n|---|---|\n| OK | 200 |\n| CANCELLED | 499 |\n\
         | INVALID_ARGUMENT, FAILED_PRECONDITION, OUT_OF_RANGE | 400 |\n| UNAUTHENTICATED | 401 |\n\
         | PERMISSION_DENIED | 403 |\n| NOT_FOUND | 404 |\n| ALREADY_EXISTS, ABORTED | 409 |\n\
         | RESOURCE_EXHAUSTED | 429 |\n| UNIMPLEMENTED | 501 |\n| UNAVAILABLE | 503 |\n| DEADLINE_EXCEEDED | 504 |\n\
         | UNKNOWN, INTERNAL, DATA_LOSS | 500 |\n",
    );
    text
}

fn events() -> String {
    let mut text = String::from(
        "# Events\n\nOne mutation of one aggregate is one version and one event. An event is a CloudEvent 1.0 in binary mode: \
         attributes are\nheaders, the body is one of the messages below. `after` is the full state after the change, `before` \
         the changed fields\nas they were, `changed` their names.\n\n\
         | header | what |\n|---|---|\n\
         | `ce-id` | UUID v7; also `Nats-Msg-Id`, and the `change_id` of the mutation's answer |\n\
         | `ce-source` | the service that told it, such as `task-svc` |\n\
         | `ce-type` | the body's message type |\n\
         | `ce-time` | when it happened |\n\
         | `ce-subject` | `<entity>/<id>` |\n\
         | `traceparent` | the call that did it (W3C Trace Context) |\n\n\
         Workspace, actor, version and source epoch travel beside them. Versions compare as (epoch, version). Events arrive \
         at least\nonce and not always in order, so a consumer keeps the newest version it has seen, or keys what it does by \
         something that\nis unique for ever.\n\nSubjects are `tm.v1.<partition>.<workspace>.<entity>.<verb>`.\n\n\
         | message | told when |\n|---|---|\n",
    );
    for message in event_messages() {
        let told = comment(&message.parent_file(), message.path());
        writeln!(text, "| `{}` | {told} |", message.full_name()).expect("a string takes all");
    }
    text
}

fn event_messages() -> Vec<MessageDescriptor> {
    descriptors().all_messages().filter(|message| message.package_name() == "taskmesh.event.v1").collect()
}
