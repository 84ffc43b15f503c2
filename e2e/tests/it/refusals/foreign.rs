//! What belongs to others does not exist.

use anyhow::{Context, Result, ensure};
use e2e::{Client, Face, Mode, Target};
use mesh_proto::{Method, methods};
use prost_reflect::ReflectMessage;
use tonic::Code;

use super::{
    Delays,
    sample::{StringField, is_in_path, sample},
    things::Things,
};

in_both_modes! {
    the_ids_of_others_are_not_found;
}

async fn the_ids_of_others_are_not_found(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    let (ada, hers) = target.person(Face::Grpc, "ada").await?;
    let things = Things::make(&hers, &ada).await?;
    let (eve, _) = target.person(Face::Grpc, "eve").await?;
    let ids = [&ada.workspace_id, &ada.user_id, &ada.api_token_id].into_iter().chain(things.ids());
    let ids: Vec<_> = ids.cloned().collect();
    let mut delays = Delays::default();
    let mut asked = 0;
    for face in Face::ALL {
        let client = target.client(face)?.with_token(&eve.access_token);
        for method in methods() {
            let fields = StringField::all(&method.descriptor.input());
            for field in fields.iter().filter(|field| names_something(method, field)) {
                for id in &ids {
                    not_found(&mut delays, &client, method, field, id).await?;
                    asked += 1;
                }
            }
        }
    }
    ensure!(asked > 0);
    things.are_unchanged(&hers).await
}

/// Whether the field names the thing that is asked for, or the workspace in which to look.
fn names_something(method: &Method, field: &StringField) -> bool {
    let creates = method.descriptor.name().starts_with("Create");
    let updates = method.descriptor.name().starts_with("Update");
    let in_request = method.descriptor.input().get_field_by_name(field.field().name()).is_some();
    match field.field().name() {
        "id" => !creates && (!updates || is_in_path(method, "id")),
        "workspace_id" => !updates || field.way.len() == 1,
        "entity_id" => true,
        "task_id" => !updates && (field.way.len() == 1 || !in_request),
        _ => false,
    }
}

async fn not_found(delays: &mut Delays, client: &Client, method: &Method, field: &StringField, id: &str) -> Result<()> {
    let place = || format!("{} of {} by {:?}", field.path(), method.path, client.face());
    let answer =
        delays.ask(client, method, field.replaced(&sample(method), id.as_bytes())).await.with_context(place)?;
    match answer {
        Err(failure) => {
            ensure!(
                failure.code == Code::NotFound && failure.reason == "RESOURCE_NOT_FOUND",
                "{}: {failure:?}",
                place()
            );
        }
        // A history that is not the caller's is empty.
        Ok(bytes) => {
            let empty = prost_reflect::DynamicMessage::decode(method.descriptor.output(), bytes.clone())?;
            let none = empty.descriptor().fields().all(|field| !empty.has_field(&field));
            ensure!(field.field().name() == "entity_id" && none, "{} answered {empty:?}", place());
        }
    }
    Ok(())
}
