package agent

// agentPrograms are the reference's agents.
var agentPrograms = map[string]string{Server: "mosh-server-mux", Client: "mosh-client-mux"}

const initAgent = `# The program and its first arguments; the suite puts those behind them that mosh gives, and in front of "new" the options of
# docs/udpmux-agents.md. A name without a slash is looked for in the folders of path, then in PATH; a path begins at this file's folder. In
# command, env and files these are replaced: {dir} an empty folder, {muxspec} the suite's own program, {user} who the program runs as.
#
# Its PATH begins with a folder of stand-ins for mosh-server and mosh-client, and MOSHD_SOCKET in its environment says where the
# daemon is, which is the suite.
# path = ["/usr/bin"]
command = ["{muxspec}", %q]

`
