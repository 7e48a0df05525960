package hmacsocket

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

# Arguments by which a scenario sets the limit that is announced, and a second address to listen at; without them those
# scenarios are unsupported.
# max_data = ["--max-data={max_data}"]
# also_listen = ["--listen={also_listen}"]
%s
# Without {address_file}: a line on standard output that tells that it listens; a group in it is the address.
# ready_line = "listening on (.+)"

# A time limit that cannot be set: its value, or "none".
# [timers]
# init_timeout = "10s"

`

// serverComment explains what only a server can have.
func serverComment(role string) string {
	if role != Server {
		return ""
	}
	return `
# Arguments that make it say nothing before the client has sent authentic data; without them those scenarios are unsupported.
# client_first = ["--client-first"]

# Arguments by which a scenario sets how many connections it has places for, in all and of one address.
# max_connections = ["--max-connections={max_connections}"]
# max_per_source = ["--max-per-source={max_per_source}"]
`
}
