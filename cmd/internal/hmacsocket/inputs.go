package hmacsocket

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/muxspec/muxspec/cmd/internal/standalone"
	"github.com/muxspec/muxspec/ref/hmacsocket"
)

// maxKey is a bound for what can only be a mistake, such as a device for a key.
const maxKey = 1 << 20

// shortKey is how many bytes a key should have, so that it cannot be guessed.
const shortKey = 16

// loadKey makes a key of a file's bytes as they are (HMACSOCKET-68, -69), and warns of what is likely to be a mistake.
func loadKey(hash, file string, log *slog.Logger) (*hmacsocket.Key, error) {
	k, info, err := readKey(file)
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = path.Err // the message names the file already
	}
	if err != nil {
		return nil, fmt.Errorf("--keyfile %q: %w", file, err)
	}
	if others := info.Mode().Perm() & 0o077; info.Mode().IsRegular() && others != 0 {
		log.Warn("others than its owner have access to the key file", "file", file, "mode",
			fmt.Sprintf("%04o", info.Mode().Perm()))
	}
	if k[len(k)-1] == '\n' {
		log.Warn("the key ends in a line end, which is a part of it", "file", file)
	}
	if len(k) < shortKey {
		log.Warn("the key is short: 16 random bytes or more cannot be guessed", "file", file, "bytes", len(k))
	}
	return hmacsocket.NewKey(hash, k)
}

func readKey(file string) (k []byte, info fs.FileInfo, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return nil, nil, err
	}
	k, err = io.ReadAll(io.LimitReader(f, maxKey+1))
	switch {
	case err != nil:
		return nil, nil, err
	case len(k) == 0:
		return nil, nil, errors.New("the key is empty")
	case len(k) > maxKey:
		return nil, nil, fmt.Errorf("the key is longer than %d bytes", maxKey)
	}
	return k, info, nil
}

// listenAddresses adds what [HOST:]PORT leaves out, and says what is wrong with the addresses.
func listenAddresses(given []string) (addresses []string, err error) {
	for _, address := range given {
		whole := address
		if !strings.Contains(address, ":") {
			whole = ":" + address
		}
		_, port, err := net.SplitHostPort(whole)
		if err != nil {
			return nil, fmt.Errorf("--listen %q: is not [HOST:]PORT", address)
		}
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return nil, fmt.Errorf("--listen %q: %q is not a port number from 0 to 65535", address, port)
		}
		addresses = append(addresses, whole)
	}
	return addresses, nil
}

// tcpListeners opens the sockets. On others than TCP a connection cannot be reset, so that a cut stream would look
// whole.
func tcpListeners(addresses []string) ([]net.Listener, error) {
	listeners, err := standalone.Listeners(addresses)
	for _, l := range listeners {
		if _, ok := l.(*net.TCPListener); !ok {
			return nil, fmt.Errorf("socket activation: %v is no TCP socket", l.Addr())
		}
	}
	return listeners, err
}
