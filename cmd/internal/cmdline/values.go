package cmdline

import (
	"fmt"
	"net"
	"strconv"

	"github.com/spf13/pflag"
)

// CheckAddress says what is wrong with an address to connect to.
func CheckAddress(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" {
		return fmt.Errorf("%q is not HOST:PORT", address)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("%q: %q is not a port number from 1 to 65535", address, port)
	}
	return nil
}

// Given returns the values of a repeatable option as they are: [pflag.FlagSet.GetStringArray] loses an empty one and
// CR.
func Given(fs *pflag.FlagSet, name string) []string {
	return fs.Lookup(name).Value.(pflag.SliceValue).GetSlice()
}
