// Drives controllers with gofish, and prints what became of each step as one line of JSON.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/stmcginnis/gofish"
	"github.com/stmcginnis/gofish/schemas"
)

const image = "http://127.0.0.1:9/system.iso"

var errNone = errors.New("it offers none")

type step struct {
	name string
	work func() (string, error)
}

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
	config := gofish.ClientConfig{Endpoint: origin, Username: "admin", Password: "simulated", Insecure: true}
	client, err := gofish.Connect(config)
	if err != nil {
		return map[string]string{"open": err.Error()}
	}
	defer client.Logout()
	told := map[string]string{}
	for _, one := range steps(client.Service) {
		seen, err := one.work()
		if err != nil {
			seen = err.Error()
		}
		told[one.name] = seen
	}
	return told
}

func steps(service *gofish.Service) []step {
	return []step{
		{"boot", func() (string, error) { return boot(service) }},
		{"media", func() (string, error) { return media(service) }},
		{"account", func() (string, error) { return account(service) }},
		{"power", func() (string, error) { return power(service) }},
		{"logs", func() (string, error) { return logs(service) }},
	}
}

// The one of several systems that can be reset.
func host(service *gofish.Service) (*schemas.ComputerSystem, error) {
	systems, err := service.Systems()
	for _, one := range systems {
		if one.PowerState != "" {
			return one, nil
		}
	}
	return nil, errors.Join(err, errNone)
}

func boot(service *gofish.Service) (string, error) {
	system, err := host(service)
	if err != nil {
		return "", err
	}
	wish := schemas.Boot{
		BootSourceOverrideTarget:  schemas.PxeBootSource,
		BootSourceOverrideEnabled: schemas.OnceBootSourceOverrideEnabled,
	}
	if err := system.SetBoot(&wish); err != nil {
		return "", err
	}
	system, err = host(service)
	if err != nil {
		return "", err
	}
	return string(system.Boot.BootSourceOverrideTarget), nil
}

func power(service *gofish.Service) (string, error) {
	system, err := host(service)
	if err != nil {
		return "", err
	}
	if _, err := system.Reset(schemas.OnResetType); err != nil {
		return "", err
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if system, err = host(service); err == nil && system.PowerState == schemas.OnPowerState {
			break
		}
	}
	return string(system.PowerState), err
}

func drives(service *gofish.Service) ([]*schemas.VirtualMedia, error) {
	all := []*schemas.VirtualMedia{}
	managers, err := service.Managers()
	for _, one := range managers {
		found, _ := one.VirtualMedia()
		all = append(all, found...)
	}
	if system, err := host(service); err == nil {
		found, _ := system.VirtualMedia()
		all = append(all, found...)
	}
	return all, err
}

func media(service *gofish.Service) (string, error) {
	all, err := drives(service)
	for _, one := range all {
		if len(one.MediaTypes) == 0 || one.MediaTypes[0] != schemas.CDVirtualMediaType {
			continue
		}
		if _, err := one.InsertMedia(&schemas.VirtualMediaInsertMediaParameters{Image: image}); err != nil {
			return "", err
		}
		inserted, err := again(service, one.ODataID)
		if err != nil {
			return "", err
		}
		seen := inserted.Inserted
		if _, err := inserted.EjectMedia(); err != nil {
			return "", err
		}
		inserted, err = again(service, one.ODataID)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%s %s", word(seen), word(inserted.Inserted)), nil
	}
	return "", errors.Join(err, errNone)
}

func word(value any) string {
	switch one := value.(type) {
	case bool:
		return map[bool]string{true: "True", false: "False"}[one]
	case *bool:
		return word(one != nil && *one)
	}
	return fmt.Sprint(value)
}

func again(service *gofish.Service, id string) (*schemas.VirtualMedia, error) {
	all, err := drives(service)
	for _, one := range all {
		if one.ODataID == id {
			return one, nil
		}
	}
	return nil, errors.Join(err, errNone)
}

func account(service *gofish.Service) (string, error) {
	accounts, err := service.AccountService()
	if err != nil {
		return "", err
	}
	if _, err := accounts.CreateAccount("guest", "Gu3st-of-the-rack", "ReadOnly"); err != nil {
		return "", err
	}
	all, err := accounts.Accounts()
	for _, one := range all {
		if one.UserName != "guest" {
			continue
		}
		one.RoleID = "Operator"
		if err := one.Update(); err != nil {
			return "", err
		}
	}
	all, err = accounts.Accounts()
	for _, one := range all {
		if one.UserName == "guest" {
			return one.RoleID, nil
		}
	}
	return "", errors.Join(err, errNone)
}

func logs(service *gofish.Service) (string, error) {
	services := []*schemas.LogService{}
	managers, err := service.Managers()
	for _, one := range managers {
		found, _ := one.LogServices()
		services = append(services, found...)
	}
	if system, err := host(service); err == nil {
		found, _ := system.LogServices()
		services = append(services, found...)
	}
	count := 0
	for _, one := range services {
		entries, err := one.Entries()
		if err != nil {
			return "", err
		}
		count += len(entries)
	}
	if count == 0 {
		return "none", err
	}
	return "read", err
}
