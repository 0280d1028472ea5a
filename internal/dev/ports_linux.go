package dev

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// tcpListen is the state of a listening socket in /proc/net/tcp: https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html.
const tcpListen = "0A"

// portHolder says which program listens on the port, such as "temporal (process 4711)", or "" when that cannot be seen.
func portHolder(number string) string {
	port, err := strconv.Atoi(number)
	if err != nil {
		return ""
	}
	suffix := fmt.Sprintf(":%04X", port)
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			f := strings.Fields(line)
			if len(f) > 9 && strings.HasSuffix(f[1], suffix) && f[3] == tcpListen {
				return socketHolder("socket:[" + f[9] + "]")
			}
		}
	}
	return ""
}

// socketHolder finds the process that has the socket open, among those this user may look into.
func socketHolder(socket string) string {
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, link := range links {
		target, err := os.Readlink(link)
		if err != nil || target != socket {
			continue
		}
		pid := strings.Split(link, "/")[2]
		name, err := os.ReadFile("/proc/" + pid + "/comm")
		if err != nil {
			return "process " + pid
		}
		return fmt.Sprintf("%s (process %s)", strings.TrimSpace(string(name)), pid)
	}
	return ""
}
