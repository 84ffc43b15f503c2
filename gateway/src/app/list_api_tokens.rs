//! ListApiTokens: the caller's tokens, newest first, in pages.

use mesh_types::{Caller, Fault, PageSize, PageToken, Timestamp};
use uuid::Uuid;

use crate::domain::ApiToken;

use super::App;

/// Which tokens are asked for.
pub struct ApiTokenQuery<'a> {
    /// How many at most.
    pub page_size: PageSize,
    /// Where the page begins; empty is the first.
    pub page_token: &'a str,
    /// Whether revoked tokens are listed too.
    pub show_revoked: bool,
}

/// A page of tokens.
pub struct ApiTokenPage {
    /// The tokens.
    pub tokens: Vec<ApiToken>,
    /// Asks for the next page; empty on the last.
    pub next_page_token: String,
}

impl App {
    /// A page of the caller's tokens.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for a page token of another query.
    pub async fn list_api_tokens(&self, caller: &Caller, query: ApiTokenQuery<'_>) -> Result<ApiTokenPage, Fault> {
        let user = caller.actor.user_id;
        let binding = [user.to_string(), query.show_revoked.to_string()];
        let binding = ["api_tokens", &binding[0], &binding[1]];
        let after: Option<(Timestamp, Uuid)> = PageToken::decode(query.page_token, &binding)?;

        let size = query.page_size.get();
        let mut tokens = self.store.list_api_tokens(user, query.show_revoked, after, size + 1).await?;
        let more = tokens.len() as u64 > size;
        tokens.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        let next_page_token = match tokens.last().filter(|_| more) {
            Some(last) => PageToken::encode(&(last.create_time, last.id), &binding)?,
            None => String::new(),
        };
        Ok(ApiTokenPage { tokens, next_page_token })
    }
}
