//! Finds the RPC for a method and a path: a tree of path segments in which literals win over `*`, and `*` over `**`.

use std::{collections::HashMap, sync::Arc};

use http::Method;
use mesh_proto::generated::google::api::{HttpRule, http_rule::Pattern};

use super::{path, route::Route};
use crate::http::{edge::FrontError, table::Rpc};

/// Paths with more segments than this match nothing.
const MAX_SEGMENTS: usize = 32;

/// All REST routes.
#[derive(Debug, Default)]
pub(crate) struct Router {
    root: Node,
    routes: Vec<Arc<Route>>,
}

#[derive(Debug, Default)]
struct Node {
    literals: HashMap<String, Node>,
    single: Option<Box<Node>>,
    /// Routes that take all further segments.
    rest: Vec<Leaf>,
    /// Routes that end here.
    leaves: Vec<Leaf>,
}

#[derive(Debug)]
struct Leaf {
    method: Method,
    verb: Option<String>,
    route: Arc<Route>,
}

/// What a path leads to.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    /// A route, and the segments of the path without its verb.
    Route(&'a Arc<Route>, Vec<&'a str>),
    /// The path is known, but only for these methods.
    Methods(Vec<Method>),
    /// Nothing.
    Nothing,
}

impl Router {
    /// The routes of these RPCs.
    ///
    /// # Errors
    /// When a route does not parse or does not fit its RPC.
    pub(crate) fn new<'a>(rpcs: impl Iterator<Item = &'a Arc<Rpc>>) -> Result<Self, FrontError> {
        let mut router = Self::default();
        for rpc in rpcs {
            let Some(rule) = &rpc.method.http else { continue };
            for binding in std::iter::once(rule).chain(&rule.additional_bindings) {
                router
                    .add(rpc, binding)
                    .map_err(|problem| FrontError::Route { rpc: rpc.method.path.clone(), problem })?;
            }
        }
        Ok(router)
    }

    fn add(&mut self, rpc: &Arc<Rpc>, rule: &HttpRule) -> Result<(), String> {
        let (method, template) = match &rule.pattern {
            Some(Pattern::Get(template)) => (Method::GET, template),
            Some(Pattern::Put(template)) => (Method::PUT, template),
            Some(Pattern::Post(template)) => (Method::POST, template),
            Some(Pattern::Delete(template)) => (Method::DELETE, template),
            Some(Pattern::Patch(template)) => (Method::PATCH, template),
            None => return Err("it has no pattern".to_owned()),
        };
        let template = path::Template::parse(template)?;
        let route = Arc::new(Route::new(rpc.clone(), method.clone(), template, rule)?);
        let leaf = Leaf { method, verb: route.template.verb.clone(), route: route.clone() };
        if self.root.insert(&route.template.steps, leaf) {
            return Err("another RPC has the same route".to_owned());
        }
        self.routes.push(route);
        Ok(())
    }

    /// Every route.
    pub(crate) fn routes(&self) -> impl Iterator<Item = &Route> + Clone {
        self.routes.iter().map(Arc::as_ref)
    }

    /// What `method` and `path` (as sent, without the query) lead to. HEAD is like GET.
    pub(crate) fn find<'a>(&'a self, method: &Method, path: &'a str) -> Found<'a> {
        let mut segments: Vec<&str> = path.split('/').skip(1).collect();
        if segments.len() > MAX_SEGMENTS {
            return Found::Nothing;
        }
        let whole = segments.last().copied().unwrap_or_default();
        if let Some((head, verb)) = whole.split_once(':') {
            replace_last(&mut segments, head);
            match self.find_with_verb(method, segments.clone(), Some(verb)) {
                Found::Nothing => replace_last(&mut segments, whole),
                found => return found,
            }
        }
        self.find_with_verb(method, segments, None)
    }

    fn find_with_verb<'a>(&'a self, method: &Method, segments: Vec<&'a str>, verb: Option<&str>) -> Found<'a> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        let mut leaves = Vec::new();
        self.root.collect(&segments, verb, &mut leaves);
        if let Some(leaf) = leaves.iter().find(|leaf| leaf.method == *method) {
            return Found::Route(&leaf.route, segments);
        }
        let mut methods: Vec<Method> = leaves.iter().map(|leaf| leaf.method.clone()).collect();
        methods.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
        methods.dedup();
        if methods.is_empty() { Found::Nothing } else { Found::Methods(methods) }
    }
}

fn replace_last<'a>(segments: &mut [&'a str], text: &'a str) {
    if let Some(last) = segments.last_mut() {
        *last = text;
    }
}

