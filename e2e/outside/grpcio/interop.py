"""Plays the cases of gRPC's interoperability tests with Google's library, against a gateway before the services of
`taskmesh.testing.v1`, which it learns from the gateway's reflection.

Usage: interop.py HOST:PORT
"""

import queue
import sys

import grpc
from google.protobuf import descriptor_pool, empty_pb2, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

PATIENCE = 20
REQUESTS = [27182, 8, 1828, 45904]
RESPONSES = [31415, 9, 2653, 58979]
SPECIAL = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"
TOKEN = [("authorization", "Bearer good")]
INTEROP = "taskmesh.testing.v1.InteropService"


class Requests:
    """Requests that are sent as they are put here."""

    def __init__(self):
        self.queue = queue.Queue()

    def send(self, request):
        self.queue.put(request)

    def end(self):
        self.queue.put(None)

    def __iter__(self):
        return iter(self.queue.get, None)


class Interop:
    """The service's methods, from its descriptor."""

    def __init__(self, channel):
        self.channel = channel
        pool = descriptor_pool.DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
        self.service = pool.FindServiceByName(INTEROP)

    def message(self, name, **fields):
        kind = next(m for m in self.service.file.message_types_by_name.values() if m.name == name)
        return message_factory.GetMessageClass(kind)(**fields)

    def stub(self, name):
        method = self.service.methods_by_name[name]
        sides = ("stream" if s else "unary" for s in (method.client_streaming, method.server_streaming))
        answer = message_factory.GetMessageClass(method.output_type)
        return getattr(self.channel, "_".join(sides))(
            f"/{INTEROP}/{name}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=answer.FromString,
        )

    def call(self, name, request, **options):
        return self.stub(name)(request, metadata=TOKEN, timeout=PATIENCE, **options)

    def asking(self, size, payload=0, interval_us=0):
        output = self.message("OutputSpec", size=size, interval_us=interval_us)
        return self.message("StreamOutputRequest", outputs=[output], payload=bytes(payload))


def failure(call):
    try:
        call()
    except grpc.RpcError as error:
        return error.code(), error.details()
    raise AssertionError("the call succeeded")


def empty_unary(interop):
    interop.call("CallEmpty", empty_pb2.Empty())


def large_unary(interop):
    request = interop.message("CallUnaryRequest", response_size=314159, payload=bytes(271828))
    assert len(interop.call("CallUnary", request).payload) == 314159


def client_streaming(interop):
    parts = (interop.message("StreamInputRequest", payload=bytes(size)) for size in REQUESTS)
    assert interop.call("StreamInput", parts).payload_size == 74922


def server_streaming(interop):
    outputs = [interop.message("OutputSpec", size=size) for size in RESPONSES]
    answers = interop.call("StreamOutput", interop.message("StreamOutputRequest", outputs=outputs))
    assert [len(answer.payload) for answer in answers] == RESPONSES


def ping_pong(interop):
    requests = Requests()
    answers = interop.call("StreamBoth", iter(requests))
    for size, payload in zip(RESPONSES, REQUESTS):
        requests.send(interop.asking(size, payload))
        assert len(next(answers).payload) == size
    requests.end()
    assert list(answers) == []


def empty_stream(interop):
    assert list(interop.call("StreamBoth", iter([]))) == []


def custom_metadata(interop):
    metadata = TOKEN + [("x-echo-initial", "test_initial_metadata_value"), ("x-echo-trailing-bin", b"\xab\xab\xab")]

    def check(call):
        assert dict(call.initial_metadata())["x-echo-initial"] == "test_initial_metadata_value"
        assert dict(call.trailing_metadata())["x-echo-trailing-bin"] == b"\xab\xab\xab", call.trailing_metadata()

    request = interop.message("CallUnaryRequest", response_size=1)
    _, call = interop.stub("CallUnary").with_call(request, metadata=metadata, timeout=PATIENCE)
    check(call)
    call = interop.stub("StreamBoth")(iter([interop.asking(1)]), metadata=metadata, timeout=PATIENCE)
    assert len(list(call)) == 1
    check(call)


def ends_with(interop, message):
    status = interop.message("EndStatus", code=2, message=message)
    expected = (grpc.StatusCode.UNKNOWN, message)
    unary = interop.message("CallUnaryRequest", end_status=status)
    told = failure(lambda: interop.call("CallUnary", unary))
    assert told == expected, told
    both = interop.message("StreamOutputRequest", end_status=status)
    told = failure(lambda: list(interop.call("StreamBoth", iter([both]))))
    assert told == expected, told


def status_code_and_message(interop):
    ends_with(interop, "test status message")


def special_status_message(interop):
    ends_with(interop, SPECIAL)


def unimplemented_method(interop):
    code, _ = failure(lambda: interop.call("CallUnimplemented", empty_pb2.Empty()))
    assert code == grpc.StatusCode.UNIMPLEMENTED, code


def unimplemented_service(interop):
    absent = interop.channel.unary_unary("/taskmesh.testing.v1.AbsentService/CallAbsent")
    code, _ = failure(lambda: absent(b"", metadata=TOKEN, timeout=PATIENCE))
    assert code == grpc.StatusCode.UNIMPLEMENTED, code


def cancel_after_begin(interop):
    call = interop.stub("StreamInput").future(iter(Requests()), metadata=TOKEN)
    call.cancel()
    assert call.cancelled() and call.code() == grpc.StatusCode.CANCELLED, call.code()


def cancel_after_first_response(interop):
    requests = Requests()
    call = interop.stub("StreamBoth")(iter(requests), metadata=TOKEN)
    requests.send(interop.asking(RESPONSES[0], REQUESTS[0]))
    assert len(next(call).payload) == RESPONSES[0]
    call.cancel()
    code, _ = failure(lambda: next(call))
    assert code == grpc.StatusCode.CANCELLED, code


def timeout_on_sleeping_server(interop):
    slow = interop.asking(1, interval_us=60_000_000)
    code, _ = failure(lambda: list(interop.stub("StreamBoth")(iter([slow]), metadata=TOKEN, timeout=0.3)))
    assert code == grpc.StatusCode.DEADLINE_EXCEEDED, code


CASES = [
    empty_unary,
    large_unary,
    client_streaming,
    server_streaming,
    ping_pong,
    empty_stream,
    custom_metadata,
    status_code_and_message,
    special_status_message,
    unimplemented_method,
    unimplemented_service,
    cancel_after_begin,
    cancel_after_first_response,
    timeout_on_sleeping_server,
]


def main():
    (address,) = sys.argv[1:]
    with grpc.insecure_channel(address) as channel:
        interop = Interop(channel)
        for case in CASES:
            try:
                case(interop)
            except Exception as error:
                raise AssertionError(case.__name__) from error
    print(f"{len(CASES)} cases were played")


if __name__ == "__main__":
    main()
