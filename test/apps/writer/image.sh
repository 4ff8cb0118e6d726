# shellcheck shell=bash

# make_writer packs the program alone: the image of a pod that has no shell.
make_writer() { # REFERENCE OUT ROOT
  CGO_ENABLED=0 go build -C "$APPS/writer" -trimpath -buildvcs=false -ldflags '-s -w -buildid=' -o "$3/writer" .
  chmod 755 "$3/writer"
  mkimage "$2" "$1" "$3" '{"Entrypoint":["/writer"],"WorkingDir":"/"}'
}

build_writer() { # TAG
  local key
  key=$(go version | content_key "${COMMON[@]}" "$APPS"/writer/{image.sh,go.mod,commit.go,main.go,serve.go})
  cached writer "$key" make_writer "localhost/stillpoint-test/writer:$1"
}
