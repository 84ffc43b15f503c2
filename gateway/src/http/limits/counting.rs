//! The counters of the limits, known from the beginning, so that the first time one is reached shows as a change.

/// What each counts by which label.
const COUNTERS: [(&str, &str, &[&str]); 3] = [
    (
        "gateway_refused_total",
        "limit",
        &[
            "user_rate",
            "address_rate",
            "user_calls",
            "public_calls",
            "user_streams",
            "address_streams",
            "streams",
            "calls",
            "service_calls",
            "head",
        ],
    ),
    ("gateway_connections_refused_total", "limit", &["address", "all"]),
    ("gateway_cut_off_total", "what", &["idle", "head", "surplus", "stream", "connection"]),
];

/// Begins to count.
pub(crate) fn begin_counting() {
    for (name, label, values) in COUNTERS {
        values.iter().for_each(|value| metrics::counter!(name, label => *value).increment(0));
    }
    metrics::gauge!("gateway_connections").increment(0);
}
