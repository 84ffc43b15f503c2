//! The texts of a task: kept as they were sent, byte for byte, once they are found fit to keep.

use std::collections::BTreeSet;

/// Why a text cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing can be seen of it.
    #[error("must hold more than white space")]
    Blank,
    /// It is too long.
    #[error("must hold at most {0} characters")]
    TooLong(usize),
    /// It takes too much room.
    #[error("must take at most {0} bytes")]
    TooLarge(usize),
    /// There are too many of them.
    #[error("must hold at most {0} items")]
    TooMany(usize),
    /// It would break a line, a terminal or a file.
    #[error("must not hold control characters")]
    ControlCharacter,
    /// The databases cannot hold it.
    #[error("must not hold the character NUL")]
    Nul,
}

impl TextError {
    /// The rule that is broken, as violations name it.
    pub fn rule(self) -> &'static str {
        match self {
            Self::Blank => "string.not_blank",
            Self::TooLong(_) => "string.max_len",
            Self::TooLarge(_) => "string.max_bytes",
            Self::TooMany(_) => "repeated.max_items",
            Self::ControlCharacter => "string.no_control_characters",
            Self::Nul => "string.no_nul",
        }
    }
}

/// What a task is called: one line, 1 to 500 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Title(String);

impl Title {
    const MAX_CHARS: usize = 500;

    /// The title `text`.
    ///
    /// # Errors
    /// When it is blank, too long, or not a line of text.
    pub fn new(text: String) -> Result<Self, TextError> {
        one_line(&text, Self::MAX_CHARS)?;
        Ok(Self(text))
    }

    /// A title that was accepted before and kept since.
    pub fn kept(text: String) -> Self {
        Self(text)
    }

    /// The text as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What else there is to say: Markdown, at most 16 KiB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description(String);

impl Description {
    const MAX_BYTES: usize = 16 * 1024;

    /// The description `text`; an empty one is none.
    ///
    /// # Errors
    /// When it is too large, or cannot be stored.
    pub fn new(text: String) -> Result<Option<Self>, TextError> {
        if text.len() > Self::MAX_BYTES {
            return Err(TextError::TooLarge(Self::MAX_BYTES));
        }
        if text.contains('\0') {
            return Err(TextError::Nul);
        }
        Ok((!text.is_empty()).then_some(Self(text)))
    }

    /// A description that was accepted before and kept since.
    pub fn kept(text: String) -> Self {
        Self(text)
    }

    /// The text as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Free labels: at most 50 of 1 to 64 characters each, without duplicates, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags(Vec<String>);

impl Tags {
    const MAX_COUNT: usize = 50;
    const MAX_CHARS: usize = 64;

    /// These tags.
    ///
    /// # Errors
    /// When there are too many, or with the place of the first one that is no label.
    pub fn new(tags: Vec<String>) -> Result<Self, (usize, TextError)> {
        if tags.len() > Self::MAX_COUNT {
            return Err((Self::MAX_COUNT, TextError::TooMany(Self::MAX_COUNT)));
        }
        for (index, tag) in tags.iter().enumerate() {
            one_line(tag, Self::MAX_CHARS).map_err(|error| (index, error))?;
        }
        Ok(Self::kept(tags))
    }

    /// Tags that were accepted before and kept since.
    pub fn kept(tags: Vec<String>) -> Self {
        Self(tags.into_iter().collect::<BTreeSet<_>>().into_iter().collect())
    }

    /// The tags in order.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}

fn one_line(text: &str, max_chars: usize) -> Result<(), TextError> {
    if text.chars().count() > max_chars {
        return Err(TextError::TooLong(max_chars));
    }
    if text.contains('\0') {
        return Err(TextError::Nul);
    }
    // What is pasted from a spreadsheet holds tabs.
    if text.chars().any(|letter| letter.is_control() && letter != '\t') {
        return Err(TextError::ControlCharacter);
    }
    if text.trim().is_empty() {
        return Err(TextError::Blank);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_counted_in_characters_and_kept_as_sent() {
        let emoji = "👩‍🚒 שלום ".repeat(50);
        assert_eq!(Title::new(emoji.clone()).expect("a fine title").as_str(), emoji);
        assert_eq!(Title::new("ü".repeat(501)), Err(TextError::TooLong(500)));
    }

    #[test]
    fn titles_are_one_visible_line() {
        assert_eq!(Title::new(" \u{3000} ".to_owned()), Err(TextError::Blank));
        assert_eq!(Title::new("a\nb".to_owned()), Err(TextError::ControlCharacter));
        assert!(Title::new("a\tb".to_owned()).is_ok());
        assert_eq!(Title::new("a\0b".to_owned()), Err(TextError::Nul));
    }

    #[test]
    fn an_empty_description_is_none() {
        assert_eq!(Description::new(String::new()), Ok(None));
        assert_eq!(Description::new("a\0".to_owned()), Err(TextError::Nul));
    }

    #[test]
    fn tags_are_sorted_and_told_once() {
        let tags = Tags::new(vec!["b".to_owned(), "a".to_owned(), "b".to_owned()]).expect("fine tags");
        assert_eq!(tags.as_slice(), ["a", "b"]);
        assert_eq!(Tags::new(vec!["a".to_owned(), " ".to_owned()]), Err((1, TextError::Blank)));
    }
}
