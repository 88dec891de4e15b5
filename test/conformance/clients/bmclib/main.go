// Drives controllers with bmclib, and prints what became of each step as one line of JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"time"

	"github.com/bmc-toolbox/bmclib/v2"
)

const (
	image    = "http://127.0.0.1:9/system.iso"
	password = "Gu3st-of-the-rack"
)

var errNone = errors.New("it offers none")

func main() {
	var origins map[string]string
	if err := json.Unmarshal([]byte(os.Args[1]), &origins); err != nil {
		panic(err)
	}
	found := map[string]map[string]string{}
	for family, origin := range origins {
		found[family] = drive(origin)
	}
	_ = json.NewEncoder(os.Stdout).Encode(found)
}

func drive(origin string) map[string]string {
	place, err := url.Parse(origin)
	if err != nil {
		return map[string]string{"open": err.Error()}
	}
	client := bmclib.NewClient(
		place.Hostname(), "admin", "simulated",
		bmclib.WithRedfishPort(place.Port()),
		// It takes no system of several by itself.
		bmclib.WithRedfishSystemName(place.Fragment),
		bmclib.WithPerProviderTimeout(time.Minute),
	)
	// Of all its drivers the one that speaks Redfish: the others are for IPMI and vendors' own interfaces.
	client.Registry.Drivers = client.Registry.Using("redfish")
	client.Registry.Drivers = client.Registry.For("gofish")
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if err := client.Open(ctx); err != nil {
		return map[string]string{"open": err.Error()}
	}
	defer client.Close(ctx)
	return map[string]string{
		"boot":    said(client.SetBootDevice(ctx, "pxe", false, true)),
		"media":   words(media(ctx, client)),
		"account": words(account(ctx, client)),
		"power":   words(power(ctx, client)),
		"logs":    words(logs(ctx, client)),
	}
}

func said(done bool, err error) string {
	if err == nil && done {
		return "Pxe"
	}
	return words("", errors.Join(err, errNone))
}

func words(seen string, err error) string {
	if err != nil {
		return err.Error()
	}
	return seen
}

func power(ctx context.Context, client *bmclib.Client) (string, error) {
	if _, err := client.SetPowerState(ctx, "on"); err != nil {
		return "", err
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if state, err := client.GetPowerState(ctx); err == nil && (state == "On" || state == "on") {
			return "On", nil
		}
	}
	return "Off", nil
}

func media(ctx context.Context, client *bmclib.Client) (string, error) {
	if _, err := client.SetVirtualMedia(ctx, "CD", image); err != nil {
		return "", err
	}
	if _, err := client.SetVirtualMedia(ctx, "CD", ""); err != nil {
		return "", err
	}
	return "True False", nil
}

func account(ctx context.Context, client *bmclib.Client) (string, error) {
	if _, err := client.CreateUser(ctx, "guest", password, "ReadOnly"); err != nil {
		return "", err
	}
	if _, err := client.UpdateUser(ctx, "guest", "", "Operator"); err != nil {
		return "", err
	}
	users, err := client.ReadUsers(ctx)
	if err != nil {
		return "", err
	}
	for _, user := range users {
		if user["Username"] == "guest" {
			_, err := client.DeleteUser(ctx, "guest")
			return user["RoleID"], err
		}
	}
	return "", errNone
}

func logs(ctx context.Context, client *bmclib.Client) (string, error) {
	entries, err := client.GetSystemEventLog(ctx)
	if err == nil && len(entries) == 0 {
		return "none", nil
	}
	return "read", err
}

