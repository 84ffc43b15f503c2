//! The services of these tests. They answer as the request asks.

use std::{
    pin::Pin,
    sync::Mutex,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures::{Stream, StreamExt, future::BoxFuture, stream};
use http::{HeaderMap, HeaderValue, Request as HttpRequest, Response as HttpResponse};
use http_body::Frame;
use http_body_util::BodyExt;
use mesh_testkit::testing::{
    google::api::HttpBody,
    v1::{
        Book, CallUnaryRequest, CallUnaryResponse, DeleteBookRequest, EchoFileRequest, EchoShapeRequest, EndStatus,
        GetBookRequest, ListBooksRequest, ListBooksResponse, Shape, StreamInputRequest, StreamInputResponse,
        StreamOutputRequest, StreamOutputResponse,
        interop_service_server::{InteropService, InteropServiceServer},
        shape_service_server::{ShapeService, ShapeServiceServer},
    },
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Code, Request, Response, Status, Streaming, body::Body, transport::Server};
use tower::{Service, layer::layer_fn};

type Answer<T> = Result<Response<T>, Status>;
type Outputs = Pin<Box<dyn Stream<Item = Result<StreamOutputResponse, Status>> + Send>>;

/// Metadata that comes back at once, and that comes back at the end.
pub(crate) const ECHO_INITIAL: &str = "x-echo-initial";
pub(crate) const ECHO_TRAILING: &str = "x-echo-trailing-bin";
/// Metadata by which a call is known afterwards.
pub(crate) const CASE: &str = "x-case";

/// Serves both until dropped.
pub(crate) async fn serve(listener: TcpListener) {
    let mut server = Server::builder().layer(layer_fn(Echoing));
    let server = server.add_service(InteropServiceServer::new(Interop)).add_service(ShapeServiceServer::new(Shapes));
    server.serve_with_incoming(TcpListenerStream::new(listener)).await.expect("it serves");
}

/// Sends [`ECHO_INITIAL`] and [`ECHO_TRAILING`] back.
#[derive(Clone)]
struct Echoing<S>(S);

impl<S> Service<HttpRequest<Body>> for Echoing<S>
where
    S: Service<HttpRequest<Body>, Response = HttpResponse<Body>, Future: Send + 'static>,
{
    type Response = HttpResponse<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<HttpResponse<Body>, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: HttpRequest<Body>) -> Self::Future {
        let [initial, trailing] = [ECHO_INITIAL, ECHO_TRAILING].map(|name| request.headers().get(name).cloned());
        let answering = self.0.call(request);
        Box::pin(async move {
            let mut answer = answering.await?;
            if let Some(initial) = initial {
                answer.headers_mut().insert(ECHO_INITIAL, initial);
            }
            let Some(trailing) = trailing else { return Ok(answer) };
            Ok(answer.map(|body| Body::new(body.map_frame(move |frame| with_trailer(frame, &trailing)))))
        })
    }
}

fn with_trailer(frame: Frame<Bytes>, value: &HeaderValue) -> Frame<Bytes> {
    match frame.into_trailers() {
        Ok(mut trailers) => {
            trailers.insert(ECHO_TRAILING, value.clone());
            Frame::trailers(trailers)
        }
        Err(frame) => frame,
    }
}

/// The cases whose calls have ended here, whoever ended them.
static ENDED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Whether the call of this case has ended here.
pub(crate) fn has_ended(case: &str) -> bool {
    ENDED.lock().expect("nobody panics with it").iter().any(|ended| ended == case)
}

/// Tells that a call has ended.
struct Ending(Option<String>);

impl Ending {
    fn of<T>(request: &Request<T>) -> Self {
        let headers: &HeaderMap = request.metadata().as_ref();
        Self(headers.get(CASE).map(|case| String::from_utf8_lossy(case.as_bytes()).into_owned()))
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        ENDED.lock().expect("nobody panics with it").extend(self.0.take());
    }
}

#[derive(Debug)]
struct Interop;

