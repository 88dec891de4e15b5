// One binary that is etcd or the Kubernetes API server, by its first argument: the suites of test/drain start both.
package main

import (
	"fmt"
	"net/url"
	"os"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	if len(os.Args) < 2 {
		os.Exit(2)
	}
	what := os.Args[1]
	os.Args = append([]string{what}, os.Args[2:]...)
	switch what {
	case "etcd":
		store(os.Args[1], os.Args[2], os.Args[3])
	case "apiserver":
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	default:
		os.Exit(2)
	}
}

// store keeps its data in folder and serves clients at one origin; peer is another that nobody uses.
func store(folder, clients, peer string) {
	config := embed.NewConfig()
	config.Dir = folder
	config.LogLevel = "error"
	config.UnsafeNoFsync = true
	config.ListenClientUrls, config.AdvertiseClientUrls = origin(clients), origin(clients)
	config.ListenPeerUrls, config.AdvertisePeerUrls = origin(peer), origin(peer)
	config.InitialCluster = config.Name + "=" + peer
	server, err := embed.StartEtcd(config)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	<-server.Server.ReadyNotify()
	fmt.Println("ready")
	fmt.Fprintln(os.Stderr, <-server.Err())
	os.Exit(1)
}

func origin(text string) []url.URL {
	parsed, err := url.Parse(text)
	if err != nil {
		panic(err)
	}
	return []url.URL{*parsed}
}
