package main

import (
	"bufio"
	"flag"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// serve answers every line that comes on a TCP port after a while, once it is in the file and on the disk, and logs
// `NUMBER CAME ANSWERED` on standard output: the line, and when it came and was answered.
func serve(arguments []string) {
	flags := flag.NewFlagSet("serve", flag.ExitOnError)
	port := flags.Int("port", 7000, "TCP port, of IPv4 and IPv6")
	delay := flags.Duration("delay", 0, "time between a line and its answer")
	check(flags.Parse(arguments))
	file, err := os.OpenFile(flags.Arg(0), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	check(err)
	listener, err := net.Listen("tcp", fmt.Sprintf(":%d", *port))
	check(err)
	server := &server{file: file, delay: *delay}
	go func() {
		<-terminated()
		os.Exit(0)
	}()
	for {
		conn, err := listener.Accept()
		check(err)
		go server.answer(conn)
	}
}

type server struct {
	delay time.Duration
	mu    sync.Mutex
	file  *os.File
}

func (s *server) answer(conn net.Conn) {
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		came := time.Now()
		s.record(lines.Text())
		time.Sleep(s.delay)
		if _, err := fmt.Fprintln(conn, lines.Text()); err != nil {
			return
		}
		fmt.Println(lines.Text(), came.UnixMilli(), time.Now().UnixMilli())
	}
}

// record is what makes an answer an acknowledgement.
func (s *server) record(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := fmt.Fprintln(s.file, line)
	check(err)
	check(syscall.Fdatasync(int(s.file.Fd())))
}
