//! Pieces of text that know where they are, so that every problem has a position.

use crate::{RuleError, RuleProblem};

/// A piece of a line and its place in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
}

impl<'a> Span<'a> {
    pub(super) fn new(text: &'a str) -> Span<'a> {
        Span { text, at: 0 }
    }

    /// The pieces between separators; at least one.
    pub(super) fn split(self, separator: char) -> impl Iterator<Item = Span<'a>> {
        let mut at = self.at;
        self.text.split(separator).map(move |text| {
            let piece = Span { text, at };
            at += text.len() + separator.len_utf8();
            piece
        })
    }

    /// The pieces before and after the first separator.
    pub(super) fn split_once(self, separator: char) -> Option<(Span<'a>, Span<'a>)> {
        let place = self.text.find(separator)?;
        Some((self.to(place), self.from(place + separator.len_utf8())))
    }

    pub(super) fn to(self, end: usize) -> Span<'a> {
        Span { text: &self.text[..end], at: self.at }
    }

    pub(super) fn from(self, start: usize) -> Span<'a> {
        Span { text: &self.text[start..], at: self.at + start }
    }

    pub(super) fn is(self, word: &str) -> bool {
        self.text.eq_ignore_ascii_case(word)
    }

    pub(super) fn error(self, problem: RuleProblem) -> RuleError {
        RuleError { position: self.at, problem }
    }
}
