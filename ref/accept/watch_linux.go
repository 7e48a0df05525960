package accept

import (
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A watcher hears of errors from an epoll instance of its own, without a descriptor for each connection. Closing a
// connection ends the watch, unless another process has the connection, too.
type watcher struct {
	epoll int

	mu      sync.Mutex
	last    int32
	watched map[int32]*watched
}

type watched struct {
	broken func()
	timer  *time.Timer // runs when it is broken
}

// theWatcher is that of this process; nil if it can have none.
var theWatcher = sync.OnceValue(func() *watcher {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil
	}
	w := &watcher{epoll: epoll, watched: make(map[int32]*watched)}
	go w.run()
	return w
})

func watch(raw syscall.RawConn, broken func()) (stop func()) {
	w := theWatcher()
	if w == nil {
		return func() {}
	}
	id := w.add(&watched{broken: broken})
	raw.Control(func(fd uintptr) { // errors are reported unasked
		unix.EpollCtl(w.epoll, unix.EPOLL_CTL_ADD, int(fd), &unix.EpollEvent{Events: unix.EPOLLET, Fd: id})
	})
	return func() {
		w.remove(id)
		raw.Control(func(fd uintptr) { unix.EpollCtl(w.epoll, unix.EPOLL_CTL_DEL, int(fd), nil) })
	}
}

// add gives what is watched a unique number.
func (w *watcher) add(one *watched) (id int32) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.last++; w.watched[w.last] != nil; w.last++ {
	}
	w.watched[w.last] = one
	return w.last
}

func (w *watcher) remove(id int32) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if one := w.watched[id]; one != nil && one.timer != nil {
		one.timer.Stop()
	}
	delete(w.watched, id)
}

// run hears what breaks. A connection that has ended in both directions is no error.
func (w *watcher) run() {
	events := make([]unix.EpollEvent, 64)
	for {
		n, err := unix.EpollWait(w.epoll, events, -1)
		if err != nil && err != unix.EINTR {
			return
		}
		for _, event := range events[:max(n, 0)] {
			w.mu.Lock()
			if one := w.watched[event.Fd]; one != nil && one.timer == nil && event.Events&unix.EPOLLERR != 0 {
				one.timer = time.AfterFunc(breakTime, one.broken)
			}
			w.mu.Unlock()
		}
	}
}
