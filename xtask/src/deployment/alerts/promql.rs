//! As much of PromQL as it takes to say which metrics a query asks for. Whether it is one is for promtool to say.

use std::collections::BTreeSet;

/// Words that are neither metrics nor functions.
const WORDS: [&str; 8] = ["and", "or", "unless", "bool", "offset", "inf", "nan", "atan2"];
/// What gathers series, with or without parentheses behind it.
const AGGREGATIONS: [&str; 10] =
    ["avg", "bottomk", "count", "group", "max", "min", "quantile", "stddev", "sum", "topk"];
/// Words that labels in parentheses follow.
const BEFORE_LABELS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];

/// The names of the metrics in `query`.
pub(super) fn metrics(query: &str) -> BTreeSet<String> {
    let bare = without_selectors(query);
    let mut rest = bare.as_str();
    let mut names = BTreeSet::new();
    while let Some(start) = rest.find(|letter: char| letter.is_ascii_alphanumeric() || "_:".contains(letter)) {
        let word = &rest[start..];
        let end = word.find(|letter: char| !letter.is_ascii_alphanumeric() && !"_:.".contains(letter));
        let (word, after) = word.split_at(end.unwrap_or(word.len()));
        let after = after.trim_start();
        let lower = word.to_ascii_lowercase();
        rest = after;
        if BEFORE_LABELS.contains(&lower.as_str()) {
            rest = after.strip_prefix('(').and_then(|labels| labels.split_once(')')).map_or(after, |(_, rest)| rest);
        } else if !word.starts_with(|letter: char| letter.is_ascii_digit())
            && !after.starts_with('(')
            && !WORDS.contains(&lower.as_str())
            && !AGGREGATIONS.contains(&lower.as_str())
        {
            names.insert(word.to_owned());
        }
    }
    names
}

/// The query without what is in braces, brackets and quotes, where names are of labels, durations or nothing.
fn without_selectors(query: &str) -> String {
    let mut bare = String::new();
    let (mut depth, mut quote, mut escaped) = (0, None, false);
    for letter in query.chars() {
        match (quote, letter) {
            (Some(_), '\\') if !escaped => escaped = true,
            (Some(open), letter) => {
                quote = (open != letter || escaped).then_some(open);
                escaped = false;
            }
            (None, '"' | '\'' | '`') => quote = Some(letter),
            (None, '{' | '[') => depth += 1,
            (None, '}' | ']') => {
                depth -= 1;
                bare.push(' ');
            }
            (None, letter) if depth == 0 => bare.push(letter),
            _ => {}
        }
    }
    bare
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(query: &str) -> Vec<String> {
        metrics(query).into_iter().collect()
    }

    #[test]
    fn metrics_are_told_from_labels_functions_and_numbers() {
        let query = "histogram_quantile(0.99, sum by (le, method) (rate(a_bucket{le!=\"}b\", x=~'c'}[5m]))) > 1e3";
        assert_eq!(named(query), ["a_bucket"]);
        let query = "a / on (slo) group_left (b) (1 - c:d:e) unless ignoring (f) g offset 1h or vector(0)";
        assert_eq!(named(query), ["a", "c:d:e", "g"]);
        assert_eq!(named("max_over_time(up{job=\"x\\\"y\"}[1d:5m]) == bool 1"), ["up"]);
    }
}
