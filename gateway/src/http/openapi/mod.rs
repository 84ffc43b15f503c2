//! The OpenAPI 3.1 document of the REST face, written from what the router serves and the contract says of it: routes,
//! comments, rules, examples, scopes and reasons. Nothing of it is written by hand a second time.
//!
//! `document` lays it out; each route becomes an `operation` of `parameters`, a `body` and `responses`; their messages
//! become `schema`s, with what `field`s, `rules` and `well_known` types say, and `examples`.

mod body;
mod document;
mod examples;
mod field;
mod operation;
mod parameters;
mod reasons;
mod responses;
mod rules;
mod schema;
mod well_known;

pub(super) use document::document;
