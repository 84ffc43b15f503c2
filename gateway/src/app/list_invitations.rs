//! ListInvitations: the caller's invitations, newest first, in pages.

use mesh_types::{Caller, Fault, PageSize, PageToken, Timestamp};
use uuid::Uuid;

use crate::domain::Invitation;

use super::App;

/// Which invitations are asked for.
pub struct InvitationQuery<'a> {
    /// How many at most.
    pub page_size: PageSize,
    /// Where the page begins; empty is the first.
    pub page_token: &'a str,
    /// Whether those are listed too that nobody can use any more.
    pub show_closed: bool,
}

/// A page of invitations.
pub struct InvitationPage {
    /// The invitations.
    pub invitations: Vec<Invitation>,
    /// Asks for the next page; empty on the last.
    pub next_page_token: String,
}

impl App {
    /// A page of the caller's invitations.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for a page token of another query.
    pub async fn list_invitations(&self, caller: &Caller, query: InvitationQuery<'_>) -> Result<InvitationPage, Fault> {
        let user = caller.actor.user_id;
        let binding = [user.to_string(), query.show_closed.to_string()];
        let binding = ["invitations", &binding[0], &binding[1]];
        let after: Option<(Timestamp, Uuid)> = PageToken::decode(query.page_token, &binding)?;

        let size = query.page_size.get();
        let open_at = (!query.show_closed).then(|| self.now());
        let mut invitations = self.store.list_invitations(user, open_at, after, size + 1).await?;
        let more = invitations.len() as u64 > size;
        invitations.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        let next_page_token = match invitations.last().filter(|_| more) {
            Some(last) => PageToken::encode(&(last.create_time, last.id), &binding)?,
            None => String::new(),
        };
        Ok(InvitationPage { invitations, next_page_token })
    }
}
