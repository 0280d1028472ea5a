# Static binaries of the worker, the starter and the webhook server, on an empty image: certificates and a user number.
FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /out/ ./worker ./starter ./webhook \
	&& mkdir -p /empty/data /empty/tmp && chmod 1777 /empty/tmp

FROM scratch
# Tells versions of the worker apart, where they are versioned: docs/deploy.md.
ARG VERSION=
LABEL org.opencontainers.image.title="zendesk-brevo" \
	org.opencontainers.image.description="Brings Zendesk Support into Brevo, on Temporal" \
	org.opencontainers.image.version="$VERSION"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/ /usr/local/bin/
# The default store is a SQLite file in here: mount a volume over it. With STORE_URL=postgres://... nothing is written.
COPY --from=build --chown=65532:65532 /empty/data /app/data
COPY --from=build /empty/tmp /tmp
ENV PATH=/usr/local/bin \
	TEMPORAL_WORKER_BUILD_ID=$VERSION
WORKDIR /app
USER 65532:65532
CMD ["worker"]
