//! Callers who want too much: each limit is reached here, by every face that it holds for.

mod browsers;
mod calls;
mod connections;
mod http2;
mod rates;
mod raw;
mod sizes;
mod slow;
mod streams;
