//! Values of every type: read in every form that ProtoJSON allows, written in its canonical one.

use serde_json::{Value as Json, json};

use super::world;
use crate::http::world::{World, answered, fields};

/// The text of the shape that comes back, and what it parses to.
async fn echoed(world: &World, shape: &Json) -> (String, Json) {
    let answer = world.post("/shapes", shape).send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "{shape}: {answer:?}");
    let text = answer.text().await.expect("text");
    let parsed = serde_json::from_str(&text).expect("JSON");
    (text, parsed)
}

#[tokio::test]
async fn each_form_that_is_read_is_written_in_the_canonical_one() {
    let world = world().await;
    for (field, read, written) in [
        ("data", "\"-_8\"", "\"+/8=\""),
        ("ratio", "1", "1"),
        ("ratio", "\"1.5\"", "1.5"),
        ("ratio", "1e300", "1e+300"),
        ("ratio", "\"-Infinity\"", "\"-Infinity\""),
        ("ratio", "\"NaN\"", "\"NaN\""),
        ("single", "0.1", "0.1"),
        ("single", "3.0", "3"),
        ("small", "\"-7\"", "-7"),
        ("small", "1e2", "100"),
        ("large", "9007199254740993", "\"9007199254740993\""),
        ("huge", "18446744073709551615", "\"18446744073709551615\""),
        ("fixed", "4294967295", "4294967295"),
        ("colour", "\"COLOUR_BLUE\"", "\"COLOUR_BLUE\""),
        ("colour", "99", "99"),
        ("number", "\"5\"", "\"5\""),
        ("nothing", "{}", "{}"),
        ("instant", "\"2026-01-31T10:00:00.120+01:00\"", "\"2026-01-31T09:00:00.120Z\""),
        ("instant", "\"2026-01-31T09:00:00.000001Z\"", "\"2026-01-31T09:00:00.000001Z\""),
        ("instant", "\"2026-01-31T09:00:00.000000001Z\"", "\"2026-01-31T09:00:00.000000001Z\""),
        ("instant", "\"0001-01-01T00:00:00Z\"", "\"0001-01-01T00:00:00Z\""),
        ("duration", "\"90s\"", "\"90s\""),
        ("duration", "\"-0.5s\"", "\"-0.500s\""),
        ("duration", "\"0.000000001s\"", "\"0.000000001s\""),
        ("mask", "\"wrapped_text,inner.byNumber\"", "\"wrappedText,inner.byNumber\""),
        ("object", "{\"a\":1,\"b\":[1.5,null,{\"c\":\"d\"}]}", "{\"a\":1,\"b\":[1.5,null,{\"c\":\"d\"}]}"),
        ("value", "null", "null"),
        ("value", "7", "7"),
        ("list", "[true,\"x\",{}]", "[true,\"x\",{}]"),
        ("wrappedText", "\"\"", "\"\""),
        ("wrappedNumber", "0", "\"0\""),
        ("wrappedFlag", "false", "false"),
        ("labels", "{\"a\":\"b\"}", "{\"a\":\"b\"}"),
        (
            "any",
            "{\"@type\":\"type.googleapis.com/taskmesh.testing.v1.Book\",\"name\":\"n\"}",
            "{\"@type\":\"type.googleapis.com/taskmesh.testing.v1.Book\",\"name\":\"n\",\"etag\":\"\"}",
        ),
        (
            "any",
            "{\"@type\":\"type.googleapis.com/google.protobuf.Duration\",\"value\":\"1.5s\"}",
            "{\"@type\":\"type.googleapis.com/google.protobuf.Duration\",\"value\":\"1.500s\"}",
        ),
    ] {
        let body: Json = serde_json::from_str(&format!("{{\"{field}\": {read}}}")).expect("JSON");
        let (text, _) = echoed(&world, &body).await;
        assert!(text.contains(&format!("\"{field}\":{written}")), "{field} {read}: {text}");
    }
}

#[tokio::test]
async fn lists_maps_and_scalars_are_written_and_what_is_unset_is_not() {
    let world = world().await;
    let (_, shape) = echoed(&world, &json!({"maybe": null, "inner": null, "children": [{}]})).await;
    let mut expected = json!({
        "text": "", "data": "", "ratio": 0, "single": 0, "small": 0, "large": "0", "huge": "0", "fixed": 0,
        "flag": false, "colour": "COLOUR_UNSPECIFIED", "colours": [], "words": [], "children": [], "labels": {},
        "byNumber": {},
    });
    assert_eq!(shape["children"][0], expected);
    expected["children"] = json!([expected.clone()]);
    assert_eq!(shape, expected);
}

#[tokio::test]
async fn nested_lists_and_maps_come_back_whole() {
    let world = world().await;
    let inner = json!({"words": ["a", "b"], "labels": {"": "empty"}});
    let shape = json!({"children": [inner, {}], "byNumber": {"-7": inner}, "inner": {"inner": {"name": "deep"}}});
    let (_, echoed) = echoed(&world, &shape).await;
    assert_eq!(echoed["children"][0]["words"], json!(["a", "b"]));
    assert_eq!(echoed["byNumber"]["-7"]["labels"], json!({"": "empty"}));
    assert_eq!(echoed["inner"]["inner"]["name"], "deep");
}

#[tokio::test]
async fn what_is_out_of_range_or_of_another_type_is_told_by_its_field() {
    let world = world().await;
    for (field, value) in [
        ("small", json!(2_147_483_648_u64)),
        ("small", json!(1.5)),
        ("small", json!("")),
        ("small", json!(true)),
        ("large", json!(9_223_372_036_854_775_808_u64)),
        ("huge", json!(-1)),
        ("huge", json!("18446744073709551616")),
        ("single", json!(1e39)),
        ("ratio", json!("infinity")),
        ("flag", json!("true")),
        ("flag", json!(1)),
        ("data", json!("a")),
        ("text", json!(7)),
        ("text", json!("a\0b")),
        ("colour", json!("COLOUR_GREEN")),
        ("colours", json!("COLOUR_RED")),
        ("words", json!({})),
        ("labels", json!([])),
        ("inner", json!("x")),
        ("instant", json!("2026-02-30T00:00:00Z")),
        ("instant", json!("10000-01-01T00:00:00Z")),
        ("instant", json!(0)),
        ("duration", json!("1.5")),
        ("duration", json!("315576000001s")),
        ("mask", json!(["text"])),
        ("object", json!([])),
        ("list", json!({})),
        ("any", json!({"name": "n"})),
        ("any", json!({"@type": "type.googleapis.com/no.such.Type"})),
        ("wrapped_number", json!("x")),
    ] {
        let (status, error) = answered(world.post("/shapes", &json!({field: value}))).await;
        assert_eq!((status, fields(&error)), (400, vec![&*format!("shape.{field}")]), "{field} {value}");
    }
    let two = json!({"name": "n", "number": 7});
    let (status, error) = answered(world.post("/shapes", &two)).await;
    assert_eq!((status, fields(&error)), (400, vec!["shape.number"]), "one of a oneof");
    for (key, entry) in [("x", json!({})), ("2147483648", json!({})), ("7", json!(null))] {
        let (status, error) = answered(world.post("/shapes", &json!({"byNumber": {key: entry}}))).await;
        assert_eq!((status, fields(&error)), (400, vec![&*format!("shape.by_number[{key}]")]), "{key}");
    }
}
