package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

func itoa(n int) string { return strconv.Itoa(n) }

// writeSpec sends the line that a waiting shell reads, and then a spec.
func writeSpec(to io.Writer, s *spec) error {
	line, err := json.Marshal(s)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(to, "go\n%s\n", line)
	return err
}

// ext4Image makes a file system whose "disk" is a file, so that a test can see what is on it.
func ext4Image(t testing.TB) string {
	t.Helper()
	image := filepath.Join(t.TempDir(), "disk.img")
	check(t, os.WriteFile(image, nil, 0o600))
	check(t, os.Truncate(image, 16<<20))
	if out, err := exec.Command("mkfs.ext4", "-q", "-F", image).CombinedOutput(); err != nil {
		t.Fatalf("mkfs.ext4: %v: %s", err, out)
	}
	return image
}

// onDisk tells whether a text is in the image.
func onDisk(t testing.TB, image, text string) bool {
	t.Helper()
	content, err := os.ReadFile(image)
	check(t, err)
	return bytes.Contains(content, []byte(text))
}
