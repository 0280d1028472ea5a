#!/bin/sh
# Makes the namespace of TEMPORAL_NAMESPACE at TEMPORAL_ADDRESS, unless it is there. Finished runs can be looked at for RETENTION.
set -eu
temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
	temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
