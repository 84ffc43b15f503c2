//! Web pages: sessions in cookies, over HTTP as a browser speaks it.

use std::{collections::BTreeMap, net::SocketAddr, sync::Mutex};

use mesh_proto::auth::v1::{GetMeRequest, GetMeResponse, Session, SignInRequest};
use mesh_testkit::TestDatabase;
use prost::Message;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value as Json, json};

use crate::world::{PASSWORD, World};

mesh_testkit::on_both_databases!(
    a_page_signs_in_with_cookies_that_scripts_cannot_read,
    a_cookie_is_a_credential_on_every_face,
    what_changes_something_needs_the_sessions_token_and_a_page_of_ours,
    a_page_refreshes_and_signs_out_by_its_cookies,
    other_sites_get_no_cookies_and_can_use_none,
    pages_of_a_named_origin_may_use_cookies_and_of_any_origin_may_not,
    over_plain_http_in_a_network_cookies_work_by_setting_only,
    nobody_sees_or_says_what_is_told_within_the_house,
);

/// A browser: it keeps cookies, and says where its pages are from.
struct Browser {
    address: SocketAddr,
    http: reqwest::Client,
    cookies: Mutex<BTreeMap<String, String>>,
    site: &'static str,
    origin: String,
}

impl Browser {
    /// With pages of the server itself.
    fn at_home(address: SocketAddr) -> Self {
        Self {
            address,
            http: reqwest::Client::new(),
            cookies: Mutex::default(),
            site: "same-origin",
            origin: format!("http://{address}"),
        }
    }

    /// The same browser with a page of another site: its cookies are sent along as if nothing protected them.
    fn elsewhere(&self, site: &'static str, origin: &str) -> Self {
        let cookies = Mutex::new(self.cookies.lock().expect("not poisoned").clone());
        Self { address: self.address, http: self.http.clone(), cookies, site, origin: origin.to_owned() }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let cookies = self.cookies.lock().expect("not poisoned");
        let sent: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.http.request(method, format!("http://{}{path}", self.address));
        let request = request.header("origin", &self.origin).header("sec-fetch-site", self.site);
        if sent.is_empty() { request } else { request.header("cookie", sent.join("; ")) }
    }

    fn post(&self, path: &str, body: &Json) -> RequestBuilder {
        self.request(Method::POST, path).json(body)
    }

    /// The token that a page of the server reads from its cookie.
    fn csrf(&self) -> String {
        let cookies = self.cookies.lock().expect("not poisoned");
        cookies
            .iter()
            .find(|(name, _)| name.ends_with("taskmesh-csrf"))
            .map(|(_, value)| value.clone())
            .expect("a cookie")
    }

    /// Sends it, and keeps or drops cookies as told. Yields the `Set-Cookie` headers.
    async fn send(&self, request: RequestBuilder) -> (Response, Vec<String>) {
        let answer = request.send().await.expect("an answer");
        let told = answer.headers().get_all("set-cookie").iter().map(|value| value.to_str().expect("ASCII").to_owned());
        let told: Vec<String> = told.collect();
        let mut cookies = self.cookies.lock().expect("not poisoned");
        for cookie in &told {
            let (pair, attributes) = cookie.split_once(';').expect("attributes");
            let (name, value) = pair.split_once('=').expect("a name");
            match attributes.contains("Max-Age=0;") {
                true => drop(cookies.remove(name)),
                false => drop(cookies.insert(name.to_owned(), value.to_owned())),
            }
        }
        drop(cookies);
        assert!(answer.headers().keys().all(|name| !name.as_str().starts_with("x-taskmesh-")));
        (answer, told)
    }

    async fn status(&self, request: RequestBuilder) -> u16 {
        self.send(request).await.0.status().as_u16()
    }

    async fn sign_in(&self) -> (Json, Vec<String>) {
        let body = json!({"email": "ada@example.com", "password": PASSWORD, "cookies": true});
        let (answer, told) = self.send(self.post("/v1/auth/signin", &body)).await;
        (answer.json().await.expect("JSON"), told)
    }
}

