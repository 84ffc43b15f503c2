# For development: a program that was built on this machine, on what the image of all programs stands on (Dockerfile).
FROM gcr.io/distroless/cc-debian13:nonroot
COPY . /usr/local/bin/
USER 65532:65532
