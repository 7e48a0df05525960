package daemon

const initDaemon = `# In command, env and files these are replaced: {config} a configuration file (docs/operating.md, section 6), with where to listen, the Unix socket and
# what the scenario sets; {listen} ADDR:PORT to listen on (or {host} and {port}), {socket} the Unix socket's path, {address_file}
# where the program writes that address when it listens, {modes}, {flow_idle}, {max_sessions} and so on: moshd's options
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
