package tcpmux

const initServer = `# Placeholders in command, env and files:
#   {listen}           HOST:PORT to listen on; {host} and {port} are its parts
#   {address_file}     the file to write the address to, if the program chooses the port; {listen} then has port 0
#   {request_timeout}  the time limit for a request: 1s in scenarios that wait for it, otherwise 1m
#   {max_name}         the length of the longest name: 255 unless a scenario sets it
#   {long} {blanks}    a service name of 64 bytes, and one with white space before, inside and after it
#   {program} {service_tcp} {service_unix}
#                      what the services script, tcp and unix below need
#   {dir} {user}       an empty folder, and the user that the program runs as
#   {muxspec}          the suite's own program

# The program and its arguments. A name without a slash is looked up in the folders of path, then in PATH. A
# relative path starts at this file's folder.
# path = ["/usr/sbin"]
command = [
  "{muxspec}", "tcpmuxd", "--listen={listen}", "--address-file={address_file}", "--request-timeout={request_timeout}",
  "--service=echo=exec:{muxspec} service echo",
  "--service=late=exec:{muxspec} service late",
]

# The services that the program offers to the scenarios. Most scenarios need echo.
#   echo      {muxspec} service echo: sends back what it receives
#   CaseEcho  the same program, configured with these capitals
#   late      {muxspec} service late: sends 64 KiB after its input has ended
#   own       {muxspec} service own: sends its own reply line, then 64 KiB
#   absent    configured, but its program does not exist
#   long      echo under the name {long}
#   blanks    echo under the name {blanks}
#   idle      {muxspec} service idle: does nothing for a minute, whatever happens to its connection
#   script    {program}: an echo that the suite removes and puts back
#   tcp       sessions are forwarded to HOST:PORT {service_tcp}, an echo that sends 6 MiB after its input has ended
#   unix      the same, to the Unix socket {service_unix}
#   tcpmux    TCPMUX itself: a positive reply, and then the connection takes another request
services = ["echo", "late"]

# If the program has no {address_file}: a pattern for the line on standard output that says that it listens. A group
# in it is the address; without one, {listen} has a port.
# ready_line = "listening on (.+)"

# A time limit that cannot be set from outside: its value, or "none".
# [timers]
# request_timeout = "75s"

`

const initClient = `# Placeholders in command, env and files:
#   {address}        HOST:PORT of the suite's server; {host} and {port} are its parts
#   {name}           the service to ask for
#   {reply_timeout}  the time limit for the reply: 1s in scenarios that wait for it, otherwise 1m
#   {dir} {user}     an empty folder, and the user that the program runs as
#   {muxspec}        the suite's own program
# The session goes through standard input and output.

# The program and its arguments. A name without a slash is looked up in the folders of path, then in PATH. A
# relative path starts at this file's folder.
# path = ["/usr/bin"]
command = ["{muxspec}", "tcpmux", "--timeout={reply_timeout}", "{address}", "{name}"]

# What stands in place of {name} to have the list of services printed.
# list = ["--list"]

# A time limit that cannot be set from outside: its value, or "none".
# [timers]
# reply_timeout = "30s"

`
