package daemon

const initDaemon = `# Placeholders in command, env and files:
#   {config}        a configuration file in the form of docs/operating.md, section 6: the address, the Unix
#                   socket, and what the scenario sets
#   {listen}        ADDR:PORT to listen on; {host} and {port} are its parts
#   {socket}        the path of the Unix socket
#   {address_file}  the file to write the address to once the program listens
#   {modes} {flow_idle} {max_sessions} ...
#                   moshd's options there, with _ for -, for a program that reads no such file
#   {dir} {user}    an empty folder, and the user that the program runs as
#   {muxspec}       the suite's own program

# The program and its arguments. A name without a slash is looked up in the folders of path, then in PATH. A
# relative path starts at this file's folder.
# path = ["/usr/sbin"]
command = ["{muxspec}", "moshd", "--config={config}", "--address-file={address_file}"]

# The program takes sockets from a service manager, as sd_listen_fds(3) describes. Without this key, scenarios that
# need it are unsupported.
activation = true

# The program answers LIST (section 2.7). Without this key, scenarios that need it are unsupported.
listing = true

# The modes that the program has, if not all: scenarios that need another one are unsupported.
# modes = ["token"]

# If the program has no {address_file}: a pattern for the line on standard output that says that it listens.
# ready_line = "listening"

`
