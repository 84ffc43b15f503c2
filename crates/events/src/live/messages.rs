//! A subscription as a stream of messages: where it stands, then every change, and a heartbeat when there is none.

use std::{sync::Arc, time::Duration};

use futures::{Stream, stream};
use mesh_types::Fault;

use super::{Ended, Shown, Subscription, Watched};

/// What a watcher is told.
#[derive(Clone, Debug)]
pub enum LiveEvent<T> {
    /// Where the stream stands: the first message.
    Position,
    /// Something has changed.
    Shown(Arc<Shown<T>>),
    /// Nothing has changed for a while.
    Heartbeat,
}

/// What a watcher is told, and how to go on after it.
#[derive(Clone, Debug)]
pub struct LiveMessage<T> {
    /// What.
    pub event: LiveEvent<T>,
    /// Resumes right after it.
    pub resume_token: String,
}

enum State<T> {
    Opening(Subscription<T>),
    Watching(Subscription<T>),
    Over,
}

impl<T: Watched> Subscription<T> {
    /// The messages, with a heartbeat whenever nothing was told for so long. The last one may be why it ended; that of
    /// a watcher who was too slow holds its `resume_token`.
    pub fn messages(
        self,
        heartbeat: Duration,
    ) -> impl Stream<Item = Result<LiveMessage<T>, Fault>> + Send + 'static + use<T> {
        stream::unfold(State::Opening(self), move |state| next(state, heartbeat))
    }

    fn message(&self, event: LiveEvent<T>) -> LiveMessage<T> {
        LiveMessage { event, resume_token: self.place().to_token() }
    }

    fn farewell(&self, ended: Ended) -> Fault {
        match ended {
            Ended::Resync => ended.into(),
            Ended::TooSlow => Fault::from(ended).with("resume_token", self.place().to_token()),
        }
    }
}

async fn next<T: Watched>(state: State<T>, heartbeat: Duration) -> Option<(Result<LiveMessage<T>, Fault>, State<T>)> {
    let mut subscription = match state {
        State::Over => return None,
        State::Opening(subscription) => {
            let position = subscription.message(LiveEvent::Position);
            return Some((Ok(position), State::Watching(subscription)));
        }
        State::Watching(subscription) => subscription,
    };
    match tokio::time::timeout(heartbeat, subscription.next()).await {
        Ok(Ok(shown)) => {
            let change = subscription.message(LiveEvent::Shown(shown));
            Some((Ok(change), State::Watching(subscription)))
        }
        Ok(Err(ended)) => Some((Err(subscription.farewell(ended)), State::Over)),
        Err(_quiet) => {
            subscription.catch_up();
            let beat = subscription.message(LiveEvent::Heartbeat);
            Some((Ok(beat), State::Watching(subscription)))
        }
    }
}
