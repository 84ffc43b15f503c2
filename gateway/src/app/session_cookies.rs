//! The cookies in which a browser holds a session: what AuthService tells the HTTP front to set.

use std::time::Duration;

/// What becomes of a browser's cookies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionCookies {
    /// They hold this session from now on.
    Set {
        /// The access token, and for how long it lives.
        access: (String, Duration),
        /// The refresh token, and for how long it lives.
        refresh: (String, Duration),
        /// What calls must carry in a header, too.
        csrf: String,
    },
    /// They are gone.
    Clear,
}

impl SessionCookies {
    /// As text for a header.
    pub fn to_text(&self) -> String {
        match self {
            Self::Set { access, refresh, csrf } => {
                let (short, long) = (access.1.as_secs(), refresh.1.as_secs());
                format!("{} {short} {} {long} {csrf}", access.0, refresh.0)
            }
            Self::Clear => "clear".to_owned(),
        }
    }

    /// What the text says.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<_> = text.split(' ').collect();
        match parts.as_slice() {
            ["clear"] => Some(Self::Clear),
            [access, short, refresh, long, csrf] => Some(Self::Set {
                access: ((*access).to_owned(), Duration::from_secs(short.parse().ok()?)),
                refresh: ((*refresh).to_owned(), Duration::from_secs(long.parse().ok()?)),
                csrf: (*csrf).to_owned(),
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_understood() {
        let set = SessionCookies::Set {
            access: ("a.b.c".to_owned(), Duration::from_secs(900)),
            refresh: ("tm_rt_x".to_owned(), Duration::from_secs(86_400)),
            csrf: "x-_".to_owned(),
        };
        for cookies in [set, SessionCookies::Clear] {
            assert_eq!(SessionCookies::parse(&cookies.to_text()), Some(cookies));
        }
        assert_eq!(SessionCookies::parse("a b"), None);
    }
}
