//! What is asked about channels, read into the domain.

use mesh_proto::notify::v1 as proto;
use mesh_rpc::fields::{self, Broken, Checks, Unwritable};
use mesh_types::{Etag, Fault, PageSize};
use uuid::Uuid;

use crate::{
    app::{CreateChannel, DeleteChannel, ListChannels, UpdateChannel},
    domain::{ChannelDraft, ChannelEdit, ChannelName, ChannelNameError, WebhookUrl, WebhookUrlError},
};

impl Broken for ChannelNameError {
    fn rule(&self) -> &'static str {
        Self::rule(*self)
    }
}

impl Broken for WebhookUrlError {
    fn rule(&self) -> &'static str {
        Self::rule(*self)
    }
}

impl TryFrom<proto::CreateChannelRequest> for CreateChannel {
    type Error = Fault;

    fn try_from(mut request: proto::CreateChannelRequest) -> Result<Self, Fault> {
        let mut checks = Checks::default();
        let request_id = fields::request_id(std::mem::take(&mut request.request_id), &request, &mut checks);
        let channel = request.channel.unwrap_or_default();
        let workspace =
            fields::new_home(&request.workspace_id, &channel.workspace_id, "channel.workspace_id", &mut checks);
        let draft = draft(channel, &mut checks);
        let (draft, workspace) = checks.finish(draft.zip(workspace))?;
        Ok(Self { workspace, draft, request: request_id })
    }
}

impl TryFrom<proto::UpdateChannelRequest> for UpdateChannel {
    type Error = Fault;

    fn try_from(mut request: proto::UpdateChannelRequest) -> Result<Self, Fault> {
        let mut checks = Checks::default();
        let request_id = fields::request_id(std::mem::take(&mut request.request_id), &request, &mut checks);
        let rotate_secret = request.rotate_secret;
        let mut channel = request.channel.unwrap_or_default();
        let id = checks.uuid("channel.id", &channel.id);
        let etag = checks.token("channel.etag", std::mem::take(&mut channel.etag)).map(Etag::sent);
        let paths = request.update_mask.map(|mask| mask.paths).unwrap_or_default();
        let edits = edits(channel, &paths, &mut checks)?;
        Ok(Self { id: checks.finish(id)?, etag, edits, rotate_secret, request: request_id })
    }
}

impl TryFrom<proto::DeleteChannelRequest> for DeleteChannel {
    type Error = Fault;

    fn try_from(mut request: proto::DeleteChannelRequest) -> Result<Self, Fault> {
        let mut checks = Checks::default();
        let request_id = fields::request_id(std::mem::take(&mut request.request_id), &request, &mut checks);
        let id = checks.uuid("id", &request.id);
        let etag = checks.token("etag", request.etag).map(Etag::sent);
        Ok(Self { id: checks.finish(id)?, etag, request: request_id })
    }
}

impl TryFrom<proto::ListChannelsRequest> for ListChannels {
    type Error = Fault;

    fn try_from(request: proto::ListChannelsRequest) -> Result<Self, Fault> {
        fields::refuse_filter("filter", &request.filter)?;
        super::refuse_other_order(&request.order_by, "create_time")?;
        Ok(Self {
            workspaces: fields::workspaces(&request.workspace_id)?,
            show_deleted: request.show_deleted,
            page_size: PageSize::from_request(request.page_size),
            page_token: request.page_token,
        })
    }
}

/// The id of the channel to get.
pub(in crate::rpc) fn get_channel(request: &proto::GetChannelRequest) -> Result<Uuid, Fault> {
    let mut checks = Checks::default();
    let id = checks.uuid("id", &request.id);
    checks.finish(id)
}

