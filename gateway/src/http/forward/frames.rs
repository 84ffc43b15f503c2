//! Follows the frames of gRPC as they pass, in either direction, without looking into a message.

use mesh_types::{ErrorKind, Fault, Reason};

/// One byte of flags, four of length, the message; and again.
#[derive(Debug)]
pub(super) struct Frames {
    limit: usize,
    head: [u8; 5],
    head_read: usize,
    message_left: usize,
    /// How many messages began.
    begun: u64,
}

impl Frames {
    /// Frames of messages that hold at most `limit` bytes, each.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, head: [0; 5], head_read: 0, message_left: 0, begun: 0 }
    }

    /// Follows `data`. Returns up to where its messages are whole. After an error there is nothing left to follow.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for what is no frame, RESOURCE_EXHAUSTED for a message that is too large.
    pub(super) fn check(&mut self, data: &[u8]) -> Result<usize, Fault> {
        let (mut at, mut whole) = (0, 0);
        while at < data.len() {
            if self.message_left > 0 {
                let taken = self.message_left.min(data.len() - at);
                self.message_left -= taken;
                at += taken;
            } else {
                self.head[self.head_read] = data[at];
                self.head_read += 1;
                at += 1;
                if self.head_read == self.head.len() {
                    self.begin_message()?;
                }
            }
            if self.is_whole() {
                whole = at;
            }
        }
        Ok(whole)
    }

    fn begin_message(&mut self) -> Result<(), Fault> {
        let [flags, length @ ..] = self.head;
        self.head_read = 0;
        if flags > 1 {
            let message = "the body is not made of gRPC frames";
            return Err(Fault::new(ErrorKind::InvalidArgument, Reason::Malformed, message));
        }
        self.message_left = u32::from_be_bytes(length) as usize;
        if self.message_left > self.limit {
            let message = format!("a message may hold {} bytes", self.limit);
            return Err(Fault::new(ErrorKind::ResourceExhausted, Reason::MessageTooLarge, message));
        }
        self.begun += 1;
        Ok(())
    }

    /// Whether it may end here.
    pub(super) fn is_whole(&self) -> bool {
        self.head_read == 0 && self.message_left == 0
    }

    /// How many messages began.
    pub(super) fn begun(&self) -> u64 {
        self.begun
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_may_be_cut_anywhere() {
        let body = [0, 0, 0, 0, 2, 7, 7, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 7];
        let mut frames = Frames::new(2);
        for byte in body {
            frames.check(&[byte]).expect("well-formed");
        }
        assert!(frames.is_whole() && frames.begun() == 3);
    }

    #[test]
    fn what_is_no_frame_or_too_large_is_refused() {
        assert_eq!(Frames::new(9).check(b"{\"a\":1}").expect_err("no frame").reason, Reason::Malformed);
        assert_eq!(Frames::new(9).check(&[0, 0, 0, 0, 10]).expect_err("large").reason, Reason::MessageTooLarge);
        let mut cut = Frames::new(9);
        assert_eq!(cut.check(&[0, 0, 0, 0, 1, 7, 0, 0, 0, 0, 3, 1]), Ok(6));
        assert!(!cut.is_whole());
        assert_eq!(cut.check(&[2]), Ok(0));
        assert_eq!(cut.check(&[3, 0]), Ok(1));
    }
}
