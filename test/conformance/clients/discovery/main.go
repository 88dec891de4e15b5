// Reads targets over HTTP as Prometheus itself does, once, and prints them as JSON. Given the URL and the file of a token.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/discovery/http"
	"go.yaml.in/yaml/v2"
)

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(url, tokenFile string) error {
	conf := http.DefaultSDConfig
	said := fmt.Sprintf("url: %q\nauthorization:\n  credentials_file: %q\n", url, tokenFile)
	if err := yaml.UnmarshalStrict([]byte(said), &conf); err != nil {
		return err
	}
	registry := prometheus.NewRegistry()
	metrics := conf.NewDiscovererMetrics(registry, discovery.NewRefreshMetrics(registry))
	options := discovery.DiscovererOptions{Logger: slog.New(slog.DiscardHandler), Metrics: metrics, SetName: "farrier"}
	discoverer, err := http.NewDiscovery(&conf, options)
	if err != nil {
		return err
	}
	groups, err := discoverer.Refresh(context.Background())
	if err != nil {
		return err
	}
	found := []map[string]any{}
	for _, group := range groups {
		found = append(found, map[string]any{"targets": group.Targets, "labels": group.Labels})
	}
	return json.NewEncoder(os.Stdout).Encode(found)
}
