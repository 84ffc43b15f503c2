//! Routes of every shape: what a path, a query and a body can say, and what an answer can be.

use reqwest::Method;
use serde_json::{Value as Json, json};

use super::world;
use crate::http::world::{answered, fields, reason};

#[tokio::test]
async fn a_name_of_several_segments_keeps_its_encoded_slashes() {
    let world = world().await;
    for (path, name) in [
        ("/shelves/7/books/9", "shelves/7/books/9"),
        ("/shelves/a%2Fb/books/c%20d", "shelves/a%2Fb/books/c d"),
        ("/shelves/7/books/9:part", "shelves/7/books/9:part"),
        ("/files/a/b%2fc/d", "a/b%2fc/d"),
        ("/files/one%2Fonly", "one%2Fonly"),
        ("/files/a/b:stat", "a/b"),
    ] {
        let (status, book) = answered(world.get(path)).await;
        assert_eq!((status, &book["name"]), (200, &json!(name)), "{path}");
    }
    for path in ["/shelves/7/books", "/shelves/7/books/9/pages", "/shelves//books/9", "/files/"] {
        let (status, error) = answered(world.get(path)).await;
        assert_eq!((status, reason(&error)), (404, "METHOD_UNKNOWN"), "{path}");
    }
}

#[tokio::test]
async fn an_rpc_may_have_several_routes() {
    let world = world().await;
    let (_, shape) = answered(world.post("/shapes", &json!({"text": "by POST"}))).await;
    assert_eq!(shape["text"], "by POST");
    let put =
        world.request(Method::PUT, "/shapes/by%2FPUT").bearer_auth("good").json(&json!({"text": "x", "small": 7}));
    let (_, shape) = answered(put).await;
    assert_eq!((&shape["text"], &shape["small"]), (&json!("by/PUT"), &json!(7)), "the path counts more than the body");
    let answer = world.request(Method::DELETE, "/shapes/x").bearer_auth("good").send().await.expect("an answer");
    assert_eq!((answer.status().as_u16(), answer.headers()["allow"].to_str().ok()), (405, Some("PUT, OPTIONS")));
}

#[tokio::test]
async fn a_query_fills_every_kind_of_field_but_lists_of_messages() {
    let world = world().await;
    let query = "shape.text=a%26b&shape.data=-_8&shape.ratio=NaN&shape.huge=18446744073709551615&shape.flag=1\
        &shape.colour=blue&shape.colours=1&shape.colours=COLOUR_BLUE&shape.words=&shape.words=b&shape.labels[a.b]=c\
        &shape.labels%5Bd%5D=e&shape.number=-5&shape.maybe=0&shape.instant=2026-01-31T09:00:00.5Z&shape.duration=-1.5s\
        &shape.mask=text,wrappedText,inner.by_number&shape.wrappedText=&shape.wrapped_number=7&shape.wrappedFlag=false\
        &shape.inner.inner.text=deep";
    let (status, shape) = answered(world.get(&format!("/shapes?{query}"))).await;
    assert_eq!(status, 200, "{shape}");
    let expected = json!({
        "text": "a&b", "data": "+/8=", "ratio": "NaN", "huge": "18446744073709551615", "flag": true,
        "colour": "COLOUR_BLUE", "colours": ["COLOUR_RED", "COLOUR_BLUE"], "words": ["", "b"],
        "labels": {"a.b": "c", "d": "e"}, "number": "-5", "maybe": 0, "instant": "2026-01-31T09:00:00.500Z",
        "duration": "-1.500s", "mask": "text,wrappedText,inner.byNumber", "wrappedText": "", "wrappedNumber": "7",
        "wrappedFlag": false,
    });
    for (name, value) in expected.as_object().expect("an object") {
        assert_eq!(&shape[name], value, "{name}");
    }
    assert_eq!(shape["inner"]["inner"]["text"], "deep");

    let wrong = "shape.small=2147483648&shape.huge=-1&shape.data=!&shape.colour=green&shape.labels=a&shape.words[a]=b\
        &shape.children=x&shape.by_number[x]=y&shape.labels[a]=1&shape.labels[a]=2&shape.instant=now&shape.single=1e39";
    let (status, error) = answered(world.get(&format!("/shapes?{wrong}"))).await;
    assert_eq!(status, 400);
    let expected = [
        "shape.by_number[x]",
        "shape.children",
        "shape.colour",
        "shape.data",
        "shape.huge",
        "shape.instant",
        "shape.labels",
        "shape.labels[a]",
        "shape.single",
        "shape.small",
        "shape.words",
    ];
    assert_eq!(fields(&error), expected);
}

