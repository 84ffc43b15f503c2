// Plays the five minutes with the clients of Connect, from the descriptor set alone: the one for browsers (gRPC-Web by
// fetch), and those for Node (gRPC, and gRPC-Web over HTTP/1.1 and HTTP/2).
//
// Usage: node client.mjs http://HOST:PORT E-MAIL DESCRIPTOR-SET web|grpc|grpc-web-1.1|grpc-web-2

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import * as node from "@connectrpc/connect-node";
import * as web from "@connectrpc/connect-web";

const [baseUrl, email, descriptorSet, kind] = process.argv.slice(2);
const PATIENCE_MS = 20_000;

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(descriptorSet)));
let token = "";
const authorize = (next) => (request) => {
  if (token) request.header.set("authorization", `Bearer ${token}`);
  return next(request);
};
const options = { baseUrl, interceptors: [authorize] };
const transports = {
  web: () => web.createGrpcWebTransport(options),
  grpc: () => node.createGrpcTransport(options),
  "grpc-web-1.1": () => node.createGrpcWebTransport({ ...options, httpVersion: "1.1" }),
  "grpc-web-2": () => node.createGrpcWebTransport({ ...options, httpVersion: "2" }),
};
const transport = transports[kind]();
const service = (name) => createClient(registry.getService(name), transport);
const auth = service("taskmesh.auth.v1.AuthService");
const tasks = service("taskmesh.task.v1.TaskService");
const audit = service("taskmesh.audit.v1.AuditService");

/** The code, reason and fields of a call that must fail. */
async function refusal(call) {
  const error = await call.then(() => assert.fail("the call succeeded"), ConnectError.from);
  const [info] = error.findDetails(registry.getMessage("google.rpc.ErrorInfo"));
  const [request] = error.findDetails(registry.getMessage("google.rpc.BadRequest"));
  return [error.code, info?.reason, request?.fieldViolations.map((violation) => violation.field) ?? []];
}

/** The next message of a watch that is no heartbeat. */
async function next(messages) {
  for (;;) {
    const { value, done } = await messages.next();
    assert(!done, "the stream ended");
    if (value.event.case !== "heartbeat") return value.event;
  }
}

/** Reads a stream to its end. */
async function drained(messages) {
  for await (const _ of messages);
}

async function play() {
  assert.deepEqual(await refusal(auth.getMe({})), [Code.Unauthenticated, "TOKEN_MISSING", []]);
  const session = await auth.signUp({ email, password: "correct horse battery" });
  token = session.accessToken;
  token = (await auth.createApiToken({ token: { name: "connect" } })).secret;
  assert.equal((await auth.getMe({})).user.email, email);

  const watching = new AbortController();
  const messages = tasks.watchTasks({}, { signal: watching.signal })[Symbol.asyncIterator]();
  assert.equal((await next(messages)).case, "position");
  const sees = async (answer) => {
    const task = await answer;
    const { case: kind, value } = await next(messages);
    assert.equal(kind, "changed");
    assert.deepEqual([value.task.id, value.task.version, value.task.etag], [task.id, task.version, task.etag]);
    return task;
  };

  const { id } = await sees(tasks.createTask({ task: { title: "Buy milk 🥛" } }));
  await sees(tasks.updateTask({ task: { id, title: "Buy oat milk" }, updateMask: { paths: ["title"] } }));
  await sees(tasks.completeTask({ id }));
  await sees(tasks.deleteTask({ id }));
  const last = await sees(tasks.undeleteTask({ id }));
  assert.deepEqual([last.title, last.version], ["Buy oat milk", 5n]);
  watching.abort();
  await assert.rejects(messages.next(), (error) => ConnectError.from(error).code === Code.Canceled);
  const brief = tasks.watchTasks({}, { timeoutMs: 300 });
  await assert.rejects(drained(brief), (error) => ConnectError.from(error).code === Code.DeadlineExceeded);
  const nowhere = drained(tasks.watchTasks({ resumeToken: "forged" }));
  assert.deepEqual((await refusal(nowhere)).slice(0, 2), [Code.InvalidArgument, "RESUME_TOKEN_INVALID"]);

  const tooLong = tasks.createTask({ task: { title: "x".repeat(501) } });
  assert.deepEqual(await refusal(tooLong), [Code.InvalidArgument, "FIELDS_INVALID", ["task.title"]]);
  const stale = tasks.deleteTask({ id, etag: "stale" });
  assert.deepEqual((await refusal(stale)).slice(0, 2), [Code.Aborted, "ETAG_MISMATCH"]);

  const history = await recorded(id, 5);
  assert.deepEqual(
    history.map((event) => event.action),
    ["created", "updated", "completed", "deleted", "undeleted"],
  );
  assert(history.every((event) => event.actor.userId === session.user.id));
  assert.equal(history[1].before.title, "Buy milk 🥛");
  assert.equal(history[1].after.title, "Buy oat milk");
}

async function recorded(entityId, count) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const { events } = await audit.listEntityEvents({ entityType: "task", entityId });
    if (events.length === count || Date.now() > deadline) return events;
    await new Promise((resume) => setTimeout(resume, 20));
  }
}

await play();
console.log("the five minutes were played");
process.exit(0);
