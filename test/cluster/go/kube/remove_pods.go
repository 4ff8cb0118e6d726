package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// newRemovePodsCommand returns "remove-pods SOCKET", which takes every container and
// pod sandbox of a container runtime away without grace. Shims outlive containerd, so
// the bed does this while containerd still runs.
func newRemovePodsCommand() *cobra.Command {
	var limit time.Duration
	cmd := &cobra.Command{
		Use:  "remove-pods SOCKET",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), limit)
			defer cancel()
			return removePods(ctx, args[0])
		},
	}
	cmd.Flags().DurationVar(&limit, "timeout", time.Minute, "limit for the whole removal")
	return cmd
}

func removePods(ctx context.Context, socket string) error {
	conn, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	runtime := cri.NewRuntimeServiceClient(conn)

	containers, err := runtime.ListContainers(ctx, &cri.ListContainersRequest{})
	if err != nil {
		return err
	}
	stopErr := inParallel(containers.Containers, func(c *cri.Container) error {
		_, err := runtime.StopContainer(ctx, &cri.StopContainerRequest{ContainerId: c.Id, Timeout: 0})
		return err
	})
	sandboxes, err := runtime.ListPodSandbox(ctx, &cri.ListPodSandboxRequest{})
	if err != nil {
		return err
	}
	removeErr := inParallel(sandboxes.Items, func(s *cri.PodSandbox) error {
		if _, err := runtime.StopPodSandbox(ctx, &cri.StopPodSandboxRequest{PodSandboxId: s.Id}); err != nil {
			return err
		}
		_, err := runtime.RemovePodSandbox(ctx, &cri.RemovePodSandboxRequest{PodSandboxId: s.Id})
		return err
	})
	if removeErr != nil {
		return errors.Join(stopErr, removeErr)
	}
	return nil // a container that did not stop by itself went with its sandbox
}

func inParallel[T any](items []T, do func(T) error) error {
	errs := make([]error, len(items))
	var group sync.WaitGroup
	for i, item := range items {
		group.Go(func() { errs[i] = do(item) })
	}
	group.Wait()
	return errors.Join(errs...)
}
