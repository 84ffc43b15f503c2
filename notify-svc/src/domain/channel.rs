//! The channel and what becomes of it. A method looks at it as it is and returns what happens, if anything; the store
//! commits it. The keys of a channel are not part of it, so that nothing that tells of channels can tell them.

use mesh_types::{Caller, Etag, Timestamp, UserId, WorkspaceId};
use uuid::Uuid;

use super::{Cause, ChannelEvent, ChannelVerb, NotifyError, WebhookSecret, WebhookUrl};

/// A place to which notifications are delivered: a program that takes webhooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Its id.
    pub id: Uuid,
    /// The workspace it belongs to, for good.
    pub workspace_id: WorkspaceId,
    /// The person it belongs to, for good.
    pub user_id: UserId,
    /// What it is called.
    pub name: ChannelName,
    /// Where to POST to.
    pub url: WebhookUrl,
    /// When the newest key was made.
    pub secret_create_time: Timestamp,
    /// Whether the person wants it to be used.
    pub enabled: bool,
    /// Why it is suspended, in plain English; set exactly while it is.
    pub suspend_reason: Option<String>,
    /// When something was last delivered. An observation: it makes no version.
    pub last_success_time: Option<Timestamp>,
    /// When a delivery last failed. An observation: it makes no version.
    pub last_failure_time: Option<Timestamp>,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it was last changed.
    pub update_time: Timestamp,
    /// When it was deleted; set exactly while it is.
    pub delete_time: Option<Timestamp>,
    /// Counts its changes from 1, without a gap.
    pub version: i64,
    /// Who created it.
    pub created_by: UserId,
}

/// What a new channel says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelDraft {
    /// What it is called; `None` is like its host.
    pub name: Option<ChannelName>,
    /// Where to POST to.
    pub url: WebhookUrl,
    /// Whether it is used.
    pub enabled: bool,
}

/// The new value of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChannelEdit {
    /// Call it something else.
    Name(ChannelName),
    /// Use it, or do not.
    Enabled(bool),
    /// POST somewhere else.
    Url(WebhookUrl),
}

impl Channel {
    /// How many a person has at most, deleted ones not counted.
    pub const MOST: u64 = 20;

    /// A new channel of the caller's, with its first key.
    pub fn create(
        id: Uuid,
        workspace_id: WorkspaceId,
        draft: ChannelDraft,
        secret: WebhookSecret,
        (caller, now): (&Caller, Timestamp),
    ) -> ChannelEvent {
        let after = Self {
            id,
            workspace_id,
            user_id: caller.actor.user_id,
            name: draft.name.unwrap_or_else(|| ChannelName::like(draft.url.host())),
            url: draft.url,
            secret_create_time: now,
            enabled: draft.enabled,
            suspend_reason: None,
            last_success_time: None,
            last_failure_time: None,
            create_time: now,
            update_time: now,
            delete_time: None,
            version: 1,
            created_by: caller.actor.user_id,
        };
        ChannelEvent { verb: ChannelVerb::Created, before: None, after, secret: Some(secret), cause: caller.into() }
    }

    /// Makes all `edits` at once, and takes `secret` as its key if there is one. A suspended channel that is sent
    /// somewhere else, or turned on again, is used again.
    ///
    /// # Errors
    /// When it is deleted.
    pub fn edit(
        &self,
        edits: Vec<ChannelEdit>,
        secret: Option<WebhookSecret>,
        cause: Cause,
        now: Timestamp,
    ) -> Result<Option<ChannelEvent>, NotifyError> {
        if self.delete_time.is_some() {
            return Err(NotifyError::Deleted { kind: "channel", id: self.id });
        }
        let mut after = edits.into_iter().fold(self.clone(), Self::with);
        if after.url != self.url || (after.enabled && !self.enabled) {
            after.suspend_reason = None;
        }
        if secret.is_some() {
            after.secret_create_time = now;
        }
        if after == *self && secret.is_none() {
            return Ok(None);
        }
        Ok(Some(ChannelEvent { secret, ..self.event(after, ChannelVerb::Updated, cause, now) }))
    }

