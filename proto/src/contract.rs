//! A contract: what services promise, as their descriptors say it. Taskmesh's own is compiled in; the gateway can stand
//! before services of another.

use std::{borrow::Cow, sync::LazyLock};

use prost_reflect::{DescriptorError, DescriptorPool};

use crate::methods::{self, Method};

/// The services of an encoded `google.protobuf.FileDescriptorSet`, ready for look-ups.
#[derive(Debug)]
pub struct Contract {
    encoded: Cow<'static, [u8]>,
    descriptors: DescriptorPool,
    methods: Vec<Method>,
}

impl Contract {
    /// Reads an encoded descriptor set. It must hold everything that its files import; routes and scopes are there if
    /// `google/api/annotations.proto` and `taskmesh/api/v1/method.proto` are among them.
    ///
    /// # Errors
    /// When it is no descriptor set, or one with holes.
    pub fn decode(descriptor_set: impl Into<Cow<'static, [u8]>>) -> Result<Self, DescriptorError> {
        let encoded = descriptor_set.into();
        let descriptors = DescriptorPool::decode(&*encoded)?;
        let methods = methods::of(&descriptors);
        Ok(Self { encoded, descriptors, methods })
    }

    /// The contract of Taskmesh.
    pub fn taskmesh() -> &'static Self {
        static TASKMESH: LazyLock<Contract> = LazyLock::new(|| {
            #[expect(clippy::expect_used, reason = "the build script wrote these bytes; a test decodes them")]
            Contract::decode(crate::DESCRIPTOR_SET).expect("the descriptor set is valid")
        });
        &TASKMESH
    }

    /// The descriptor set as it was given, with all options: a round trip through prost would drop those it does not know.
    pub fn encoded(&self) -> &[u8] {
        &self.encoded
    }

    /// Every message, enum and service.
    pub fn descriptors(&self) -> &DescriptorPool {
        &self.descriptors
    }

    /// Every RPC of every service, in the order of the files.
    pub fn methods(&self) -> &[Method] {
        &self.methods
    }
}
