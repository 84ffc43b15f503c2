//! Passwords in addresses are secrets too.

/// Blots out the password of every URL in `value`.
pub(super) fn redact(value: &mut toml::Value) {
    match value {
        toml::Value::String(text) => *text = without_password(text),
        toml::Value::Array(values) => values.iter_mut().for_each(redact),
        toml::Value::Table(table) => table.iter_mut().for_each(|(_, value)| redact(value)),
        _ => {}
    }
}

/// `scheme://user:password@rest` without its password.
fn without_password(text: &str) -> String {
    let parts = text.split_once("://").and_then(|(scheme, rest)| {
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let at = rest[..end].rfind('@')?;
        let (user, _) = rest[..at].split_once(':')?;
        Some((scheme, user, &rest[at..]))
    });
    match parts {
        Some((scheme, user, rest)) => format!("{scheme}://{user}:[redacted]{rest}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_of_an_address_is_blotted_out() {
        assert_eq!(without_password("postgres://me:pass@host:1/db"), "postgres://me:[redacted]@host:1/db");
        assert_eq!(without_password("postgres://me:p@ss@host/db"), "postgres://me:[redacted]@host/db");
        for plain in ["http://host:80/a:b@c", "postgres://me@host/db", "sqlite:data/task.db", "", "a:b@c"] {
            assert_eq!(without_password(plain), plain);
        }
    }
}
