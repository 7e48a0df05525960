package tcpmux

const initServer = `# In command, env and files these are replaced: {listen} HOST:PORT to listen on (or {host} and {port}), {address_file} where the
# program writes the address if it chooses the port (then {listen} has port 0), {dir} an empty folder, {muxspec} the suite's
# own program, {user} who it runs as, {long} a name of 64 bytes, {blanks} one with white space, {request_timeout} the time for
# a request, {max_name} the longest name, {program}, {service_tcp} and {service_unix} what services below are made of.

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
#   blanks    echo under the name {blanks}
#   idle      {muxspec} service idle: does nothing for a minute
#   script    {program}: a program that is taken away
#   tcp       sessions are forwarded to HOST:PORT {service_tcp}
#   unix      sessions are forwarded to the Unix socket {service_unix}
#   tcpmux    TCPMUX itself: takes another request
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
