//! People who come by another issuer's tokens. The issuer of these tests is a fake one that serves its keys over HTTP.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::future::join_all;
use gateway::{
    clients::issuers::{ExternalAlgorithm, ExternalIssuerConfig},
    config::SignUpPolicy,
};
use http::{Request, Response};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use mesh_proto::auth::v1::ChangePasswordRequest;
use mesh_testkit::{FakeClock, TestDatabase};
use mesh_types::{Clock, ErrorKind, Fault, Reason};
use serde_json::{Value as Json, json};
use tokio::{net::TcpListener, task::JoinSet};
use tonic::Code;

use crate::world::{Mesh, PASSWORD, World, api_token, refusal, seconds};

mesh_testkit::on_both_databases!(
    somebody_gets_an_account_the_first_time_and_the_same_one_ever_after,
    of_many_calls_at_once_one_makes_the_account,
    every_algorithm_is_verified_and_none_but_the_keys_own,
    what_is_wrong_with_a_token_is_refused,
    an_address_that_has_a_password_is_not_given_away,
    without_open_sign_up_or_a_verified_address_nobody_new_gets_in,
    keys_change_and_are_fetched_once_and_not_too_often,
    old_keys_are_used_on_while_newer_ones_cannot_be_had,
    without_any_keys_the_issuer_is_waited_for,
    somebody_without_a_password_has_none_to_guess,
);

/// Private keys of these tests, which sign for nobody.
const RSA: &str = include_str!("external_keys/rsa.pem");
const RSA_OTHER: &str = include_str!("external_keys/rsa_other.pem");
const EC: &str = include_str!("external_keys/ec.pem");

/// An issuer that is none: it signs whatever a test wants.
struct FakeIssuer {
    url: String,
    keys: Arc<Mutex<Vec<Json>>>,
    fetches: Arc<AtomicUsize>,
    broken: Arc<Mutex<bool>>,
    _serving: JoinSet<()>,
}

