package matrix

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A browser is a headless Chromium, told what to do over a pipe in the Chrome DevTools Protocol: JSON objects, each
// followed by a NUL.
type browser struct {
	t       *testing.T
	to      *os.File
	session string

	mu      sync.Mutex
	last    int
	answers map[int]chan answer
	loaded  chan struct{}
	trouble []string // what the page has complained of or asked for
	closed  error
}

type answer struct {
	Result json.RawMessage
	Error  *struct{ Message string }
}

// chromium finds the program: an installed one, or the one that "make browser" has fetched.
func chromium(t *testing.T) string {
	t.Helper()
	peer, err := filepath.Abs("../../../.peers/bin/chromium-headless-shell")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{peer, "chromium-headless-shell", "chromium"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("chromium-headless-shell: not found; make browser fetches it")
	return ""
}

// startBrowser starts a Chromium with one page, which is blank.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	path := chromium(t)
	theirsIn, to, err := os.Pipe()
	must(t, err)
	from, theirsOut, err := os.Pipe()
	must(t, err)
	ctx, stop := context.WithCancel(context.Background())
	// Chromium's sandbox needs privileges that containers take away; it opens only this test's files.
	cmd := exec.CommandContext(ctx, path, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
		"--remote-debugging-pipe", "--user-data-dir="+t.TempDir())
	cmd.ExtraFiles = []*os.File{theirsIn, theirsOut} // 3 and 4
	must(t, cmd.Start())
	theirsIn.Close()
	theirsOut.Close()
	b := &browser{t: t, to: to, answers: make(map[int]chan answer), loaded: make(chan struct{}, 8)}
	over := make(chan struct{})
	go func() {
		defer close(over)
		b.listen(from)
	}()
	t.Cleanup(func() {
		b.call("Browser.close", nil, nil) // its other processes end with it
		to.Close()
		<-over
		stop()
		cmd.Wait()
		from.Close()
	})
	var target struct{ TargetID, SessionID string }
	b.must("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	b.must("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &target)
	b.session = target.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		b.must(domain+".enable", nil, nil)
	}
	return b
}

// listen takes what Chromium says until it has ended.
func (b *browser) listen(from *os.File) {
	r := bufio.NewReader(from)
	for {
		text, err := r.ReadBytes(0)
		if err != nil {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.closed = fmt.Errorf("chromium has ended: %w", err)
			for _, to := range b.answers {
				close(to)
			}
			b.answers = nil
			return
		}
		var m struct {
			ID     int
			Method string
			Params json.RawMessage
			answer
		}
		if json.Unmarshal(text[:len(text)-1], &m) != nil {
			continue
		}
		b.mu.Lock()
		if to := b.answers[m.ID]; to != nil {
			to <- m.answer
			delete(b.answers, m.ID)
		}
		b.event(m.Method, m.Params)
		b.mu.Unlock()
	}
}

// event takes note of what the page does. The browser is locked.
func (b *browser) event(method string, params json.RawMessage) {
	var p struct {
		Type    string
		Entry   struct{ Level, Text string }
		Request struct{ URL string }
	}
	json.Unmarshal(params, &p)
	switch method {
	case "Page.loadEventFired":
		b.loaded <- struct{}{}
	case "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Page.javascriptDialogOpening":
		b.trouble = append(b.trouble, method+": "+string(params))
	case "Log.entryAdded":
		b.trouble = append(b.trouble, p.Entry.Level+": "+p.Entry.Text)
	case "Network.requestWillBeSent":
		if !strings.HasPrefix(p.Request.URL, "file://") || !strings.Contains(p.Request.URL, ".html") {
			b.trouble = append(b.trouble, "it asked for "+p.Request.URL)
		}
	}
}

