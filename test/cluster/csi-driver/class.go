package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// class says how the array of a snapshot class or group snapshot class behaves; the parameters are listed in README.md.
type class struct {
	mode       string
	reverse    bool
	skew       time.Duration
	cutDelay   time.Duration
	readyAfter time.Duration
}

func parseClass(parameters map[string]string) (class, error) {
	c := class{mode: "atomic", skew: 3 * time.Second}
	if parameters["mode"] == "slow" {
		c.cutDelay, c.readyAfter = 2*time.Second, 5*time.Second
	}
	for key, value := range parameters {
		var err error
		switch key {
		case "mode":
			c.mode = value
			err = oneOf(value, "atomic", "skewed", "slow", "failing", "hanging")
		case "order":
			c.reverse = value == "reverse"
			err = oneOf(value, "created", "reverse")
		case "skew":
			c.skew, err = time.ParseDuration(value)
		case "cutDelay":
			c.cutDelay, err = time.ParseDuration(value)
		case "readyAfter":
			c.readyAfter, err = time.ParseDuration(value)
		default:
			if !strings.HasPrefix(key, "csi.storage.k8s.io/") {
				err = errors.New("no such parameter")
			}
		}
		if err != nil {
			return c, status.Errorf(codes.InvalidArgument, "class parameter %s=%q: %v", key, value, err)
		}
	}
	return c, nil
}

func oneOf(value string, allowed ...string) error {
	for _, a := range allowed {
		if value == a {
			return nil
		}
	}
	return fmt.Errorf("must be one of %s", strings.Join(allowed, ", "))
}
