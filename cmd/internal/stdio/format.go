package stdio

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// Levels are the names of the log's levels, with the most lines first.
var Levels = []string{"debug", "info", "warn", "error"}

var level slog.LevelVar

// SetLevel leaves lines below that level out of all logs.
func SetLevel(name string) error {
	if !slices.Contains(Levels, name) {
		return fmt.Errorf("log-level %q: is none of debug, info, warn, error", name)
	}
	return level.UnmarshalText([]byte(name))
}

// Text is a handler that writes a line for each record, of the level that was set.
func Text(w io.Writer) slog.Handler {
	options := &slog.HandlerOptions{Level: &level}
	if toJournal() {
		options.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}
	}
	return slog.NewTextHandler(w, options)
}

// toJournal says whether standard error is systemd's journal, which notes the time of each line itself. The variable
// is inherited by programs whose standard error leads elsewhere: hence the numbers (systemd.exec(5)).
func toJournal() bool {
	var stat unix.Stat_t
	journal := os.Getenv("JOURNAL_STREAM")
	return journal != "" && unix.Fstat(unix.Stderr, &stat) == nil && journal == fmt.Sprintf("%d:%d", stat.Dev, stat.Ino)
}