// call does a command, and puts its result into the value that result points to, if it is not nil.
func (b *browser) call(method string, params any, result any) error {
	if params == nil {
		params = map[string]any{}
	}
	to := make(chan answer, 1)
	b.mu.Lock()
	if b.closed != nil {
		b.mu.Unlock()
		return b.closed
	}
	b.last++
	id := b.last
	b.answers[id] = to
	b.mu.Unlock()
	message := map[string]any{"id": id, "method": method, "params": params}
	if b.session != "" && method != "Browser.close" {
		message["sessionId"] = b.session
	}
	text, err := json.Marshal(message)
	if err != nil {
		return err
	}
	if _, err := b.to.Write(append(text, 0)); err != nil {
		return err
	}
	select {
	case a, ok := <-to:
		switch {
		case !ok:
			return fmt.Errorf("%s: chromium has ended", method)
		case a.Error != nil:
			return fmt.Errorf("%s: %s", method, a.Error.Message)
		case result != nil:
			return json.Unmarshal(a.Result, result)
		}
		return nil
	case <-time.After(browserTime):
		return fmt.Errorf("%s: no answer within %v", method, browserTime)
	}
}

// browserTime is the longest time for anything that the browser is asked to do.
const browserTime = time.Minute

func (b *browser) must(method string, params any, result any) {
	b.t.Helper()
	must(b.t, b.call(method, params, result))
}

// visit opens an address and waits until the page is loaded. A new fragment alone loads nothing, so a blank page comes
// before.
func (b *browser) visit(url string) {
	b.t.Helper()
	for _, to := range []string{"about:blank", url} {
		b.must("Page.navigate", map[string]any{"url": to}, nil)
		select {
		case <-b.loaded:
		case <-time.After(browserTime):
			b.t.Fatalf("%s was not loaded", to)
		}
	}
}

// eval gives the value of an expression of JavaScript: a string as it is, everything else as JSON.
func (b *browser) eval(expression string) string {
	b.t.Helper()
	var r struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	b.must("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true}, &r)
	if r.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", expression, r.ExceptionDetails)
	}
	var text string
	if json.Unmarshal(r.Result.Value, &text) == nil {
		return text
	}
	return string(r.Result.Value)
}

// becomes waits until the expression has that value.
func (b *browser) becomes(expression, want string) {
	b.t.Helper()
	got := ""
	for end := time.Now().Add(browserTime); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if got = b.eval(expression); got == want {
			return
		}
	}
	b.t.Fatalf("%s is %q, want %q", expression, got, want)
}

// press presses keys, as a person does.
func (b *browser) press(keys ...string) {
	b.t.Helper()
	for _, key := range keys {
		event := map[string]any{"type": "keyDown", "key": key, "code": key}
		if key == "Enter" {
			event["text"], event["windowsVirtualKeyCode"] = "\r", 13
		}
		if key == "Tab" {
			event["windowsVirtualKeyCode"] = 9
		}
		b.must("Input.dispatchKeyEvent", event, nil)
		b.must("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key, "code": key}, nil)
	}
}

// click clicks with the mouse on the middle of the first element that the selector finds.
func (b *browser) click(selector string) {
	b.t.Helper()
	var at struct{ X, Y float64 }
	must(b.t, json.Unmarshal([]byte(b.eval(fmt.Sprintf(`(() => { const e = document.querySelector(%q);
		e.scrollIntoView({block: "center"}); const r = e.getBoundingClientRect();
		return {X: r.x + r.width / 2, Y: r.y + r.height / 2} })()`, selector))), &at))
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		b.must("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": at.X, "y": at.Y, "button": "left",
			"clickCount": 1}, nil)
	}
}

// look sets the size of the window in CSS pixels and the theme that the reader's system asks for.
func (b *browser) look(width, height int, theme string) {
	b.t.Helper()
	b.must("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height,
		"deviceScaleFactor": 1, "mobile": width < 600}, nil)
	b.must("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{
		{"name": "prefers-color-scheme", "value": theme}}}, nil)
}

// shoot writes a picture of what the window shows.
func (b *browser) shoot(file string) {
	b.t.Helper()
	var shot struct{ Data string }
	b.must("Page.captureScreenshot", map[string]any{"format": "png"}, &shot)
	png, err := base64.StdEncoding.DecodeString(shot.Data)
	must(b.t, err)
	must(b.t, os.WriteFile(file, png, 0o644))
}

// quiet reports what the page has complained of or asked for since it was last asked.
func (b *browser) quiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, text := range b.trouble {
		b.t.Error(text)
	}
	b.trouble = nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
