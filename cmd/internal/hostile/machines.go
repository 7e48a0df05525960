package main

import "strings"

// A machine is what is wrong with one: a piece of a shell script that makes it so, before judge is called.
type machine struct {
	name string
	role string // empty: all roles
	make string
	// works: the suite works around what is wrong, and judges.
	works bool
	// loses: what the run prints is lost, which makes a good exit code 3.
	loses bool
}

// begin gives each machine folders for temporary files, and a loopback, of its own.
const begin = `
for dir in /tmp /var/tmp /dev/shm; do mount -t tmpfs -o mode=1777 tmpfs "$dir"; done
"$IP" link set lo up
unset TMPDIR XDG_RUNTIME_DIR
as=''
run() { $as "$MUXSPEC" run --quick --json "$OUT/report.json" "$@"; }
judge() { run "$@" >"$OUT/stdout" 2>"$OUT/stderr"; }
`

// end judges, and lists what is left in the folders. Some machines have no /proc any more.
const end = `
status=0
judge $1 || status=$?
echo "$status" >"$OUT/status"
ls -d /tmp/muxspec* /var/tmp/muxspec* /dev/shm/muxspec* "${TMPDIR:-/nowhere}"/muxspec* 2>/dev/null >"$OUT/left" || true
`

func (m machine) script() string { return begin + strings.TrimSpace(m.make) + end }

var machines = []machine{
	{name: "plain", works: true},
	{name: "ordinary-user", works: true,
		make: `as='setpriv --reuid=65534 --regid=65534 --clear-groups'; export HOME=/`},
	{name: "tmpdir-noexec", role: "udpmux-server-agent", works: true,
		make: `mkdir /tmp/t; mount -t tmpfs -o mode=1777,noexec tmpfs /tmp/t; export TMPDIR=/tmp/t`},
	{name: "tmp-noexec", works: true, role: "udpmux-server-agent", make: `mount -o remount,noexec /tmp`},
	{name: "all-noexec",
		make: `for d in /tmp /var/tmp /dev/shm; do mount -o remount,noexec $d; done; export HOME=/nowhere`},
	{name: "tmpdir-relative", role: "udpmux-daemon", works: true, make: `mkdir /tmp/t; cd /tmp; export TMPDIR=t`},
	{name: "tmpdir-long", role: "udpmux-daemon", works: true,
		make: `TMPDIR=/tmp/$(printf %0125d 1); mkdir "$TMPDIR"; export TMPDIR`},
	{name: "tmpdir-blank", role: "hmacsocket-server", works: true, make: `mkdir "/tmp/a b"; export TMPDIR="/tmp/a b"`},
	{name: "no-ipv6", role: "udpmux-client-agent", works: true,
		make: `for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 1 >$f; done`},
	{name: "only-ipv6", make: `"$IP" address delete 127.0.0.1/8 dev lo`},
	{name: "loopback-down", make: `"$IP" link set lo down`},
	{name: "64-descriptors", make: `ulimit -n 64`},
	{name: "path-with-blank", role: "tcpmux-server", works: true,
		make: `mkdir "/tmp/a b"; cp "$MUXSPEC" "/tmp/a b/m"; MUXSPEC="/tmp/a b/m"`},
	{name: "host-requires", works: true, role: "udpmux-server-agent", make: `
cp -a /etc /tmp/etc; echo 'require = true' >/tmp/etc/moshd.toml; mount --bind /tmp/etc /etc`},
	{name: "udp-flood", role: "udpmux-daemon", works: true, make: `
judge() {
	"$HOSTILE" --flood & flood=$!
	status=0
	run "$@" >"$OUT/stdout" 2>"$OUT/stderr" || status=$?
	kill "$flood"
	return "$status"
}`},
	{name: "stdout-closed", role: "tcpmux-server", works: true, loses: true, make: streams(`>&-`, `2>"$OUT/stderr"`)},
	{name: "stdout-full", role: "tcpmux-server", works: true, loses: true,
		make: streams(`>/dev/full`, `2>"$OUT/stderr"`)},
	{name: "stdout-gone", role: "tcpmux-server", works: true, loses: true, make: pipe(`2>"$OUT/stderr"`)},
	{name: "stderr-closed", role: "tcpmux-server", works: true, make: streams(`>"$OUT/stdout"`, `2>&-`)},
	{name: "stderr-full", role: "tcpmux-server", works: true, make: streams(`>"$OUT/stdout"`, `2>/dev/full`)},
	{name: "stderr-gone", role: "hmacsocket-client", works: true, make: pipe(`2>&1 >"$OUT/stdout"`)},
	{name: "no-proc", make: `mount -t tmpfs tmpfs /proc`},
	{name: "first-process", works: true, make: `as='unshare --pid --fork --mount-proc'`},
	{name: "busy", works: true, make: `
for i in 1 2; do while :; do :; done & pids="${pids:-} $!"; done
trap 'kill $pids' EXIT`},
}

// streams makes a run whose standard output and error go where they say.
func streams(out, err string) string {
	return `judge() { run "$@" ` + out + " " + err + `; }`
}

// pipe makes a run that writes into a pipe whose reader has gone.
func pipe(redirect string) string {
	return `judge() { { run "$@" ` + redirect + `; echo $? >"$OUT/piped"; } | true; return $(cat "$OUT/piped"); }`
}