/// The end that the request asks for.
fn end(status: Option<EndStatus>) -> Result<(), Status> {
    status.map_or(Ok(()), |status| Err(Status::new(Code::from_i32(status.code), status.message)))
}

fn zeros(size: i32) -> Bytes {
    vec![0; usize::try_from(size).unwrap_or_default()].into()
}

/// The messages that a request asks for.
fn outputs(request: StreamOutputRequest) -> impl Stream<Item = Result<StreamOutputResponse, Status>> + Send {
    let end = end(request.end_status).err().map(Err);
    let messages = stream::iter(request.outputs).then(async |output| {
        if output.interval_us > 0 {
            // Sleeps because the case asks for a server that is slow.
            tokio::time::sleep(Duration::from_micros(output.interval_us.unsigned_abs().into())).await;
        }
        Ok(StreamOutputResponse { payload: zeros(output.size) })
    });
    messages.chain(stream::iter(end))
}

#[tonic::async_trait]
impl InteropService for Interop {
    async fn call_empty(&self, _: Request<()>) -> Answer<()> {
        Ok(Response::new(()))
    }

    async fn call_unary(&self, request: Request<CallUnaryRequest>) -> Answer<CallUnaryResponse> {
        let request = request.into_inner();
        end(request.end_status)?;
        Ok(Response::new(CallUnaryResponse { payload: zeros(request.response_size) }))
    }

    async fn stream_input(&self, request: Request<Streaming<StreamInputRequest>>) -> Answer<StreamInputResponse> {
        let _ending = Ending::of(&request);
        let mut parts = request.into_inner();
        let mut answer = StreamInputResponse::default();
        while let Some(part) = parts.message().await? {
            answer.payload_size += i32::try_from(part.payload.len()).expect("small");
            answer.count += 1;
            answer.lists.push(part.list);
            if part.enough {
                break;
            }
        }
        Ok(Response::new(answer))
    }

    type StreamOutputStream = Outputs;

    async fn stream_output(&self, request: Request<StreamOutputRequest>) -> Answer<Outputs> {
        let ending = Ending::of(&request);
        Ok(Response::new(outputs(request.into_inner()).inspect(move |_| _ = &ending).boxed()))
    }

    type StreamBothStream = Outputs;

    async fn stream_both(&self, request: Request<Streaming<StreamOutputRequest>>) -> Answer<Outputs> {
        let ending = Ending::of(&request);
        let answers = request.into_inner().flat_map(|request| match request {
            Ok(request) => outputs(request).boxed(),
            Err(status) => stream::iter([Err(status)]).boxed(),
        });
        Ok(Response::new(answers.inspect(move |_| _ = &ending).boxed()))
    }

    async fn call_unimplemented(&self, _: Request<()>) -> Answer<()> {
        Err(Status::unimplemented("not here"))
    }
}

#[derive(Debug)]
struct Shapes;

#[tonic::async_trait]
impl ShapeService for Shapes {
    async fn echo_shape(&self, request: Request<EchoShapeRequest>) -> Answer<Shape> {
        Ok(Response::new(request.into_inner().shape.unwrap_or_default()))
    }

    async fn get_book(&self, request: Request<GetBookRequest>) -> Answer<Book> {
        Ok(Response::new(Book { name: request.into_inner().name, etag: "first".to_owned() }))
    }

    async fn list_books(&self, request: Request<ListBooksRequest>) -> Answer<ListBooksResponse> {
        let count = request.into_inner().count;
        let book = |number| Book { name: format!("book {number}"), etag: String::new() };
        let books: Vec<_> = (0..count).map(book).collect();
        Ok(Response::new(ListBooksResponse { first: books.first().cloned(), books, count }))
    }

    async fn delete_book(&self, _: Request<DeleteBookRequest>) -> Answer<()> {
        Ok(Response::new(()))
    }

    async fn echo_file(&self, request: Request<EchoFileRequest>) -> Answer<HttpBody> {
        Ok(Response::new(request.into_inner().file.unwrap_or_default()))
    }
}