fn draft(channel: proto::Channel, checks: &mut Checks) -> Option<ChannelDraft> {
    // Every field is read before any is needed, so that all that is wrong is noted.
    refuse_other_targets(&channel, checks);
    let name = match channel.name {
        None => Some(None),
        Some(text) => checks.keep("channel.name", ChannelName::new(text)).map(Some),
    };
    let url = match channel.webhook {
        None => {
            checks.add("channel.webhook", "required", "is needed: it is the only kind of channel there is yet");
            None
        }
        Some(webhook) => url(webhook.url, checks),
    };
    Some(ChannelDraft { name: name?, url: url?, enabled: channel.enabled.unwrap_or(true) })
}

fn refuse_other_targets(channel: &proto::Channel, checks: &mut Checks) {
    let others = [
        ("channel.email", channel.email.is_some()),
        ("channel.web_push", channel.web_push.is_some()),
        ("channel.chat", channel.chat.is_some()),
    ];
    for (field, _) in others.into_iter().filter(|(_, present)| *present) {
        checks.add(field, "channel.available", "is not available yet; use webhook");
    }
}

fn url(text: Option<String>, checks: &mut Checks) -> Option<WebhookUrl> {
    let Some(text) = text else {
        checks.add("channel.webhook.url", "required", "is needed");
        return None;
    };
    checks.keep("channel.webhook.url", WebhookUrl::new(text))
}

/// What Update can write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Name,
    Enabled,
    Url,
}

/// What it cannot, or not yet.
const OUTPUT_ONLY: [&str; 20] = [
    "id",
    "workspace_id",
    "user_id",
    "kind",
    "email",
    "web_push",
    "chat",
    "webhook.secret",
    "webhook.secret_create_time",
    "state",
    "suspend_reason",
    "verify_time",
    "last_success_time",
    "last_failure_time",
    "create_time",
    "update_time",
    "delete_time",
    "version",
    "created_by",
    "change_id",
];

impl Field {
    /// The field at this path. The etag may be named; it is compared, not written.
    fn named(path: &str) -> Result<Option<Self>, Unwritable> {
        match path {
            "name" => Ok(Some(Self::Name)),
            "enabled" => Ok(Some(Self::Enabled)),
            "webhook" | "webhook.url" => Ok(Some(Self::Url)),
            "etag" => Ok(None),
            known if OUTPUT_ONLY.contains(&known) => Err(Unwritable::OutputOnly),
            _ => Err(Unwritable::Unknown),
        }
    }
}

/// The edits that `paths` name: of no path, the fields that are present.
fn edits(mut channel: proto::Channel, paths: &[String], checks: &mut Checks) -> Result<Vec<ChannelEdit>, Fault> {
    let named = if paths.is_empty() {
        refuse_other_targets(&channel, checks);
        present(&channel)
    } else {
        fields::masked("channel", paths, Field::named)?
    };
    Ok(named.into_iter().filter_map(|field| edit(field, &mut channel, checks)).collect())
}

fn present(channel: &proto::Channel) -> Vec<Field> {
    let url = channel.webhook.as_ref().is_some_and(|webhook| webhook.url.is_some());
    let fields =
        [(Field::Name, channel.name.is_some()), (Field::Enabled, channel.enabled.is_some()), (Field::Url, url)];
    fields.into_iter().filter(|(_, present)| *present).map(|(field, _)| field).collect()
}

/// The edit of one field, with a note if it cannot be made.
fn edit(field: Field, channel: &mut proto::Channel, checks: &mut Checks) -> Option<ChannelEdit> {
    match field {
        Field::Name => {
            let Some(text) = channel.name.take() else {
                checks.add("channel.name", "required", "cannot be cleared");
                return None;
            };
            checks.keep("channel.name", ChannelName::new(text)).map(ChannelEdit::Name)
        }
        // Unset is yes.
        Field::Enabled => Some(ChannelEdit::Enabled(channel.enabled.unwrap_or(true))),
        Field::Url => url(channel.webhook.take().and_then(|webhook| webhook.url), checks).map(ChannelEdit::Url),
    }
}