#[tokio::test]
async fn an_answer_may_be_one_field_of_the_message() {
    let world = world().await;
    let (_, books) = answered(world.get("/books?count=2")).await;
    assert_eq!(books, json!([{"name": "book 0", "etag": ""}, {"name": "book 1", "etag": ""}]));
    assert_eq!(answered(world.get("/books")).await.1, json!([]));
    assert_eq!(answered(world.get("/books:first?count=2")).await.1, json!({"name": "book 0", "etag": ""}));
    assert_eq!(answered(world.get("/books:count?count=2")).await.1, json!(2));
}

#[tokio::test]
async fn nothing_is_an_empty_object() {
    let world = world().await;
    assert_eq!(answered(world.get("/interop/empty")).await, (200, json!({})));
    let deleted = world.request(Method::DELETE, "/books/7").bearer_auth("good");
    assert_eq!(answered(deleted).await, (200, json!({})));
}

#[tokio::test]
async fn bytes_travel_as_they_are() {
    let world = world().await;
    let bytes: Vec<u8> = (0..=255).collect();
    for content_type in ["image/png", "text/plain; charset=latin1"] {
        let put = world.request(Method::PUT, "/raw/7").bearer_auth("good").header("content-type", content_type);
        let answer = put.body(bytes.clone()).send().await.expect("an answer");
        assert_eq!(answer.headers()["content-type"], content_type);
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        assert_eq!(answer.bytes().await.expect("a body"), bytes);
    }
}

#[tokio::test]
async fn what_the_caller_has_already_is_not_sent_again() {
    let world = world().await;
    for (known, status) in
        [("\"first\"", 304), ("\"other\", W/\"first\"", 304), ("*", 304), ("\"other\"", 200), ("first", 200)]
    {
        let request = world.get("/files/a").header("if-none-match", known);
        let answer = request.send().await.expect("an answer");
        assert_eq!((answer.status().as_u16(), &answer.headers()["etag"]), (status, &"\"first\"".parse().expect("it")));
        assert_eq!(answer.bytes().await.expect("a body").is_empty(), status == 304, "{known}");
    }
}

#[tokio::test]
async fn a_body_of_another_type_is_refused() {
    let world = world().await;
    let post = |content_type: &str| {
        let post = world.request(Method::POST, "/shapes").bearer_auth("good").header("content-type", content_type);
        post.body("{\"text\": \"x\"}")
    };
    let taken =
        ["application/json; charset=UTF-8", "application/x-www-form-urlencoded", "application/merge-patch+json"];
    for content_type in taken {
        assert_eq!(answered(post(content_type)).await.0, 200, "{content_type}");
    }
    for content_type in ["text/plain", "application/xml", "multipart/form-data", "application/json; charset=utf-16"] {
        let (status, error) = answered(post(content_type)).await;
        assert_eq!((status, reason(&error)), (415, "MALFORMED"), "{content_type}");
    }
    let none = world.request(Method::POST, "/shapes").bearer_auth("good").header("content-type", "text/plain");
    assert_eq!(answered(none).await.0, 200, "without a body its type does not matter");
}

#[tokio::test]
async fn json_that_could_be_read_in_two_ways_is_refused() {
    let world = world().await;
    for (body, message) in [
        ("{\"text\": \"a\", \"text\": \"b\"}", "the body gives \"text\" twice (line 1, column 20)"),
        ("{\"object\": {\"a\": 1, \"a\": 2}}", "the body gives \"a\" twice (line 1, column 23)"),
        ("\u{feff}{}", "the body is not valid JSON (line 1, column 1)"),
        ("{} x", "the body is not valid JSON (line 1, column 4)"),
        ("{\"ratio\": NaN}", "the body is not valid JSON (line 1, column 11)"),
        ("{\"small\": 01}", "the body is not valid JSON (line 1, column 12)"),
    ] {
        let post = world.request(Method::POST, "/shapes").bearer_auth("good").body(body);
        let (status, error) = answered(post).await;
        assert_eq!((status, reason(&error)), (400, "MALFORMED"));
        assert_eq!(error["error"]["message"], Json::from(message));
    }
    let both = json!({"wrappedText": "a", "wrapped_text": "b"});
    let (status, error) = answered(world.post("/shapes", &both)).await;
    assert_eq!((status, fields(&error)), (400, vec!["shape.wrapped_text"]));
}