impl Node {
    /// Whether there is one for the same requests already.
    fn insert(&mut self, steps: &[path::Step], leaf: Leaf) -> bool {
        let leaves = match steps.split_first() {
            None => &mut self.leaves,
            Some((path::Step::Literal(text), steps)) => {
                return self.literals.entry(text.clone()).or_default().insert(steps, leaf);
            }
            Some((path::Step::Single, steps)) => return self.single.get_or_insert_default().insert(steps, leaf),
            Some((path::Step::Rest, _)) => &mut self.rest,
        };
        let taken = leaves.iter().any(|other| other.method == leaf.method && other.verb == leaf.verb);
        leaves.push(leaf);
        taken
    }

    /// Collects the routes that match, the most literal first.
    fn collect<'a>(&'a self, segments: &[&str], verb: Option<&str>, found: &mut Vec<&'a Leaf>) {
        let Some((segment, others)) = segments.split_first() else {
            found.extend(self.leaves.iter().filter(|leaf| leaf.verb.as_deref() == verb));
            return;
        };
        if let Some(node) = self.literals.get(*segment) {
            node.collect(others, verb, found);
        }
        if segment.is_empty() {
            return;
        }
        if let Some(node) = &self.single {
            node.collect(others, verb, found);
        }
        found.extend(self.rest.iter().filter(|leaf| leaf.verb.as_deref() == verb));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::rest::route::sample;

    /// A router in which the RPC has these routes.
    fn router(templates: &[(Method, &str)]) -> Router {
        let rpc = sample::rpc("/taskmesh.task.v1.TaskService/GetTask");
        let mut router = Router::default();
        for (method, template) in templates {
            let template = (*template).to_owned();
            let pattern = if *method == Method::GET { Pattern::Get(template) } else { Pattern::Post(template) };
            let rule = HttpRule { pattern: Some(pattern), ..HttpRule::default() };
            router.add(&rpc, &rule).expect("a route");
        }
        router
    }

    /// What the path gives to `id`.
    fn id(found: &Found<'_>) -> Option<String> {
        let Found::Route(route, segments) = found else { return None };
        Some(route.captures.first()?.span.of(segments).join("/"))
    }

    #[tokio::test]
    async fn literals_win_over_one_segment_and_that_over_many() {
        let routes = [(Method::GET, "/x/{id=**}"), (Method::GET, "/x/{id}"), (Method::GET, "/x/fixed")];
        let router = router(&routes);
        assert!(matches!(router.find(&Method::GET, "/x/fixed"), Found::Route(route, _) if route.captures.is_empty()));
        assert_eq!(id(&router.find(&Method::GET, "/x/other")).as_deref(), Some("other"));
        assert_eq!(id(&router.find(&Method::GET, "/x/a/b/c")).as_deref(), Some("a/b/c"));
        assert!(matches!(router.find(&Method::GET, "/x/"), Found::Nothing));
        assert!(matches!(router.find(&Method::GET, &"/x".repeat(40)), Found::Nothing));
    }

    #[tokio::test]
    async fn a_dead_end_is_left_again() {
        let router = router(&[(Method::GET, "/a/b/c"), (Method::GET, "/a/{id}/d")]);
        assert_eq!(id(&router.find(&Method::GET, "/a/b/d")).as_deref(), Some("b"));
    }

    #[tokio::test]
    async fn two_rpcs_cannot_have_the_same_route() {
        let mut router = router(&[(Method::GET, "/x/{id}")]);
        let rpc = sample::rpc("/taskmesh.task.v1.TaskService/GetTask");
        let get = |template: &str| HttpRule { pattern: Some(Pattern::Get(template.to_owned())), ..HttpRule::default() };
        assert_eq!(router.add(&rpc, &get("/x/{id=*}")), Err("another RPC has the same route".to_owned()));
        assert_eq!(router.add(&rpc, &get("/x/{id}:verb")), Ok(()));
    }

    #[tokio::test]
    async fn a_verb_is_one_only_where_it_is_bound() {
        let router = router(&[(Method::POST, "/x/{id}:stop"), (Method::GET, "/x/{id}")]);
        assert_eq!(id(&router.find(&Method::POST, "/x/a:stop")).as_deref(), Some("a"));
        assert_eq!(id(&router.find(&Method::GET, "/x/a:go")).as_deref(), Some("a:go"));
        assert!(matches!(router.find(&Method::GET, "/x/a:stop"), Found::Methods(methods) if methods == [Method::POST]));
        assert!(matches!(router.find(&Method::HEAD, "/x/a"), Found::Route(..)));
    }
}