    /// Puts it out of use for good.
    ///
    /// # Errors
    /// None; the form is that of all changes.
    pub fn delete(&self, cause: Cause, now: Timestamp) -> Result<Option<ChannelEvent>, NotifyError> {
        let after = Self { delete_time: Some(now), ..self.clone() };
        Ok(self.delete_time.is_none().then(|| self.event(after, ChannelVerb::Deleted, cause, now)))
    }

    /// Its receiver is gone: it is not used until the person does something about it.
    pub fn suspend(&self, reason: &str, cause: Cause, now: Timestamp) -> Option<ChannelEvent> {
        let after = Self { suspend_reason: Some(reason.to_owned()), ..self.clone() };
        let usable = self.suspend_reason.is_none() && self.delete_time.is_none();
        usable.then(|| self.event(after, ChannelVerb::Updated, cause, now))
    }

    /// Whether deliveries go to it.
    pub fn takes_deliveries(&self) -> bool {
        self.enabled && self.suspend_reason.is_none() && self.delete_time.is_none()
    }

    /// Identifies this version of it.
    pub fn etag(&self) -> Etag {
        Etag::of(self.id, self.version)
    }

    /// Checks that the caller has read this version, if they said which one they have read.
    ///
    /// # Errors
    /// When they have read another one.
    pub fn matches(&self, etag: Option<&Etag>) -> Result<(), NotifyError> {
        match etag {
            Some(read) if *read != self.etag() => {
                Err(NotifyError::EtagStale { kind: "channel", id: self.id, current: self.etag() })
            }
            _ => Ok(()),
        }
    }

    /// About how many bytes it takes to tell it.
    pub fn weight(&self) -> usize {
        self.name.as_str().len() + self.url.as_str().len() + 768
    }

    fn with(mut self, edit: ChannelEdit) -> Self {
        match edit {
            ChannelEdit::Name(name) => self.name = name,
            ChannelEdit::Enabled(enabled) => self.enabled = enabled,
            ChannelEdit::Url(url) => self.url = url,
        }
        self
    }

    fn event(&self, after: Self, verb: ChannelVerb, cause: Cause, now: Timestamp) -> ChannelEvent {
        let (version, update_time) = (self.version + 1, self.update_time.max(now));
        let after = Self { version, update_time, ..after };
        ChannelEvent { verb, before: Some(self.clone()), after, secret: None, cause }
    }
}

/// What a channel is called: one line, 1 to 100 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelName(String);

/// Why a text cannot be a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChannelNameError {
    /// Nothing can be seen of it.
    #[error("must hold more than white space")]
    Blank,
    /// It is too long.
    #[error("must hold at most {} characters", ChannelName::MAX_CHARS)]
    TooLong,
    /// It would break a line, a terminal or a file.
    #[error("must not hold control characters")]
    ControlCharacter,
}

impl ChannelNameError {
    /// The rule that is broken, as violations name it.
    pub fn rule(self) -> &'static str {
        match self {
            Self::Blank => "string.not_blank",
            Self::TooLong => "string.max_len",
            Self::ControlCharacter => "string.no_control_characters",
        }
    }
}

impl ChannelName {
    const MAX_CHARS: usize = 100;

    /// The name `text`.
    ///
    /// # Errors
    /// When it is blank, too long, or not a line of text.
    pub fn new(text: String) -> Result<Self, ChannelNameError> {
        if text.chars().count() > Self::MAX_CHARS {
            return Err(ChannelNameError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(ChannelNameError::ControlCharacter);
        }
        if text.trim().is_empty() {
            return Err(ChannelNameError::Blank);
        }
        Ok(Self(text))
    }

    /// A name that was accepted before and kept since.
    pub fn kept(text: String) -> Self {
        Self(text)
    }

    /// The name of a channel that was given none.
    fn like(host: &str) -> Self {
        Self(host.chars().take(Self::MAX_CHARS).collect())
    }

    /// The text as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
