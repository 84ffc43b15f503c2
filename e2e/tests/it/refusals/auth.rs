//! Who may call: every RPC that is not public, by every face, with every kind of wrong token.

use anyhow::{Context, Result, ensure};
use e2e::{Face, Mode, Target};
use mesh_proto::{
    Method,
    auth::v1::{ApiToken, CreateApiTokenRequest, CreateApiTokenResponse},
    methods,
};
use prost::Message;
use tonic::Code;

use super::{
    Delays,
    sample::sample,
    tokens::{bad_tokens, good_token},
};

in_both_modes! {
    every_rpc_but_public_ones_refuses_wrong_tokens;
    public_rpcs_ask_for_no_token;
    every_rpc_asks_for_its_scope;
}

async fn every_rpc_but_public_ones_refuses_wrong_tokens(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    let (person, client) = target.person(Face::Rest, "refused").await?;
    let good = client.with_token(&good_token(target, &person)?);
    good.get_me().await.map_err(|failure| anyhow::anyhow!("the key at hand is not the mesh's: {failure:?}"))?;
    let mut delays = Delays::default();
    for bad in bad_tokens(target, &person)? {
        for face in Face::ALL {
            let client = target.client(face)?;
            let client = bad.token.as_ref().map_or(client.clone(), |token| client.with_token(token));
            for method in methods().iter().filter(|method| !method.public) {
                let failure = delays.refused(&client, method, sample(method).encode_to_vec().into()).await;
                let failure = failure.with_context(|| format!("token: {}", bad.what))?;
                let expected = (Code::Unauthenticated, bad.reason);
                let told = (failure.code, failure.reason.as_str());
                ensure!(told == expected, "{} by {face:?}, {}: {failure:?}", method.path, bad.what);
                ensure!(failure.http.is_none_or(|status| status == 401), "{failure:?}");
            }
        }
    }
    delays.tell(&format!("wrong tokens, {mode:?}"));
    Ok(())
}

async fn public_rpcs_ask_for_no_token(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    let mut delays = Delays::default();
    for face in Face::ALL {
        for method in methods().iter().filter(|method| method.public) {
            let answer = delays.ask(&target.client(face)?, method, sample(method).encode_to_vec().into()).await?;
            let reason = answer.err().map(|failure| failure.reason).unwrap_or_default();
            ensure!(!["TOKEN_MISSING", "TOKEN_EXPIRED", "SCOPE_MISSING"].contains(&reason.as_str()), "{}", method.path);
        }
    }
    Ok(())
}

/// A token that has every scope but one cannot call the RPCs of that one, and is told which it lacks.
async fn every_rpc_asks_for_its_scope(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    let (person, _) = target.person(Face::Rest, "scopes").await?;
    let mut delays = Delays::default();
    let mut scopes: Vec<_> = methods().iter().filter(|method| !method.public).map(|method| &method.scope).collect();
    scopes.sort_unstable();
    scopes.dedup();
    for lacking in &scopes {
        let others: Vec<_> = scopes.iter().filter(|scope| scope != &lacking).map(|scope| (*scope).clone()).collect();
        let token = ApiToken { name: Some("most".to_owned()), scopes: others, ..ApiToken::default() };
        let maker = target.client(Face::Rest)?.with_token(&person.access_token);
        let request = CreateApiTokenRequest { token: Some(token) };
        let made = maker.call("taskmesh.auth.v1.AuthService/CreateApiToken", &request).await;
        let made: CreateApiTokenResponse = made?;
        for face in Face::ALL {
            let client = target.client(face)?.with_token(&made.secret);
            for method in methods().iter().filter(|method| &method.scope == *lacking) {
                refused_for_scope(&mut delays, &client, method).await?;
            }
        }
    }
    Ok(())
}

async fn refused_for_scope(delays: &mut Delays, client: &e2e::Client, method: &Method) -> Result<()> {
    let failure = delays.refused(client, method, sample(method).encode_to_vec().into()).await?;
    let told = (failure.code, failure.reason.as_str());
    ensure!(told == (Code::PermissionDenied, "SCOPE_MISSING"), "{}: {failure:?}", method.path);
    ensure!(failure.metadata.values().any(|value| value == &method.scope), "{failure:?}");
    Ok(())
}
