# shellcheck shell=bash
# The node: containerd, kubelet, kube-proxy, cluster DNS.

start_containerd() {
  mkdir -p "$STATE/cni/net.d"
  local RUNC
  RUNC=$(debian_root)/usr/sbin/runc
  configure containerd cni.conflist "$STATE/cni/net.d/10-stillpoint.conflist"
  configure containerd containerd.toml "$STATE/containerd.toml"
  start containerd "$BIN/containerd" --config "$STATE/containerd.toml"
}

start_kubelet() {
  make_cgroups
  mkdir -p "$STATE/kubelet/volume-plugins" "$STATE/pod-logs"
  # For pods with dnsPolicy Default: the cluster's own server, which asks nobody else.
  printf 'nameserver %s\n' "$NODE_ADDRESS" >"$STATE/resolv.conf"
  configure kubelet kubelet.yaml "$STATE/kubelet.yaml"
  with_shared_lock save_sysctls
  start kubelet "$BIN/kube" kubelet --config "$STATE/kubelet.yaml" --kubeconfig "$STATE/kubelet.kubeconfig" \
    --hostname-override="$NODE" --node-ip="$NODE_ADDRESS" --node-labels="stillpoint.dev/bed=$NAME" \
    --root-dir="$STATE/kubelet" --cert-dir="$STATE/kubelet/pki" --v=1
}

# node_is_ready tells whether this very kubelet has said Ready. What an earlier one said does
# not count: the kubelet changes the sysctls just before its first Ready.
node_is_ready() {
  local ready started
  ready=$(kubectl get node "$NODE" -o jsonpath='{range .status.conditions[?(@.type=="Ready")]}{.status} {.lastHeartbeatTime}{end}')
  started=$(stat -c %Y "$STATE/run/kubelet.pid")
  [[ $ready == "True "* ]] && (($(date -d "${ready#True }" +%s) >= started))
}

wait_for_node() {
  wait_for 60 kubelet node_is_ready
  with_shared_lock restore_sysctls
  wait_for 30 kube-controller-manager kubectl get serviceaccount default
}

# start_services starts what turns Services into addresses and names.
start_services() {
  configure kube-proxy proxy.yaml "$STATE/proxy.yaml"
  start kube-proxy "$BIN/kube" kube-proxy --config="$STATE/proxy.yaml" --hostname-override="$NODE"
  configure coredns Corefile "$STATE/Corefile"
  start coredns "$BIN/coredns" -conf "$STATE/Corefile"
  render services.yaml | apply_once services
}

wait_for_services() {
  wait_for 30 coredns in_node curl -fsS -m 2 http://127.0.0.1:8181/ready
  wait_for 30 kube-proxy in_node curl -fsS -m 2 http://127.0.0.1:10256/healthz
}
