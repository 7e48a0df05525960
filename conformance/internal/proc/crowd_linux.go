package proc

import (
	"fmt"
	"os"
	"runtime"
)

// crowd is how many programs for each processor are too many: each then waits longer than it runs.
const crowd = 3

// Crowded says whether too many programs want to run, on average over the last minute.
func Crowded() bool {
	var running float64
	if b, err := os.ReadFile("/proc/loadavg"); err == nil {
		fmt.Sscan(string(b), &running)
	}
	return running > crowd*float64(runtime.NumCPU())
}
