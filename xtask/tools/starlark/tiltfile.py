"""Runs the Tiltfile with stand-ins for Tilt's functions, and prints what it has asked Tilt for, as JSON.

A function that is not among these, or an argument that Tilt does not know, is an error: the names and their arguments are
those of Tilt 0.37.
"""

import json
import sys

import starlark

# The arguments by which each function may be called, in order.
FUNCTIONS = {
    "allow_k8s_contexts": ["contexts"],
    "ci_settings": ["k8s_grace_period", "timeout", "readiness_timeout"],
    "docker_build": [
        "ref", "context", "build_args", "dockerfile", "dockerfile_contents", "cache", "live_update", "match_in_env_vars",
        "ignore", "only", "entrypoint", "container_args", "target", "ssh", "secret", "network", "extra_tag", "cache_from",
        "pull", "platform", "extra_hosts",
    ],
    "helm": ["paths", "name", "namespace", "values", "set", "kube_version", "skip_crds"],
    "k8s_namespace": [],
    "k8s_resource": [
        "workload", "new_name", "port_forwards", "extra_pod_selectors", "trigger_mode", "resource_deps", "objects",
        "auto_init", "pod_readiness", "links", "labels", "discovery_strategy",
    ],
    "k8s_yaml": ["yaml", "allow_duplicates"],
    "local_resource": [
        "name", "cmd", "deps", "trigger_mode", "resource_deps", "ignore", "auto_init", "serve_cmd", "cmd_bat",
        "serve_cmd_bat", "allow_parallel", "links", "labels", "env", "serve_env", "readiness_probe", "dir", "serve_dir",
    ],
    "port_forward": ["local_port", "container_port", "name", "link_path", "host"],
}

# What some of them return, from what they were called with.
RETURNS = {
    "helm": lambda arguments: {"helm": arguments},
    "k8s_namespace": lambda _: "default",
    "port_forward": lambda arguments: arguments,
}


def main(path):
    calls = {name: [] for name in FUNCTIONS}
    module = starlark.Module()

    def stand_in(name, parameters):
        def called(*positional, **named):
            arguments = dict(zip(parameters, positional))
            if len(positional) > len(parameters) or not named.keys() <= set(parameters) - arguments.keys():
                raise TypeError(f"{name}() is not called like that: {positional} {named}")
            arguments |= named
            calls[name].append(arguments)
            return RETURNS.get(name, lambda _: None)(arguments)

        return called

    for name, parameters in FUNCTIONS.items():
        module.add_callable(name, stand_in(name, parameters))
    module["TRIGGER_MODE_AUTO"], module["TRIGGER_MODE_MANUAL"] = "auto", "manual"
    dialect = starlark.Dialect.extended()
    # Nothing is fetched when it runs, so nothing is loaded.
    dialect.enable_load = False
    with open(path, encoding="utf-8") as file:
        program = starlark.parse(path, file.read(), dialect)
    starlark.eval(module, program, starlark.Globals.standard())
    json.dump(calls, sys.stdout)


main(sys.argv[1])
