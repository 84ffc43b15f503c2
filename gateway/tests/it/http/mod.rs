//! The edge over HTTP, in front of services that exist for these tests only: every face, and every way to fail.

mod balancing;
mod faults;
mod grpc;
mod limits;
mod openapi;
mod pages;
mod rest;
mod rubbish;
mod sending;
mod streams;
mod tasks;
mod update;
mod web;
pub(crate) mod world;
