package progress_test

import (
	"bytes"
	"strconv"
	"strings"
	"sync"
)

// screen is a writer that implements the one control sequence that the bars use: move up n lines and erase what is
// below. It also keeps every byte.
type screen struct {
	mu    sync.Mutex
	raw   bytes.Buffer
	lines []string // the last one is where the cursor stands
	at    int      // the cursor's column
	bad   []string
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.raw.Write(p)
	if len(s.lines) == 0 {
		s.lines = []string{""}
	}
	for text := string(p); text != ""; {
		if rest, ok := strings.CutPrefix(text, "\x1b["); ok {
			end := strings.IndexAny(rest, "Am")
			n, err := strconv.Atoi(rest[:end])
			switch {
			case rest[end] == 'm':
				// A colour; nothing moves.
			case err != nil || n >= len(s.lines) || !strings.HasPrefix(rest[end+1:], "\x1b[J"):
				s.bad = append(s.bad, rest[:end+1])
			default:
				s.lines = s.lines[:len(s.lines)-n]
				s.put("") // what is left of the cursor stays
				s.lines[len(s.lines)-1] = string([]rune(s.lines[len(s.lines)-1])[:s.at])
				end += len("\x1b[J")
			}
			text = rest[end+1:]
			continue
		}
		i := strings.IndexAny(text, "\n\x1b\r")
		if i < 0 {
			i = len(text)
		}
		s.put(text[:i])
		if text = text[i:]; strings.HasPrefix(text, "\n") {
			s.lines, s.at = append(s.lines, ""), 0
			text = text[1:]
		} else if strings.HasPrefix(text, "\r") {
			s.at = 0
			text = text[1:]
		}
	}
	return len(p), nil
}

// put overwrites the text at the cursor.
func (s *screen) put(text string) {
	last := &s.lines[len(s.lines)-1]
	line := []rune(*last)
	for len(line) < s.at {
		line = append(line, ' ')
	}
	for _, r := range text {
		line = append(line[:s.at], append([]rune{r}, line[min(s.at+1, len(line)):]...)...)
		s.at++
	}
	*last = string(line)
}

// text returns the content of the screen, scrolled parts included.
func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.TrimRight(strings.Join(s.lines, "\n"), "\n")
}

func (s *screen) bytes() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.raw.String()
}

// strange lists control sequences that were not understood.
func (s *screen) strange() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bad
}
