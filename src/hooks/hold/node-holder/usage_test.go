package main

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

// askUsage runs `<id> usage` and returns what it prints, and whether it succeeded.
func askUsage(t testing.TB, s *usageSpec) (string, bool) {
	t.Helper()
	line, err := json.Marshal(s)
	check(t, err)
	cmd := exec.Command(program, "usage-1", "usage")
	cmd.Stdin = bytes.NewReader(append(line, '\n'))
	out, err := cmd.Output()
	return string(out), err == nil
}

func TestUsage(t *testing.T) {
	c := newContainer(t, "kubepods", "")
	other := newContainer(t, "kubepods", "")
	volume := c.spec("", longTTL, longMax).Volumes[0]
	wrongPod, gone, plain := volume, volume, volume
	wrongPod.Ref, wrongPod.PodUID = "wrong-pod", other.podUID
	gone.Ref, gone.ContainerID = "gone", randomHex(32)
	plain.Ref, plain.MountPath = "plain", "/plain"
	out, ok := askUsage(t, &usageSpec{Version: 1, Volumes: []volumeSpec{volume, wrongPod, gone, plain}})
	if !ok {
		t.Fatalf("failed: %s", out)
	}
	var report usageReport
	check(t, json.Unmarshal([]byte(out), &report))
	if len(report.Volumes) != 4 {
		t.Fatalf("%d answers for 4 volumes: %s", len(report.Volumes), out)
	}
	// A tmpfs of 16 MiB, hardly used.
	if u := report.Volumes[0]; u.Ref != volume.Ref || u.Error != "" || u.TotalBytes != 16<<20 || u.UsedBytes == 0 || u.UsedBytes+u.AvailableBytes > u.TotalBytes {
		t.Errorf("unexpected usage %+v", u)
	}
	for i, says := range map[int]string{1: "not a container of pod", 2: "no process of container", 3: "not a mount point"} {
		if u := report.Volumes[i]; !strings.Contains(u.Error, says) || u.TotalBytes != 0 {
			t.Errorf("%s: unexpected answer %+v", u.Ref, u)
		}
	}
}

func TestRefusedUsage(t *testing.T) {
	id, uid := randomHex(32), "0badcafe-0000-4000-8000-000000000000"
	cases := map[string]*usageSpec{
		"no volumes":      {Version: 1},
		"a device":        {Version: 1, Volumes: []volumeSpec{{Ref: "a", PodUID: uid, ContainerID: id, DevicePath: "/dev/sda", Block: true}}},
		"another version": {Version: 2, Volumes: []volumeSpec{{Ref: "a", PodUID: uid, ContainerID: id, MountPath: "/data"}}},
		"a relative path": {Version: 1, Volumes: []volumeSpec{{Ref: "a", PodUID: uid, ContainerID: id, MountPath: "data"}}},
	}
	for name, s := range cases {
		t.Run(name, func(t *testing.T) {
			if out, ok := askUsage(t, s); ok || !strings.Contains(out, "code=BadSpec") {
				t.Errorf("printed %q", out)
			}
		})
	}
}
