//! The edge over HTTP, in front of services that exist for these tests only: every face, and every way to fail.

mod connections;
mod faults;
mod grpc;
mod pages;
mod rest;
mod streams;
mod tasks;
mod update;
mod web;
mod world;
