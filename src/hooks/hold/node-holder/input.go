package main

import (
	"bufio"
	"io"
	"strings"
)

// input reads stdin by lines.
type input struct {
	lines *bufio.Scanner
}

func newInput(in io.Reader) *input {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 4096), maxSpecBytes)
	return &input{lines}
}

// line reads one line; io.EOF at the end, and an error for a line that is too long.
func (i *input) line() ([]byte, error) {
	if i.lines.Scan() {
		return i.lines.Bytes(), nil
	}
	if err := i.lines.Err(); err != nil {
		return nil, faultf(codeBadSpec, "%v", err)
	}
	return nil, io.EOF
}

// commands reads on in the background. Beats are answered there; all others go to the
// channel, which is closed at the end of the input.
func (i *input) commands(beat func()) <-chan string {
	out := make(chan string, 16)
	go func() {
		defer close(out)
		for i.lines.Scan() {
			switch command := strings.TrimSpace(i.lines.Text()); command {
			case "":
			case cmdBeat:
				beat()
			default:
				out <- command
			}
		}
	}()
	return out
}