async fn signed_in(database: TestDatabase) -> (World, Browser) {
    let (world, address) = World::with_front(database, |_| {}).await;
    world.sign_up("ada@example.com").await;
    let browser = Browser::at_home(address);
    browser.sign_in().await;
    (world, browser)
}

async fn a_page_signs_in_with_cookies_that_scripts_cannot_read(database: TestDatabase) {
    let (world, address) = World::with_front(database, |_| {}).await;
    world.sign_up("ada@example.com").await;
    let browser = Browser::at_home(address);
    let (session, told) = browser.sign_in().await;
    assert_eq!((&session["accessToken"], &session["refreshToken"]), (&json!(""), &json!("")));
    assert_eq!(session["csrfToken"], browser.csrf());
    assert_eq!(session["user"]["email"], "ada@example.com");
    assert_eq!(told.len(), 3, "{told:?}");
    for cookie in &told {
        assert!(cookie.starts_with("__Host-taskmesh-"), "{cookie}");
        for attribute in ["; Path=/", "; Secure", "; SameSite=Strict", "; Max-Age="] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
        assert_eq!(cookie.contains("; HttpOnly"), !cookie.starts_with("__Host-taskmesh-csrf="), "{cookie}");
    }
    let body = json!({"email": "eve@example.com", "password": PASSWORD, "cookies": true});
    assert_eq!(browser.send(browser.post("/v1/auth/signup", &body)).await.1.len(), 3);
    let plain = json!({"email": "ada@example.com", "password": PASSWORD});
    let (answer, told) = browser.send(browser.post("/v1/auth/signin", &plain)).await;
    assert!(told.is_empty() && answer.json::<Json>().await.expect("JSON")["accessToken"] != "");
}

async fn a_cookie_is_a_credential_on_every_face(database: TestDatabase) {
    let (_world, browser) = signed_in(database).await;
    // As an EventSource asks, which can send no headers of its own.
    let (answer, _) = browser.send(browser.request(Method::GET, "/v1/me")).await;
    assert_eq!(answer.json::<Json>().await.expect("JSON")["user"]["email"], "ada@example.com");

    let path = "/taskmesh.auth.v1.AuthService/GetMe";
    let call = |browser: &Browser| {
        let request = browser.request(Method::POST, path).header("content-type", "application/grpc-web+proto");
        request.body(frame(&GetMeRequest {}))
    };
    let (answer, _) = browser.send(call(&browser).header("x-csrf-token", browser.csrf())).await;
    let me: GetMeResponse = first_message(&answer.bytes().await.expect("a body"));
    assert_eq!(me.user.expect("a user").email, "ada@example.com");
    let (answer, _) = browser.send(call(&browser)).await;
    assert_eq!(answer.headers()["grpc-status"], "7", "gRPC-Web is always a POST");
    let by_another = call(&browser.elsewhere("cross-site", "https://evil.example"));
    let (answer, _) = browser.send(by_another.header("x-csrf-token", browser.csrf())).await;
    assert_eq!(answer.headers()["grpc-status"], "7");
}

