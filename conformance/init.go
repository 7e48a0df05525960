package conformance

import (
	"fmt"
	"strings"
)

// InitTOML gives a target file for a role that runs as it is, with the reference as the program, and says what to change.
func InitTOML(role string) string {
	switch {
	case role == udpDaemon:
		return fmt.Sprintf(initHead+initDaemon+initTail, role)
	case isUDPAgent(role):
		return fmt.Sprintf(initHead+initAgent+initTail, role, agentPrograms[role])
	case isHMAC(role):
		return fmt.Sprintf(initHead+initHMAC+initTail, role, strings.Replace(role, "-", "", 1), clientFirstComment(role))
	case isClient(role):
		return fmt.Sprintf(initHead+initClient+initTail, role)
	}
	return fmt.Sprintf(initHead+initServer+initTail, role)
}

// clientFirstComment explains what only a server can have.
func clientFirstComment(role string) string {
	if role != "hmacsocket-server" {
		return ""
	}
	return `
# Arguments that make it say nothing before the client has sent authentic data; without them those scenarios are unsupported.
# client_first = ["--client-first"]
`
}

const initHead = `# How muxspec starts a program, and what is known of it. As it stands this file judges the reference implementation:
#     muxspec run --target THIS-FILE
name = "mine"
description = "one line about it"
roles = [%q]

`

const initServer = `# In command, env and files these are replaced: {listen} HOST:PORT to listen on (or {host} and {port}), {address_file} where the
# program writes the address if it chooses the port (then {listen} has port 0), {dir} an empty folder, {muxspec} the suite's
# own program, {user} who it runs as, {long} a name of 64 bytes, {request_timeout} the time for a request.

# The program and its arguments. A name without a slash is looked for in the folders of path, then in PATH; a path begins at
# this file's folder.
# path = ["/usr/sbin"]
command = [
  "{muxspec}", "tcpmuxd", "--listen={listen}", "--address-file={address_file}", "--request-timeout={request_timeout}",
  "--service=echo=exec:{muxspec} service echo",
  "--service=late=exec:{muxspec} service late",
]

# The services that it has for the scenarios; echo is the one that most of them need.
#   echo      {muxspec} service echo
#   CaseEcho  the same, with these capitals in the configuration
#   late      {muxspec} service late: sends 64 KiB when its input has ended
#   own       {muxspec} service own: sends the reply line itself
#   absent    its program does not exist
#   long      echo under the name {long}
services = ["echo", "late"]

# Without {address_file}: a line on standard output that tells that it listens; a group in it is the address.
# ready_line = "listening on (.+)"

# A time limit that cannot be set: its value, or "none".
# [timers]
# request_timeout = "75s"

`

const initClient = `# In command, env and files these are replaced: {address} HOST:PORT of the suite's server (or {host} and {port}), {name} the
# service to ask for, {reply_timeout} the time to wait for its reply, {dir} an empty folder, {muxspec} the suite's own program,
# {user} who it runs as. The session goes through standard input and output.

# The program and its arguments. A name without a slash is looked for in the folders of path, then in PATH; a path begins at
# this file's folder.
# path = ["/usr/bin"]
command = ["{muxspec}", "tcpmux", "--timeout={reply_timeout}", "{address}", "{name}"]

# A time limit that cannot be set: its value, or "none".
# [timers]
# reply_timeout = "30s"

`

const initHMAC = `# In command, env and files these are replaced: {keyfile} the file that holds the key, {listen} HOST:PORT to listen on (or {host} and
# {port}), {connect} HOST:PORT to connect to, {address_file} where the program writes the address if it chooses the port (then
# {listen} has port 0), {hash} the name of the hash, {init_timeout} the time for the peer's Init, {dir} an empty folder,
# {muxspec} the suite's own program, {user} who it runs as.

# The program and its arguments. A name without a slash is looked for in the folders of path, then in PATH; a path begins at
# this file's folder, and may hold a variable of the environment.
# path = ["$HMACSOCKET_DIR"]
command = [
  "{muxspec}", "%s", "--keyfile={keyfile}", "--listen={listen}", "--connect={connect}",
  "--address-file={address_file}", "--hash={hash}", "--init-timeout={init_timeout}",
]

# The hashes that it has, by the names that {hash} stands for; without the key, sha256 alone.
hashes = ["sha256", "sha512", "sha512-256", "blake2b-256", "blake3"]
%s
# Without {address_file}: a line on standard output that tells that it listens; a group in it is the address.
# ready_line = "listening on (.+)"

# A time limit that cannot be set: its value, or "none".
# [timers]
# init_timeout = "10s"

`

const initDaemon = `# In command, env and files these are replaced: {config} a configuration file of section 3's form, with where to listen, the Unix socket and
# what the scenario sets; {listen} ADDR:PORT to listen on (or {host} and {port}), {socket} the Unix socket's path, {address_file}
# where the program writes that address when it listens, {modes}, {flow_idle}, {max_sessions} and so on: the options of section 3
# with _ for -, for a program that reads no such file; {dir} an empty folder, {muxspec} the suite's own program, {user} who it runs as.

# The program and its arguments. A name without a slash is looked for in the folders of path, then in PATH; a path begins at
# this file's folder.
# path = ["/usr/sbin"]
command = ["{muxspec}", "moshd", "--config={config}", "--address-file={address_file}"]

# It takes its sockets from a service manager, as sd_listen_fds(3) says; without the key, what needs that is unsupported.
activation = true

# Without {address_file}: a line on standard output that tells that it listens.
# ready_line = "listening"

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
# rule = "TCPMUX-5"
# scenario = "nothing-between"
# role = "tcpmux-server"   # if the rule is for both roles, and not both break it
# reason = "why it is as it is"
# intermittent = true      # if it does not always happen
`
