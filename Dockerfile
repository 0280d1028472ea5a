# Static binaries of the worker, the starter and the webhook server, on an empty image: certificates and a user number.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /out/ ./worker ./starter ./webhook \
	&& mkdir -p /empty/data /empty/tmp && chmod 1777 /empty/tmp

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/ /usr/local/bin/
COPY --from=build --chown=65532:65532 /empty/data /app/data
COPY --from=build /empty/tmp /tmp
ENV PATH=/usr/local/bin
WORKDIR /app
USER 65532:65532
VOLUME /app/data
CMD ["worker"]
