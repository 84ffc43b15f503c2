"""The schemas of kinds: Kubernetes' own by version, those of operators by their definitions. Strict: what a schema does
not know is a mistake."""

import json
from importlib.resources import files
from pathlib import Path

import jsonschema
import yaml
from referencing import Registry, Resource

BUNDLED = Path(str(files("kubernetes_validate"))) / "kubernetes-json-schema"


def versions(first, last):
    """Every version of Kubernetes from `first` to `last`, such as 1.30."""
    minors = range(int(first.split(".")[1]), int(last.split(".")[1]) + 1)
    missing = [minor for minor in minors if not folder(f"1.{minor}").is_dir()]
    if missing:
        raise SystemExit(f"no schemas of Kubernetes 1.{missing[0]}: a newer kubernetes-validate has them")
    return [f"1.{minor}" for minor in minors]


def folder(version):
    """Where the schemas of a version lie."""
    return BUNDLED / f"v{version}.0-local-strict"


class Validators:
    """What checks a document, by its kind, for all versions."""

    def __init__(self, kubernetes, crds):
        self.kubernetes = {version: definitions(version) for version in kubernetes}
        self.validators = {}
        self.crds = crds

    def check(self, document):
        """What is wrong with it, with the versions for which that is so."""
        problems = {}
        kind = (document["apiVersion"], document["kind"])
        if kind not in self.validators:
            self.validators[kind] = self.of_kind(*kind)
        if not self.validators[kind]:
            return [f"{kind[0]} {kind[1]} is a kind without a schema"]
        for version, validator in self.validators[kind].items():
            if validator is None:
                problems.setdefault("this version does not know the kind", []).append(version)
                continue
            for error in validator.iter_errors(document):
                best = jsonschema.exceptions.best_match([error])
                problems.setdefault(f"{best.json_path}: {best.message}", []).append(version)
        return [f"{problem} ({', '.join(found)})" for problem, found in problems.items()]

    def of_kind(self, api_version, kind):
        """A validator for each version; for a kind of an operator, one."""
        group, _, version = api_version.rpartition("/")
        custom = self.custom(group, version, kind)
        if custom:
            return {"its definition": jsonschema.Draft202012Validator(custom)}
        name = f"{kind}-{group.split('.')[0]}-{version}" if group else f"{kind}-{version}"
        found = {version: self.own(version, f"{name.lower()}.json") for version in self.kubernetes}
        return found if any(found.values()) else {}

    def own(self, version, name):
        """The validator of one of Kubernetes' own kinds."""
        path = folder(version) / name
        if not path.exists():
            return None
        schema = Resource.from_contents(json.loads(path.read_text()))
        registry = schema @ self.kubernetes[version]
        return jsonschema.Draft202012Validator(schema.contents, registry=registry)

    def custom(self, group, version, kind):
        """The schema of a kind that somebody defined, made strict."""
        for crds in self.crds:
            for path in crds.glob(f"{group}_*.yaml"):
                text = path.read_text()
                # Most are others, and some are long.
                if f"\n    kind: {kind}\n" in text:
                    definition = yaml.load(text, Loader=yaml.CSafeLoader)
                    served = {served["name"]: served for served in definition["spec"]["versions"]}
                    return strict(served[version]["schema"]["openAPIV3Schema"]) if version in served else None
        return None


def definitions(version):
    """What the schemas of a version refer to."""
    return Resource.from_contents(json.loads((folder(version) / "_definitions.json").read_text())) @ Registry()


def strict(schema):
    """The schema with every object closed that names its fields, as the API server drops others."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: strict(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and not schema.get("x-kubernetes-preserve-unknown-fields"):
        closed.setdefault("additionalProperties", False)
        if "apiVersion" in schema["properties"] and "metadata" in schema["properties"]:
            closed["properties"]["metadata"] = {"type": "object"}
    return closed
