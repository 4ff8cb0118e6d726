# shellcheck shell=bash

# make_s3 packs versitygw alone: a server of S3 whose buckets are directories.
make_s3() { # REFERENCE OUT ROOT
  (cd "$APPS/s3" && go mod download)
  CGO_ENABLED=0 go build -C "$APPS/s3" -mod=readonly -trimpath -buildvcs=false -ldflags '-s -w -buildid=' -o "$3/versitygw" github.com/versity/versitygw/cmd/versitygw
  chmod 755 "$3/versitygw"
  mkdir -m 1777 "$3/tmp"
  mkimage "$2" "$1" "$3" '{"User":"65532:65532","Entrypoint":["/versitygw"],"WorkingDir":"/"}'
}

build_s3() { # TAG
  local key
  key=$(go version | content_key "${COMMON[@]}" "$APPS"/s3/{image.sh,go.mod,go.sum})
  cached s3 "$key" make_s3 "localhost/stillpoint-test/s3:$1"
}
