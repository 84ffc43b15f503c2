//! Dead letters, tried again beside the stream.

use mesh_store::StoreError;
use tokio_util::sync::CancellationToken;

use super::Consumer;
use crate::{
    EffectError,
    dead_letters::{self, DeadLetter, State},
};

impl Consumer {
    /// Tries letters when they are due, until `stop`.
    pub(super) async fn retry_letters(&self, stop: &CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(self.settings.retry_poll)).await.is_some() {
            if let Err(error) = self.retry_due(stop).await {
                tracing::warn!(error = %error, consumer.name = self.name(), "dead letters cannot be retried");
            }
        }
    }

    async fn retry_due(&self, stop: &CancellationToken) -> Result<(), StoreError> {
        loop {
            let survey = dead_letters::survey(&self.database, self.name(), self.clock.now()).await?;
            for (state, letters) in [("retrying", survey.retrying), ("parked", survey.parked)] {
                let labels = [("consumer", self.name().to_owned()), ("state", state.to_owned())];
                metrics::gauge!("taskmesh_consumer_dead_letters", &labels).set(letters as f64);
            }
            if stop.is_cancelled() || survey.due == 0 || !self.retry_next().await? {
                return Ok(());
            }
        }
    }

    /// Tries the letter that is due for longest. Returns whether it makes sense to go on with the next one.
    async fn retry_next(&self) -> Result<bool, StoreError> {
        let transaction = self.database.begin().await?;
        let Some(letter) = dead_letters::due(&transaction, self.name(), self.clock.now()).await? else {
            return Ok(false);
        };
        let mut traced = Vec::new();
        match self.apply(&transaction, &[&letter.letter], &mut traced).await {
            Ok(()) => {
                dead_letters::applied(&transaction, &letter).await?;
                transaction.commit().await?;
                tracing::info!(consumer.name = self.name(), event.id = %letter.letter.id(), "a dead letter was applied");
                self.effect.after_commit();
                Ok(true)
            }
            Err(EffectError::Dependency(reason)) => {
                tracing::warn!(consumer.name = self.name(), pause.reason = %reason, "dead letters wait");
                Ok(false)
            }
            Err(EffectError::Event(reason)) => {
                transaction.rollback().await?;
                self.count_failure(&letter, &reason).await.map(|()| true)
            }
        }
    }

    async fn count_failure(&self, letter: &DeadLetter, reason: &str) -> Result<(), StoreError> {
        let state = dead_letters::failed_again(&self.database, letter, reason, self.clock.now()).await?;
        if state == State::Parked {
            tracing::error!(
                consumer.name = self.name(),
                event.id = %letter.letter.id(),
                trace.id = letter.letter.trace_id(),
                failure.reason = %reason,
                "a dead letter is parked"
            );
        }
        Ok(())
    }
}
