"""Whether objects fit each other, which no schema can say: what one names, another must be."""

import json
import re

import yaml

HOOK = "helm.sh/hook"
WORKLOADS = ("Deployment", "StatefulSet", "Job", "Pod")


def objects(where, documents):
    """What does not fit among the objects of one rendering."""
    found = Found(documents)
    # Keys that a template makes are others each time that it is asked.
    checksums = {pod["metadata"].get("annotations", {}).get("checksum/keys") for pod in map(pod_of, documents) if pod}
    if len(checksums - {None}) > 1:
        yield f"{where}: pods are told of different keys"
    for document in documents:
        for problem in found.problems(document):
            yield f"{where}: {'/'.join(key(document))}: {problem}"


class Found:
    """The objects of one rendering, to be looked up."""

    def __init__(self, documents):
        self.hooks = {key(document): is_hook(document) for document in documents}
        self.pods = [pod["metadata"]["labels"] for pod in map(pod_of, documents) if pod]

    def problems(self, document):
        """What the object names that is not there, or not there yet."""
        pod = pod_of(document)
        if pod:
            yield from self.pod_problems(document, pod["spec"])
        for selector in selectors(document):
            if not any(selector.items() <= labels.items() for labels in self.pods):
                yield f"selects no pod: {selector}"
        target = document.get("spec", {}).get("scaleTargetRef")
        if target and (target["kind"], target["name"]) not in self.hooks:
            yield f"scales what is not there: {target['name']}"

    def pod_problems(self, document, spec):
        account = spec.get("serviceAccountName", "default")
        if account != "default" and ("ServiceAccount", account) not in self.hooks:
            yield f"its ServiceAccount {account} is not there"
        for container in spec.get("initContainers", []) + spec["containers"]:
            for variable in container.get("env", []):
                host = service_in(variable.get("value", ""))
                if host and ("Service", host) not in self.hooks:
                    yield f"{variable['name']} names a Service that is not there: {host}"
        if is_hook(document):
            for reference in references(spec):
                # What is not rendered must exist before; what is rendered must be a hook, too.
                if self.hooks.get(reference) is False:
                    yield f"is a hook and needs {'/'.join(reference)}, which is none"


def key(document):
    return (document["kind"], document["metadata"]["name"])


def is_hook(document):
    """Whether it comes before the release's other objects."""
    return document["metadata"].get("annotations", {}).get(HOOK, "").startswith("pre-")


def pod_of(document):
    """The pod, or the template of pods, in an object."""
    if document["kind"] not in WORKLOADS:
        return None
    return document if document["kind"] == "Pod" else document["spec"]["template"]


def selectors(document):
    """The labels by which an object finds pods."""
    spec = document.get("spec", {})
    match document["kind"]:
        case "Service":
            yield spec["selector"]
        case "PodDisruptionBudget" | "PodMonitor" | "Deployment" | "StatefulSet":
            yield spec["selector"]["matchLabels"]
        case "NetworkPolicy":
            yield spec["podSelector"]["matchLabels"]
            peers = [peer for rule in spec.get("ingress", []) for peer in rule.get("from", [])]
            peers += [peer for rule in spec.get("egress", []) for peer in rule.get("to", [])]
            for peer in peers:
                if "podSelector" in peer and "namespaceSelector" not in peer:
                    yield peer["podSelector"]["matchLabels"]


def service_in(value):
    """The Service of the same namespace that an address such as `http://name:8080` names."""
    scheme, _, rest = value.partition("://")
    host = rest.rpartition("@")[2].split(":")[0]
    return host if scheme in ("http", "nats") and host and "." not in host else None


def references(spec):
    """The objects that a pod cannot start without."""
    yield ("ServiceAccount", spec.get("serviceAccountName", "default"))
    for volume in spec.get("volumes", []):
        if "configMap" in volume:
            yield ("ConfigMap", volume["configMap"]["name"])
        if "secret" in volume:
            yield ("Secret", volume["secret"]["secretName"])
        if "persistentVolumeClaim" in volume:
            yield ("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"])
    for container in spec.get("initContainers", []) + spec["containers"]:
        sources = [variable.get("valueFrom", {}) for variable in container.get("env", [])] + container.get("envFrom", [])
        for source in sources:
            for field, kind in (("secret", "Secret"), ("configMap", "ConfigMap")):
                named = source.get(f"{field}KeyRef") or source.get(f"{field}Ref")
                if named:
                    yield (kind, named["name"])


def files(where, chart, documents):
    """Whether a rendering with monitoring holds all dashboards and alerts that there are as files."""
    if not any(document["kind"] == "PodMonitor" for document in documents):
        return
    shown = {name for document in documents if document["kind"] == "ConfigMap" for name in document.get("data", {})}
    for dashboard in chart.glob("dashboards/*.json"):
        if dashboard.name not in shown:
            yield f"{where}: no ConfigMap holds the dashboard {dashboard.name}"
    rules = [document["spec"]["groups"] for document in documents if document["kind"] == "PrometheusRule"]
    alerts = [yaml.safe_load(path.read_text())["groups"] for path in sorted(chart.glob("alerts/*.yaml"))]
    if sum(rules, []) != sum(alerts, []):
        yield f"{where}: the PrometheusRule does not hold exactly the groups of alerts/*.yaml"


def programs(chart, contract):
    """Whether the services by whose health programs are probed are in the contract."""
    known = set()
    for path in contract.rglob("*.proto"):
        text = path.read_text()
        package = re.search(r"^package ([\w.]+);", text, re.MULTILINE)
        known |= {f"{package[1]}.{service}" for service in re.findall(r"^service (\w+)", text, re.MULTILINE)}
    told = yaml.safe_load((chart / "files/programs.yaml").read_text())
    for name, program in told.items():
        if program["health"] not in known:
            yield f"files/programs.yaml: {name} is probed by {program['health']}, which is not in the contract"


def values_and_schema(chart):
    """Whether each value that the schema allows is told of in values.yaml. (Helm sees to the other way round.)"""
    schema = json.loads((chart / "values.schema.json").read_text())
    values = yaml.safe_load((chart / "values.yaml").read_text())
    shared = {name: values[name] for name in ("image", "database", "nats", "traces")}
    told = {**values, "services": {}, "defaults": {**shared, **values["defaults"]}, "global": {}}
    for path in untold(schema, schema, told, ""):
        yield f"values.yaml does not tell of {path}"


def untold(root, schema, value, path):
    """The properties of `schema` that `value` lacks."""
    while "$ref" in schema or "allOf" in schema:
        schema = root["definitions"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema["allOf"][0]
    if path == "services" or not isinstance(value, dict):
        return
    for name, inner in schema.get("properties", {}).items():
        below = f"{path}.{name}".lstrip(".")
        if name not in value:
            yield below
        else:
            yield from untold(root, inner, value[name], below)
