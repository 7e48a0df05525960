package process_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/muxspec/muxspec/ref/process"
)

// A program starts another one that must not see a secret of its environment.
func ExampleEnvironment() {
	os.Setenv("MOSH_KEY", "secret")
	cmd := exec.Command("true")
	cmd.Env = process.Environment("MOSH_KEY")
	fmt.Println(strings.Contains(strings.Join(cmd.Env, "\n"), "secret"))
	// Output: false
}