impl FakeIssuer {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let keys = Arc::<Mutex<Vec<Json>>>::default();
        let (fetches, broken) = (Arc::<AtomicUsize>::default(), Arc::<Mutex<bool>>::default());
        let mut serving = JoinSet::new();
        let (served, counted, fails) = (keys.clone(), fetches.clone(), broken.clone());
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (served, counted, fails) = (served.clone(), counted.clone(), fails.clone());
                let service = service_fn(move |_: Request<Incoming>| {
                    counted.fetch_add(1, Ordering::SeqCst);
                    let document = json!({ "keys": *served.lock().expect("not poisoned") }).to_string();
                    let status = if *fails.lock().expect("not poisoned") { 500 } else { 200 };
                    let answer = Response::builder().status(status).header("cache-control", "max-age=600");
                    async move { answer.body(Full::new(bytes::Bytes::from(document))) }
                });
                connections.spawn(async move {
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        let issuer = Self { url, keys, fetches, broken, _serving: serving };
        issuer.publish(&[Algorithm::RS256, Algorithm::ES256]);
        issuer
    }

    /// Serves the public keys of these, each by its algorithm's name.
    fn publish(&self, algorithms: &[Algorithm]) {
        let keys = algorithms.iter().map(|algorithm| public(*algorithm, &signing_key(*algorithm), &name(*algorithm)));
        *self.keys.lock().expect("not poisoned") = keys.collect();
    }

    fn add(&self, key: Json) {
        self.keys.lock().expect("not poisoned").push(key);
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }

    fn config(&self) -> ExternalIssuerConfig {
        ExternalIssuerConfig {
            issuer: "https://id.example".to_owned(),
            audience: "taskmesh".to_owned(),
            jwks_url: format!("{}/keys", self.url),
            algorithms: vec![ExternalAlgorithm::Rs256, ExternalAlgorithm::Es256],
            email_claim: "email".to_owned(),
            email_verified_claim: "email_verified".to_owned(),
            name_claim: "name".to_owned(),
            authorities_file: std::path::PathBuf::new(),
        }
    }

    async fn world(&self, database: TestDatabase, sign_up: SignUpPolicy) -> World {
        let adjust = |config: &mut gateway::Config| {
            config.tokens.external_issuers = vec![self.config()];
            config.accounts.sign_up = sign_up;
        };
        World::replica(&Mesh::new(database).await, FakeClock::default(), adjust).await
    }
}

fn name(algorithm: Algorithm) -> String {
    format!("{algorithm:?}")
}

fn signing_key(algorithm: Algorithm) -> EncodingKey {
    match algorithm {
        Algorithm::ES256 => EncodingKey::from_ec_pem(EC.as_bytes()).expect("a key"),
        _ => EncodingKey::from_rsa_pem(RSA.as_bytes()).expect("a key"),
    }
}

fn public(algorithm: Algorithm, key: &EncodingKey, id: &str) -> Json {
    let mut jwk = Jwk::from_encoding_key(key, algorithm).expect("a public key");
    jwk.common.key_id = Some(id.to_owned());
    serde_json::to_value(jwk).expect("JSON")
}

/// What a good token says of Grace.
fn claims(world: &World) -> Json {
    let now = world.clock.now().to_parts().0;
    json!({
        "iss": "https://id.example", "aud": "taskmesh", "sub": "grace-1", "exp": now + 3600, "iat": now,
        "email": "Grace@example.com", "email_verified": true, "name": "Grace",
    })
}

fn with(mut claims: Json, name: &str, value: Json) -> Json {
    claims[name] = value;
    claims
}

fn signed(algorithm: Algorithm, key: &EncodingKey, id: &str, claims: &Json) -> String {
    let mut header = Header::new(algorithm);
    header.kid = Some(id.to_owned());
    jsonwebtoken::encode(&header, claims, key).expect("a token")
}

fn rs256(claims: &Json) -> String {
    signed(Algorithm::RS256, &signing_key(Algorithm::RS256), "RS256", claims)
}

async fn refused(world: &World, token: &str) -> Fault {
    world.caller(token).await.expect_err("it is not to be believed")
}

async fn somebody_gets_an_account_the_first_time_and_the_same_one_ever_after(database: TestDatabase) {
    let issuer = FakeIssuer::start().await;
    let world = issuer.world(database, SignUpPolicy::Open).await;
    let token = rs256(&claims(&world));
    let caller = world.caller(&token).await.expect("a caller");
    let user = world.get_me(&token).await.user.expect("a user");
    assert_eq!((user.email.as_str(), user.display_name()), ("grace@example.com", "Grace"));
    assert_eq!(caller.actor.user_id.to_string(), user.id);
    assert_eq!(caller.memberships.len(), 1);

    // Another address, but the same subject.
    let later = rs256(&with(claims(&world), "email", json!("other@example.com")));
    assert_eq!(world.get_me(&later).await.user, Some(user));
    let created = world.events(1).await;
    assert_eq!((created[0].entity.as_str(), created[0].verb.as_str()), ("user", "created"));
    world.create_api_token(&token, api_token("laptop", &[])).await.expect("a person may");
}

async fn of_many_calls_at_once_one_makes_the_account(database: TestDatabase) {
    let issuer = FakeIssuer::start().await;
    let world = issuer.world(database, SignUpPolicy::Open).await;
    let tokens: Vec<_> = (0..6).map(|number| rs256(&with(claims(&world), "jti", json!(number)))).collect();
    let callers = join_all(tokens.iter().map(|token| world.caller(token))).await;
    let mut users: Vec<_> = callers.into_iter().map(|caller| caller.expect("a caller").actor.user_id).collect();
    users.dedup();
    assert_eq!(users.len(), 1);
    assert_eq!(issuer.fetches(), 1, "all wait for one");
}

async fn every_algorithm_is_verified_and_none_but_the_keys_own(database: TestDatabase) {
    let issuer = FakeIssuer::start().await;
    let world = issuer.world(database, SignUpPolicy::Open).await;
    for algorithm in [Algorithm::RS256, Algorithm::ES256] {
        let token = signed(algorithm, &signing_key(algorithm), &name(algorithm), &claims(&world));
        world.caller(&token).await.expect("a caller");
    }
    let rsa = signing_key(Algorithm::RS256);
    let public = issuer.keys.lock().expect("not poisoned")[0].to_string();
    let header = |alg: &str| URL_SAFE_NO_PAD.encode(json!({"alg": alg, "kid": "RS256"}).to_string());
    let payload = URL_SAFE_NO_PAD.encode(claims(&world).to_string());
    for token in [
        signed(Algorithm::RS384, &rsa, "RS256", &claims(&world)),
        signed(Algorithm::RS256, &rsa, "ES256", &claims(&world)),
        // The public key taken for a shared secret, and no signature at all.
        signed(Algorithm::HS256, &EncodingKey::from_secret(public.as_bytes()), "RS256", &claims(&world)),
        format!("{}.{payload}.", header("none")),
        format!("{}.{payload}.", header("RS256")),
        signed(
            Algorithm::RS256,
            &EncodingKey::from_rsa_pem(RSA_OTHER.as_bytes()).expect("a key"),
            "RS256",
            &claims(&world),
        ),
    ] {
        assert_eq!(refused(&world, &token).await.reason, Reason::TokenInvalid, "{token}");
    }
}

async fn what_is_wrong_with_a_token_is_refused(database: TestDatabase) {
    let issuer = FakeIssuer::start().await;
    let world = issuer.world(database, SignUpPolicy::Open).await;
    let (now, good) = (world.clock.now().to_parts().0, claims(&world));
    let (expired, invalid) = (Reason::TokenExpired, Reason::TokenInvalid);
    for (name, value, reason) in [
        ("iss", json!("https://other.example"), invalid),
        ("aud", json!("another"), invalid),
        ("aud", json!(["another", "third"]), invalid),
        ("aud", Json::Null, invalid),
        ("sub", json!(""), invalid),
        ("sub", json!("a\u{0}b"), invalid),
        ("sub", json!("x".repeat(300)), invalid),
        ("exp", json!(now - 60), expired),
        ("exp", json!("soon"), invalid),
        ("exp", Json::Null, invalid),
        ("nbf", json!(now + 61), invalid),
    ] {
        let fault = refused(&world, &rs256(&with(good.clone(), name, value.clone()))).await;
        assert_eq!(fault.reason, reason, "{name} {value}: {fault}");
    }
    // Clocks may differ by a minute.
    for (name, value) in [("exp", json!(now - 59)), ("nbf", json!(now + 60)), ("aud", json!(["a", "taskmesh"]))] {
        world.caller(&rs256(&with(good.clone(), name, value.clone()))).await.expect(name);
    }
    let mut unnamed = Header::new(Algorithm::RS256);
    unnamed.kid = None;
    let unnamed = jsonwebtoken::encode(&unnamed, &good, &signing_key(Algorithm::RS256)).expect("a token");
    assert_eq!(refused(&world, &unnamed).await.reason, invalid);
}

async fn an_address_that_has_a_password_is_not_given_away(database: TestDatabase) {
    let issuer = FakeIssuer::start().await;
    let world = issuer.world(database, SignUpPolicy::Open).await;
    world.sign_up("grace@example.com").await;
    let fault = refused(&world, &rs256(&claims(&world))).await;
    assert_eq!((fault.kind, fault.reason), (ErrorKind::FailedPrecondition, Reason::ResourceExists));
    assert!(fault.message.contains("password"), "{fault}");
    world.sign_in("grace@example.com", PASSWORD, "192.0.2.1").await.expect("it is still hers");
}

async fn without_open_sign_up_or_a_verified_address_nobody_new_gets_in(database: TestDatabase) {
    let issuer = FakeIssuer::start().await;
    let world = issuer.world(database, SignUpPolicy::Open).await;
    let good = claims(&world);
    for (name, value) in [("email_verified", json!(false)), ("email_verified", Json::Null), ("email", Json::Null)] {
        let fault = refused(&world, &rs256(&with(good.clone(), name, value))).await;
        assert_eq!(fault.kind, ErrorKind::FailedPrecondition, "{fault}");
    }
    world.caller(&rs256(&good)).await.expect("a caller");
    for policy in [SignUpPolicy::InviteOnly, SignUpPolicy::Closed] {
        let adjust = |config: &mut gateway::Config| {
            config.tokens.external_issuers = vec![issuer.config()];
            config.accounts.sign_up = policy;
        };
        let strict = World::replica(&world.mesh, world.clock.clone(), adjust).await;
        strict.caller(&rs256(&good)).await.expect("who has an account gets in");
        let newcomer = with(with(good.clone(), "sub", json!("new")), "email", json!("new@example.com"));
        assert_eq!(refused(&strict, &rs256(&newcomer)).await.kind, ErrorKind::FailedPrecondition);
    }
}

async fn keys_change_and_are_fetched_once_and_not_too_often(database: TestDatabase) {
    let issuer = FakeIssuer::start().await;
    let world = issuer.world(database, SignUpPolicy::Open).await;
    world.caller(&rs256(&claims(&world))).await.expect("a caller");
    assert_eq!(issuer.fetches(), 1);

    let next = EncodingKey::from_rsa_pem(RSA_OTHER.as_bytes()).expect("a key");
    let token = signed(Algorithm::RS256, &next, "next", &claims(&world));
    for _ in 0..3 {
        assert_eq!(refused(&world, &token).await.reason, Reason::TokenInvalid);
    }
    assert_eq!(issuer.fetches(), 1, "anybody can make up a key's name");
    issuer.add(public(Algorithm::RS256, &next, "next"));
    world.clock.advance(seconds(30));
    world.caller(&token).await.expect("signed by the next key");
    assert_eq!(issuer.fetches(), 2);

    // The old key is withdrawn: it is no longer believed once the keys are too old.
    issuer.keys.lock().expect("not poisoned").remove(0);
    world.clock.advance(seconds(600));
    let old = rs256(&with(claims(&world), "jti", json!("old")));
    assert_eq!(refused(&world, &old).await.reason, Reason::TokenInvalid);
    assert_eq!(issuer.fetches(), 3);
}

async fn old_keys_are_used_on_while_newer_ones_cannot_be_had(database: TestDatabase) {
    let issuer = FakeIssuer::start().await;
    let world = issuer.world(database, SignUpPolicy::Open).await;
    world.caller(&rs256(&claims(&world))).await.expect("a caller");
    *issuer.broken.lock().expect("not poisoned") = true;
    world.clock.advance(seconds(700));
    world.caller(&rs256(&claims(&world))).await.expect("by the key that is known");
    assert_eq!(issuer.fetches(), 2);
}

async fn without_any_keys_the_issuer_is_waited_for(database: TestDatabase) {
    let issuer = FakeIssuer::start().await;
    let world = issuer.world(database, SignUpPolicy::Open).await;
    *issuer.broken.lock().expect("not poisoned") = true;
    let token = rs256(&claims(&world));
    assert_eq!(refused(&world, &token).await.kind, ErrorKind::Unavailable);
    *issuer.broken.lock().expect("not poisoned") = false;
    assert_eq!(refused(&world, &token).await.kind, ErrorKind::Unavailable, "not at once");
    world.clock.advance(seconds(30));
    world.caller(&token).await.expect("a caller");
}

async fn somebody_without_a_password_has_none_to_guess(database: TestDatabase) {
    let issuer = FakeIssuer::start().await;
    let world = issuer.world(database, SignUpPolicy::Open).await;
    let token = rs256(&claims(&world));
    world.caller(&token).await.expect("a caller");
    for guess in ["", " ", "$argon2id$v=19$m=8,t=1,p=1$"] {
        let (code, _, _) = refusal(world.sign_in("grace@example.com", guess, "192.0.2.1").await);
        assert!([Code::Unauthenticated, Code::InvalidArgument].contains(&code), "{guess:?}: {code}");
    }
    let request = ChangePasswordRequest { current_password: String::new(), new_password: PASSWORD.to_owned() };
    let request = world.with(&token, request).await;
    let (code, reason, _) = refusal(world.client.clone().change_password(request).await);
    assert_eq!((code, reason.as_str()), (Code::Unauthenticated, "CREDENTIALS_INVALID"));
}
