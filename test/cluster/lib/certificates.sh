# shellcheck shell=bash
# Certificates and kubeconfigs: P-256, ten years, made once per cluster.

# make_certificates makes all that is missing below $PKI. ca.key signs what a test needs
# beyond that (a proxy in front of the API server, a webhook).
make_certificates() {
  mkdir -p "$PKI"
  local api=kubernetes.default.svc
  authority ca "stillpoint-$NAME"
  authority front-proxy-ca "stillpoint-$NAME-front-proxy"
  certificate apiserver ca serverAuth /CN=kube-apiserver \
    "IP:$NODE_ADDRESS,IP:127.0.0.1,IP:$API_SERVICE_ADDRESS,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:$api,DNS:$api.cluster.local"
  certificate kubelet-serving ca serverAuth "/O=system:nodes/CN=system:node:$NODE" "IP:$NODE_ADDRESS,DNS:$NODE"
  certificate apiserver-kubelet-client ca clientAuth /CN=bed-apiserver
  certificate front-proxy-client front-proxy-ca clientAuth /CN=front-proxy
  if [[ ! -e $PKI/service-account.pub ]]; then
    openssl genrsa -out "$PKI/service-account.key" 2048 2>/dev/null
    openssl rsa -in "$PKI/service-account.key" -pubout -out "$PKI/service-account.pub" 2>/dev/null
  fi
  identity admin /O=system:masters/CN=admin
  identity storage /O=system:masters/CN=bed-storage # a name of its own, to be told apart in the audit log
  identity controller-manager /CN=system:kube-controller-manager
  identity scheduler /CN=system:kube-scheduler
  identity proxy /CN=system:kube-proxy
  identity dns /CN=bed-dns
  identity kubelet "/O=system:nodes/CN=system:node:$NODE"
}

# authority NAME SUBJECT makes a certificate authority.
authority() {
  [[ ! -e $PKI/$1.crt ]] || return 0
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=$2" \
    -addext keyUsage=critical,keyCertSign,cRLSign,digitalSignature -keyout "$PKI/$1.key" -out "$PKI/$1.crt" 2>/dev/null
}

# certificate NAME AUTHORITY USAGE SUBJECT [ALTERNATIVE_NAMES] makes a key and its certificate.
certificate() {
  [[ ! -e $PKI/$1.crt ]] || return 0
  local extensions="keyUsage=critical,digitalSignature"$'\n'"extendedKeyUsage=$3"
  [[ -z ${5:-} ]] || extensions+=$'\n'"subjectAltName=$5"
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$4" -keyout "$PKI/$1.key" 2>/dev/null |
    openssl x509 -req -CA "$PKI/$2.crt" -CAkey "$PKI/$2.key" -CAcreateserial -days 3650 \
      -extfile <(printf '%s\n' "$extensions") -out "$PKI/$1.crt.new" 2>/dev/null
  mv "$PKI/$1.crt.new" "$PKI/$1.crt"
}

# identity NAME SUBJECT makes a client certificate and the kubeconfig $STATE/NAME.kubeconfig.
identity() {
  [[ ! -e $STATE/$1.kubeconfig ]] || return 0
  certificate "$1" ca clientAuth "$2"
  (
    umask 077
    cat >"$STATE/$1.kubeconfig" <<CONFIG
apiVersion: v1
kind: Config
clusters:
- name: stillpoint-$NAME
  cluster: {server: "https://$NODE_ADDRESS:6443", certificate-authority-data: $(base64 -w0 "$PKI/ca.crt")}
users:
- name: $1
  user: {client-certificate-data: $(base64 -w0 "$PKI/$1.crt"), client-key-data: $(base64 -w0 "$PKI/$1.key")}
contexts:
- name: stillpoint-$NAME
  context: {cluster: stillpoint-$NAME, user: $1}
current-context: stillpoint-$NAME
CONFIG
  )
}