async fn what_changes_something_needs_the_sessions_token_and_a_page_of_ours(database: TestDatabase) {
    let (world, browser) = signed_in(database).await;
    let rename = |browser: &Browser, token: &str| {
        let request = browser.request(Method::PATCH, "/v1/me").json(&json!({"displayName": "Renamed"}));
        request.header("x-csrf-token", token)
    };
    let eve = world.sign_up("eve@example.com").await;
    let eves = world.caller(&eve.access_token).await.expect("a caller").actor.token_id.expect("a session");
    let eves = world.keys.csrf().token(eves.parse().expect("an id"));
    for wrong in ["", "x", "\"", &eves, &browser.csrf()[1..]] {
        let (answer, _) = browser.send(rename(&browser, wrong)).await;
        assert_eq!(answer.status(), 403, "{wrong}");
        assert!(answer.text().await.expect("a body").contains("CSRF_REJECTED"));
    }
    let bare = browser.request(Method::PATCH, "/v1/me").json(&json!({"displayName": "Renamed"}));
    assert_eq!(browser.status(bare).await, 403);
    for (site, origin) in [("cross-site", "https://evil.example"), ("same-site", "http://evil.127.0.0.1")] {
        let page = browser.elsewhere(site, origin);
        assert_eq!(page.status(rename(&page, &browser.csrf())).await, 403, "{site}");
    }
    assert_eq!(browser.status(rename(&browser, &browser.csrf())).await, 200);
    // A token in a header is no cookie: no page sends it by itself.
    let bearer = world.sign_in("ada@example.com", PASSWORD, "192.0.2.1").await.expect("signed in").access_token;
    let page = browser.elsewhere("cross-site", "https://app.example");
    let by_token = page.request(Method::PATCH, "/v1/me").bearer_auth(bearer).json(&json!({"displayName": "Ada"}));
    assert_eq!(page.status(by_token).await, 200);
}

async fn a_page_refreshes_and_signs_out_by_its_cookies(database: TestDatabase) {
    let (world, browser) = signed_in(database).await;
    let csrf = browser.csrf();
    let before = browser.cookies.lock().expect("not poisoned").clone();
    world.clock.advance(crate::world::seconds(15 * 60));
    assert_eq!(browser.status(browser.request(Method::GET, "/v1/me")).await, 401);
    let (answer, told) = browser.send(browser.post("/v1/auth/refresh", &json!({}))).await;
    let session: Json = answer.json().await.expect("JSON");
    assert_eq!((&session["refreshToken"], &session["csrfToken"]), (&json!(""), &json!(csrf)), "{session}");
    assert_eq!(told.len(), 3);
    assert_ne!(*browser.cookies.lock().expect("not poisoned"), before);
    assert_eq!(browser.status(browser.request(Method::GET, "/v1/me")).await, 200);

    let held = browser.elsewhere("same-origin", &browser.origin);
    let (answer, told) = browser.send(browser.post("/v1/auth/signout", &json!({}))).await;
    assert_eq!((answer.status().as_u16(), told.len()), (200, 3));
    assert!(browser.cookies.lock().expect("not poisoned").is_empty());
    assert_eq!(held.status(held.request(Method::GET, "/v1/me")).await, 401, "it has ended for good");
    assert_eq!(held.status(held.post("/v1/auth/refresh", &json!({}))).await, 401);
    assert_eq!(browser.status(browser.post("/v1/auth/refresh", &json!({}))).await, 400, "there is no cookie");
}

async fn other_sites_get_no_cookies_and_can_use_none(database: TestDatabase) {
    let (_world, browser) = signed_in(database).await;
    let page = browser.elsewhere("cross-site", "https://evil.example");
    let (_, told) = page.sign_in().await;
    assert!(told.is_empty(), "{told:?}");
    for path in ["/v1/auth/refresh", "/v1/auth/signout"] {
        let (answer, told) = page.send(page.post(path, &json!({}))).await;
        assert_eq!((answer.status().as_u16(), told.len()), (403, 0), "{path}");
    }
    assert_eq!(browser.status(browser.request(Method::GET, "/v1/me")).await, 200, "nothing happened");
    // What is no browser says neither Origin nor Sec-Fetch-Site.
    let body = json!({"email": "ada@example.com", "password": PASSWORD, "cookies": true});
    let url = format!("http://{}/v1/auth/signin", browser.address);
    let answer = reqwest::Client::new().post(url).json(&body).send().await.expect("an answer");
    assert_eq!(answer.status(), 403);
}

