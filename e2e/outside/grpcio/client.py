"""Plays the five minutes with Google's gRPC library for Python and nothing of ours: it learns every service and
message from the server's reflection.

Usage: client.py HOST:PORT E-MAIL
"""

import sys
import threading
import time
import queue

import grpc
from google.protobuf import descriptor_pool, json_format, message_factory
from google.rpc import error_details_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status

PATIENCE = 20


class Mesh:
    """Calls by name, with messages as dicts."""

    def __init__(self, channel):
        self.channel = channel
        self.database = ProtoReflectionDescriptorDatabase(channel)
        self.pool = descriptor_pool.DescriptorPool(self.database)
        self.metadata = []

    def method(self, name):
        service, method = name.split("/")
        return self.pool.FindServiceByName(service).methods_by_name[method]

    def call(self, name, **fields):
        return self._stub(name, self.channel.unary_unary)(
            self._request(name, fields), metadata=self.metadata, timeout=PATIENCE
        )

    def stream(self, name, **fields):
        return self._stub(name, self.channel.unary_stream)(self._request(name, fields), metadata=self.metadata)

    def _stub(self, name, kind):
        answer = message_factory.GetMessageClass(self.method(name).output_type)
        return kind("/" + name, request_serializer=lambda m: m.SerializeToString(), response_deserializer=answer.FromString)

    def _request(self, name, fields):
        request = message_factory.GetMessageClass(self.method(name).input_type)()
        return json_format.ParseDict(fields, request)


AUTH = "taskmesh.auth.v1.AuthService/"
TASK = "taskmesh.task.v1.TaskService/"
AUDIT = "taskmesh.audit.v1.AuditService/"


def refusal(call):
    """The code, the ErrorInfo and the fields of the BadRequest of a call that must fail."""
    try:
        call()
    except grpc.RpcError as error:
        status = rpc_status.from_call(error)
        assert status is not None, f"no details: {error}"
        info, request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        for detail in status.details:
            detail.Unpack(info)
            detail.Unpack(request)
        return error.code(), info, [violation.field for violation in request.field_violations]
    raise AssertionError("the call succeeded")


def watch(mesh, seen):
    """Puts every message of a watch into a queue, from another thread."""
    messages = mesh.stream(TASK + "WatchTasks")

    def follow():
        try:
            for message in messages:
                if message.WhichOneof("event") != "heartbeat":
                    seen.put(message)
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.CANCELLED:
                seen.put(error)

    threading.Thread(target=follow, daemon=True).start()
    return messages


def play(mesh, email):
    services = set(mesh.database.get_services())
    assert {"taskmesh.auth.v1.AuthService", "taskmesh.task.v1.TaskService", "grpc.health.v1.Health"} <= services, services

    code, info, _ = refusal(lambda: mesh.call(AUTH + "GetMe"))
    assert (code, info.reason, info.domain) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_MISSING", "taskmesh"), (code, info)
    session = mesh.call(AUTH + "SignUp", email=email, password="correct horse battery")
    mesh.metadata = [("authorization", "Bearer " + session.access_token)]
    made = mesh.call(AUTH + "CreateApiToken", token={"name": "grpcio ü%"})
    mesh.metadata = [("authorization", "Bearer " + made.secret)]
    assert mesh.call(AUTH + "GetMe").user.email == email

    seen = queue.Queue()
    watching = watch(mesh, seen)
    assert seen.get(timeout=PATIENCE).WhichOneof("event") == "position"

    def sees(task):
        message = seen.get(timeout=PATIENCE)
        told = message.changed.task
        assert (told.id, told.version, told.etag) == (task.id, task.version, task.etag), (message, task)
        return task

    task = sees(mesh.call(TASK + "CreateTask", task={"title": "Milch kaufen 🥛"}))
    name = {"id": task.id}
    sees(mesh.call(TASK + "UpdateTask", task={**name, "title": "Hafermilch"}, updateMask="title"))
    sees(mesh.call(TASK + "CompleteTask", **name))
    sees(mesh.call(TASK + "DeleteTask", **name))
    last = sees(mesh.call(TASK + "UndeleteTask", **name))
    assert (last.title, last.version) == ("Hafermilch", 5), last
    watching.cancel()

    code, info, fields = refusal(lambda: mesh.call(TASK + "CreateTask", task={"title": "x" * 501}))
    assert (code, info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "FIELDS_INVALID"), (code, info)
    assert fields == ["task.title"], fields
    code, info, _ = refusal(lambda: mesh.call(TASK + "DeleteTask", etag="stale", **name))
    assert (code, info.reason) == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH"), (code, info)

    deadline = time.monotonic() + PATIENCE
    while True:
        events = mesh.call(AUDIT + "ListEntityEvents", entityType="task", entityId=task.id).events
        if len(events) == 5 or time.monotonic() > deadline:
            break
        time.sleep(0.02)
    actions = [event.action for event in events]
    assert actions == ["created", "updated", "completed", "deleted", "undeleted"], actions
    assert all(event.actor.user_id == session.user.id for event in events), events
    assert events[1].before["title"] == "Milch kaufen 🥛" and events[1].after["title"] == "Hafermilch", events[1]


def main():
    address, email = sys.argv[1:]
    with grpc.insecure_channel(address) as channel:
        play(Mesh(channel), email)
    print("the five minutes were played")


if __name__ == "__main__":
    main()
