//! The fields of an aggregate whose change is told, as one enum for each: made by a macro, because every field has its own
//! type and they are only ever compared.

/// `event_fields! { Field of Aggregate: Name = "path", get, unset; … }`: the enum `Field` of an aggregate's fields, each
/// with its path, how to read it, and what it is when nothing was said about it.
macro_rules! event_fields {
    ($(#[$doc:meta])* $field:ident of $aggregate:ident: $($name:ident = $path:literal, $get:expr, $unset:expr;)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "documented in the contract")]
        pub enum $field { $($name,)* }

        impl $field {
            const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its path in a field mask.
            pub fn path(self) -> &'static str {
                match self { $(Self::$name => $path,)* }
            }

            /// The fields that differ after a change; of a new thing, those that are set.
            fn changed(before: Option<&$aggregate>, after: &$aggregate) -> Vec<Self> {
                let differs = |field: &Self| match before {
                    Some(before) => field.differs(before, after),
                    None => field.is_set(after),
                };
                Self::ALL.iter().copied().filter(differs).collect()
            }

            fn differs(self, one: &$aggregate, other: &$aggregate) -> bool {
                match self { $(Self::$name => { let get: fn(&$aggregate) -> _ = $get; get(one) != get(other) })* }
            }

            fn is_set(self, it: &$aggregate) -> bool {
                match self { $(Self::$name => { let get: fn(&$aggregate) -> _ = $get; get(it) != $unset })* }
            }
        }
    };
}

pub(super) use event_fields;
