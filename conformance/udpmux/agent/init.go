package agent

// agentPrograms are the reference's agents.
var agentPrograms = map[string]string{Server: "mosh-server-mux", Client: "mosh-client-mux"}

const initAgent = `# Placeholders in command, env and files:
#   {dir} {user}  an empty folder, and the user that the program runs as
#   {muxspec}     the suite's own program

# The program and its first arguments. The suite appends the arguments that mosh passes, with the options of the
# protocol's pages before "new". A name without a slash is looked up in the folders of path, then in PATH. A
# relative path starts at this file's folder.
#
# The program's PATH begins with a folder of stand-ins for mosh-server and mosh-client, and MOSHD_SOCKET in its
# environment names the socket of the daemon, which the suite plays.
# path = ["/usr/bin"]
command = ["{muxspec}", %q]

`
