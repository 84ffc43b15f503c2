"""Checks what the chart renders: against the schemas of each version of Kubernetes and of the kinds of operators, and that
its objects fit each other.

    check.py --chart charts/taskmesh --contract proto --crds FOLDER… --kubernetes 1.30 1.37 -- RENDERED.yaml…

One process for all files and versions, as reading the schemas is what takes time.
"""

import argparse
import json
import sys
from pathlib import Path

import yaml

import fit
import schemas


def documents(path):
    """The objects that `path` holds, each with its name for messages."""
    for document in yaml.load_all(path.read_text(), Loader=yaml.CSafeLoader):
        if document:
            yield f"{path.stem}: {document['kind']}/{document['metadata']['name']}", document


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chart", type=Path, required=True)
    parser.add_argument("--contract", type=Path, required=True)
    parser.add_argument("--crds", type=Path, nargs="+", default=[])
    parser.add_argument("--kubernetes", nargs=2, metavar=("FIRST", "LAST"), required=True)
    parser.add_argument("rendered", type=Path, nargs="+")
    arguments = parser.parse_args()

    problems = [*fit.values_and_schema(arguments.chart), *fit.programs(arguments.chart, arguments.contract)]
    validators = schemas.Validators(schemas.versions(*arguments.kubernetes), arguments.crds)
    seen = set()
    for path in arguments.rendered:
        rendered = list(documents(path))
        problems += fit.objects(path.stem, [document for _, document in rendered])
        problems += fit.files(path.stem, arguments.chart, [document for _, document in rendered])
        for name, document in rendered:
            text = json.dumps(document, sort_keys=True)
            # What another file renders alike is checked already.
            if text not in seen:
                seen.add(text)
                problems += [f"{name}: {problem}" for problem in validators.check(document)]
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
