package engine

import (
	"fmt"
)

// InitTOML gives a target file for a role that works unchanged, with the reference as the program, and says what to
// change.
func (u *Suite) InitTOML(role string) string {
	r := u.role(role)
	example, _ := u.find(r.Baseline, role)
	return fmt.Sprintf(initHead, role) + r.Init + fmt.Sprintf(initTail, example.Rule.ID, example.Name, role)
}

const initHead = `# How muxspec starts a program, and what is known of it. As it stands this file judges the reference implementation:
#     muxspec run --target THIS-FILE
name = "mine"
description = "one line about it"
roles = [%q]

`

const initTail = `# [env]
# NAME = "value"

# Files that are written into {dir} before the start.
# [files]
# "my.conf" = """
# port {port}
# """

# What it is known to do wrong: "muxspec run --target THIS-FILE --write-known FILE" writes the entries.
# [[known]]
# rule = %q
# scenario = %q
# role = %q   # if the rule is for both roles, and not both break it
# reason = "why it is as it is"
# intermittent = true      # if it does not always happen
`
