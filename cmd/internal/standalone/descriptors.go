package standalone

import (
	"log/slog"

	"golang.org/x/sys/unix"
)

// ownDescriptors are those that a program needs beside its connections'.
const ownDescriptors = 32

// Fit lowers a limit of connections to what the descriptors allow that this process may have, and says so if somebody
// has chosen it; 0 is no limit, and stays. Each connection needs so many descriptors. Go has raised what is allowed as
// far as the system lets it.
func Fit(limit, each, byDefault int, log *slog.Logger) int {
	var allowed unix.Rlimit
	if limit == 0 || unix.Getrlimit(unix.RLIMIT_NOFILE, &allowed) != nil {
		return limit
	}
	const many = 1 << 30
	descriptors := int(min(uint64(allowed.Cur), many))
	most := max((descriptors-ownDescriptors)/each, 1)
	if limit > most && limit != byDefault {
		log.Warn("max-connections is more than there are descriptors for, and was lowered",
			"connections", most, "descriptors", descriptors)
	}
	return min(limit, most)
}
