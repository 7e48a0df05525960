package hmacsocket

const initHMAC = `# Placeholders in command, env and files:
#   {keyfile}       the file that holds the key, usually 32 random bytes
#   {listen}        HOST:PORT to listen on; {host} and {port} are its parts
#   {connect}       HOST:PORT to connect to
#   {address_file}  the file to write the address to, if the program chooses the port; {listen} then has port 0
#   {hash}          the name of the hash
#   {init_timeout}  the time limit for the peer's Init: 1s in scenarios that wait for it, otherwise 1m
#   {dir} {user}    an empty folder, and the user that the program runs as
#   {muxspec}       the suite's own program

# The program and its arguments. A name without a slash is looked up in the folders of path, then in PATH. A
# relative path starts at this file's folder; path may contain environment variables.
# path = ["$HMACSOCKET_DIR"]
command = [
  "{muxspec}", "%s", "--keyfile={keyfile}", "--listen={listen}", "--connect={connect}",
  "--address-file={address_file}", "--hash={hash}", "--init-timeout={init_timeout}",
]

# The hashes that the program offers, by the names that {hash} takes. Without this key: sha256 alone.
hashes = ["sha256", "sha512", "sha512-256", "blake2b-256", "blake3"]

# Arguments that set the announced ML, and a second address to listen at. Without them, the scenarios that need them
# are unsupported.
# max_data = ["--max-data={max_data}"]
# also_listen = ["--listen={also_listen}"]
%s
# If the program has no {address_file}: a pattern for the line on standard output that says that it listens. A group
# in it is the address; without one, {listen} has a port.
# ready_line = "listening on (.+)"

# A time limit that cannot be set from outside: its value, or "none".
# [timers]
# init_timeout = "10s"

`

// serverComment explains what only a server can have.
func serverComment(role string) string {
	if role != Server {
		return ""
	}
	return `
# Arguments that make the program send nothing before the client has sent authentic data. Without them, the
# scenarios that need them are unsupported.
# client_first = ["--client-first"]

# Arguments that set how many connections the program accepts, in all and from one address.
# max_connections = ["--max-connections={max_connections}"]
# max_per_source = ["--max-per-source={max_per_source}"]
`
}
