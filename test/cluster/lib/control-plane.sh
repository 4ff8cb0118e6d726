# shellcheck shell=bash
# etcd, API server, controller manager, scheduler. Each cluster has a network namespace of
# its own, so that they listen on 127.0.0.1 there, at their usual ports.

start_etcd() {
  local peer=http://127.0.0.1:2380 client=http://127.0.0.1:2379
  start etcd "$BIN/etcd" --name "$NAME" --data-dir "$STATE/etcd" --unsafe-no-fsync --quota-backend-bytes 8589934592 \
    --auto-compaction-retention 1 --log-level warn --listen-client-urls $client --advertise-client-urls $client \
    --listen-peer-urls $peer --initial-advertise-peer-urls $peer --initial-cluster "$NAME=$peer"
  wait_for 30 etcd in_node curl -fsS -m 2 $client/health
}

start_api_server() {
  configure kube-apiserver audit-policy.yaml "$STATE/audit-policy.yaml"
  start kube-apiserver "$BIN/kube" kube-apiserver --etcd-servers=http://127.0.0.1:2379 \
    --bind-address="$NODE_ADDRESS" --advertise-address="$NODE_ADDRESS" --secure-port=6443 \
    --tls-cert-file="$PKI/apiserver.crt" --tls-private-key-file="$PKI/apiserver.key" --client-ca-file="$PKI/ca.crt" \
    --service-account-issuer=https://kubernetes.default.svc.cluster.local \
    --service-account-key-file="$PKI/service-account.pub" --service-account-signing-key-file="$PKI/service-account.key" \
    --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --allow-privileged=true \
    --service-cluster-ip-range="$SERVICE_NETWORK" --enable-aggregator-routing=true \
    --kubelet-client-certificate="$PKI/apiserver-kubelet-client.crt" --kubelet-client-key="$PKI/apiserver-kubelet-client.key" \
    --kubelet-certificate-authority="$PKI/ca.crt" --kubelet-preferred-address-types=InternalIP \
    --requestheader-client-ca-file="$PKI/front-proxy-ca.crt" --requestheader-allowed-names=front-proxy \
    --requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group \
    --requestheader-extra-headers-prefix=X-Remote-Extra- \
    --proxy-client-cert-file="$PKI/front-proxy-client.crt" --proxy-client-key-file="$PKI/front-proxy-client.key" \
    --audit-policy-file="$STATE/audit-policy.yaml" --audit-log-path="$STATE/audit.log" \
    --audit-log-maxsize=200 --audit-log-maxbackup=20 --profiling=false --shutdown-delay-duration=0s
}

wait_for_api_server() {
  wait_for 90 kube-apiserver kubectl get --raw /readyz --request-timeout=3s
}

start_controllers() {
  local config=$STATE/controller-manager.kubeconfig
  start kube-controller-manager "$BIN/kube" kube-controller-manager --kubeconfig="$config" \
    --authentication-kubeconfig="$config" --authorization-kubeconfig="$config" --bind-address=127.0.0.1 \
    --use-service-account-credentials --service-account-private-key-file="$PKI/service-account.key" \
    --root-ca-file="$PKI/ca.crt" --cluster-signing-cert-file="$PKI/ca.crt" --cluster-signing-key-file="$PKI/ca.key" \
    --leader-elect=false --allocate-node-cidrs=false --kube-api-qps=200 --kube-api-burst=400
  config=$STATE/scheduler.kubeconfig
  start kube-scheduler "$BIN/kube" kube-scheduler --kubeconfig="$config" \
    --authentication-kubeconfig="$config" --authorization-kubeconfig="$config" --bind-address=127.0.0.1 \
    --leader-elect=false --kube-api-qps=200 --kube-api-burst=400
}

# apply_once NAME applies manifests from stdin, unless exactly these were applied before.
apply_once() {
  local manifests digest
  manifests=$(cat)
  digest=$(sha256sum <<<"$manifests")
  [[ ! -e $STATE/run/applied-$1 || $(<"$STATE/run/applied-$1") != "$digest" ]] || return 0
  kubectl apply --server-side --force-conflicts -f - <<<"$manifests" >>"$LOGS/apply.log"
  printf '%s\n' "$digest" >"$STATE/run/applied-$1"
}
