//! From a rule to floating times: strictly increasing, from any time on, with a bound on the work.

pub(crate) mod cursor;
pub(crate) mod days;
pub(crate) mod elapsed;
pub(crate) mod period;
pub(crate) mod wall;
pub(crate) mod work;
