# shellcheck shell=bash
# Installing Stillpoint on a cluster: images there, chart installed, operator ready. Sourced by tools/install-on-bed and tools/demo.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BEGIN=${BEGIN:-$SECONDS}

step() { # TEXT...   one line of progress with the time since the begin
  printf '[%3d:%02d] %s\n' "$(((SECONDS - BEGIN) / 60))" "$(((SECONDS - BEGIN) % 60))" "$*"
}

die() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

# images_on_bed TARFILE...: loads images into the test cluster NAME; what is there already is skipped by the runtime.
images_on_bed() {
  local tar
  for tar in "$@"; do "$ROOT/test/cluster/bed" load "$tar" >/dev/null || die "cannot load $tar into the test cluster"; done
}

# images_to_registry REGISTRY NAME=TARFILE...: pushes, prints nothing; needs crane.
images_to_registry() {
  local registry=$1 pair
  shift
  for pair in "$@"; do crane push "${pair#*=}" "$registry/${pair%%=*}" >/dev/null || die "cannot push to $registry/${pair%%=*}"; done
}

# install_chart [HELM ARGUMENT...]: installs or upgrades the release and waits until operator and agents are ready.
install_chart() {
  helm upgrade --install stillpoint "$ROOT/charts/stillpoint" --namespace stillpoint-system --create-namespace "$@" >/dev/null || die "helm upgrade --install failed"
  kubectl -n stillpoint-system rollout status deployment/stillpoint --timeout=180s >/dev/null || die "the operator did not become ready: kubectl -n stillpoint-system describe pods"
  kubectl -n stillpoint-agent rollout status daemonset/stillpoint-agent --timeout=120s >/dev/null || die "the agents did not become ready: kubectl -n stillpoint-agent describe pods"
}

# image_arguments OPERATOR_REF AGENT_REF: helm arguments that name the images.
image_arguments() {
  printf '%s\n' --set-string "image.repository=${1%:*}" --set-string "image.tag=${1##*:}" --set-string "image.agentRepository=${2%:*}" --set-string "image.agentTag=${2##*:}"
}
