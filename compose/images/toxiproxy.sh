#!/usr/bin/env bash
# Builds toxiproxy/toxiproxy-server, a static binary, in the folder given.
set -euo pipefail
out=$1
version=2.12.0
module=github.com/Shopify/toxiproxy/v2

PATH=$PATH:/usr/local/go/bin
command -v go >/dev/null || { echo "Go is missing: run .ci/engine, or install Go 1.21 or newer" >&2; exit 1; }

export CGO_ENABLED=0 GOBIN=$out/toxiproxy
go install -trimpath -ldflags "-s -w -X $module.Version=$version" "$module/cmd/server@v$version"
mv "$GOBIN/server" "$GOBIN/toxiproxy-server"
go version -m "$GOBIN/toxiproxy-server" | awk '
    NR == 1 { print "pkg:golang/stdlib@" substr($NF, 3) }
    $1 == "mod" || $1 == "dep" { print "pkg:golang/" $2 "@" $3 }' >"$GOBIN/packages.txt"