async fn pages_of_a_named_origin_may_use_cookies_and_of_any_origin_may_not(database: TestDatabase) {
    const APP: &str = "https://app.example";
    let named = |config: &mut gateway::Config| config.http.allowed_origins = vec![APP.to_owned()];
    let (world, address) = World::with_front(database, named).await;
    world.sign_up("ada@example.com").await;
    let page = Browser::at_home(address).elsewhere("same-site", APP);
    let (session, told) = page.sign_in().await;
    assert_eq!(told.len(), 3);
    let token = session["csrfToken"].as_str().expect("text");
    let rename = page.request(Method::PATCH, "/v1/me").json(&json!({"displayName": "Ada L."}));
    let (answer, _) = page.send(rename.header("x-csrf-token", token)).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["access-control-allow-credentials"], "true");
    assert_eq!(answer.headers()["access-control-allow-origin"], APP);

    let other = page.elsewhere("cross-site", "https://evil.example");
    let (answer, _) = other.send(other.request(Method::GET, "/v1/me")).await;
    assert!(!answer.headers().contains_key("access-control-allow-origin"));
}

async fn over_plain_http_in_a_network_cookies_work_by_setting_only(database: TestDatabase) {
    let (world, address) = World::with_front(database, |config| config.http.insecure_cookies = true).await;
    world.sign_up("ada@example.com").await;
    let browser = Browser::at_home(address);
    let (_, told) = browser.sign_in().await;
    assert!(told.iter().all(|cookie| cookie.starts_with("taskmesh-") && !cookie.contains("Secure")), "{told:?}");
    // Over plain HTTP browsers send no Sec-Fetch-Site.
    let cookies = browser.cookies.lock().expect("not poisoned").clone();
    let sent: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    for (origin, status) in [(browser.origin.as_str(), 200), ("http://10.0.0.7", 403)] {
        let request = reqwest::Client::new().patch(format!("http://{address}/v1/me")).header("origin", origin);
        let request = request.header("cookie", sent.join("; ")).header("x-csrf-token", browser.csrf());
        let answer = request.json(&json!({"displayName": "Ada"})).send().await.expect("an answer");
        assert_eq!(answer.status(), status, "{origin}");
    }
}

async fn nobody_sees_or_says_what_is_told_within_the_house(database: TestDatabase) {
    let (world, address) = World::with_front(database, |_| {}).await;
    let session = world.sign_up("ada@example.com").await;
    let browser = Browser::at_home(address);
    let page = browser.elsewhere("cross-site", "https://evil.example");
    let injected = |request: RequestBuilder| {
        request
            .header("x-taskmesh-own-page", "1")
            .header("x-taskmesh-refresh-cookie", &session.refresh_token)
            .header("x-taskmesh-session-cookies", "clear")
    };
    assert_eq!(page.status(injected(page.post("/v1/auth/refresh", &json!({})))).await, 400);
    let path = "/taskmesh.auth.v1.AuthService/SignIn";
    let sign_in = SignInRequest {
        email: "ada@example.com".to_owned(),
        password: PASSWORD.to_owned(),
        cookies: true,
        ..SignInRequest::default()
    };
    let call = |page: &Browser| {
        let request = page.request(Method::POST, path).header("content-type", "application/grpc-web+proto");
        injected(request.body(frame(&sign_in)))
    };
    let (answer, told) = page.send(call(&page)).await;
    assert_eq!((&answer.headers()["grpc-status"], told.len()), (&"7".parse().expect("ASCII"), 0));
    let (answer, told) = browser.send(call(&browser)).await;
    assert_eq!(told.len(), 3);
    let session: Session = first_message(&answer.bytes().await.expect("a body"));
    assert!(session.access_token.is_empty() && !session.csrf_token.is_empty());
}

fn frame(message: &impl Message) -> Vec<u8> {
    let length = u32::try_from(message.encoded_len()).expect("small");
    [&[0], length.to_be_bytes().as_slice(), &message.encode_to_vec()].concat()
}

fn first_message<M: Message + Default>(body: &[u8]) -> M {
    let (head, rest) = body.split_first_chunk::<5>().expect("a frame");
    let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
    M::decode(&rest[..length]).expect("a message")
}
