package engine

import (
	"fmt"
)

// InitTOML returns a commented target file for a role. Unchanged, it judges the reference implementation.
func (u *Suite) InitTOML(role string) string {
	r := u.role(role)
	example, _ := u.find(r.Baseline, role)
	return fmt.Sprintf(initHead, role) + r.Init + fmt.Sprintf(initTail, example.Rule.ID, example.Name, role)
}

const initHead = `# How muxspec starts a program, and which deviations are known. Unchanged, this file judges the
# reference implementation:
#     muxspec run --target THIS-FILE
name = "mine"
description = "one line about it"
roles = [%q]

`

const initTail = `# [env]
# NAME = "value"

# Files to write into {dir} before the program starts.
# [files]
# "my.conf" = """
# port {port}
# """

# Known deviations. "muxspec run --target THIS-FILE --write-known FILE" writes these entries.
# [[known]]
# rule = %q
# scenario = %q
# role = %q   # if the rule is for both roles, and only one breaks it
# reason = "why it is not fixed yet"
# intermittent = true      # if the deviation does not always occur
`
