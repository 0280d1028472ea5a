package dev

import "syscall"

// processGroup also asks the kernel to kill the child should the supervisor die without stopping it. The kernel ties that to
// the thread that started the child; Go's threads live as long as the program unless a locked goroutine ends, and none is
// locked here.
func processGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
