package moshagent

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/cmdline"
	"github.com/muxspec/muxspec/cmd/internal/sessions"
)

// reap is --reap: it ends this user's sessions that nobody has used for so long.
func reap(fs *pflag.FlagSet) int {
	text, _ := fs.GetString("reap")
	least, err := parseDays(text)
	if err != nil {
		return cmdline.Usage(fs, "--reap %v", err)
	}
	if fs.NArg() > 0 {
		return cmdline.Usage(fs, "unexpected argument %q", fs.Arg(0))
	}
	sockets, _, err := findDaemon(fs)
	if err != nil {
		return cmdline.Usage(fs, "%v", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGHUP, unix.SIGINT, unix.SIGTERM)
	defer stop()
	list, err := sessions.List(ctx, sockets)
	if err != nil {
		cmdline.Complain(fs, "%v", err)
		return cmdline.ExitFailure
	}
	dry, _ := fs.GetBool("dry-run")
	return reapOf(fs, list, least, dry)
}

// reapOf ends those of the list.
func reapOf(fs *pflag.FlagSet, list []sessions.Session, least time.Duration, dry bool) (code int) {
	own, done, does := 0, 0, "ended"
	if dry {
		does = "would end"
	}
	for _, s := range list {
		if int64(s.UID) != int64(os.Geteuid()) {
			continue
		}
		if own++; s.IdleFor() < least {
			continue
		}
		what := fmt.Sprintf("session %d, mosh-server %d, idle for %v", s.ID, s.PID, s.IdleFor())
		if !dry {
			if err := s.Terminate(); err != nil {
				cmdline.Complain(fs, "%s: %v", what, err)
				code = cmdline.ExitFailure
				continue
			}
		}
		done++
		fmt.Printf("%s %s\n", does, what)
	}
	if done == 0 && code == cmdline.ExitOK {
		fmt.Printf("none of your %d sessions is idle for %v\n", own, least)
	}
	return code
}

// parseDays reads a time that may be in days.
func parseDays(text string) (d time.Duration, err error) {
	const most = 365 * 10
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n uint64
		n, err = strconv.ParseUint(days, 10, 32)
		d = time.Duration(min(n, most)) * 24 * time.Hour
	} else {
		d, err = time.ParseDuration(text)
	}
	if err != nil || d < time.Second {
		return 0, fmt.Errorf(`%q: must be a time of a second or more, such as "7d" or "12h"`, text)
	}
	return d, nil
}
