package main

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
)

// desktopBrowser opens an address in the browser of the desktop that this terminal is on; nil where there is none.
func desktopBrowser(interactive bool) func(address string) error {
	var command []string
	switch {
	case !interactive || os.Getenv("SSH_CONNECTION") != "":
		return nil
	case runtime.GOOS == "darwin":
		command = []string{"open"}
	case runtime.GOOS == "windows":
		command = []string{"rundll32", "url.dll,FileProtocolHandler"}
	case os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != "":
		command = []string{"xdg-open"}
	default:
		return nil
	}
	return func(address string) error {
		path, err := exec.LookPath(command[0])
		if err != nil {
			return errors.New("no browser")
		}
		cmd := exec.Command(path, append(command[1:], address)...) //nolint:noctx // it outlives the command
		if err := cmd.Start(); err != nil {
			return err
		}
		go func() { _ = cmd.Wait() }()
		return nil
	}
}
