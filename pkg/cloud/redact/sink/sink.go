// Package sink is what secrets are taken out of on their way: log records and written bytes.
package sink

import (
	"context"
	"io"
	"log/slog"

	"wave365/pkg/cloud/redact"
)

// Handler returns a handler that passes records on to h with secrets removed from the message and from every value.
// Values that are not plain (errors, structs, anything that prints itself) become their printed text.
func Handler(h slog.Handler) slog.Handler {
	if r, ok := h.(handler); ok {
		return r
	}
	return handler{h}
}

type handler struct{ next slog.Handler }

// Enabled is that of the next handler.
func (h handler) Enabled(ctx context.Context, l slog.Level) bool {
	return h.next.Enabled(ctx, l)
}

// Handle passes the record on, redacted.
func (h handler) Handle(ctx context.Context, r slog.Record) error {
	out := slog.NewRecord(r.Time, r.Level, redact.String(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		out.AddAttrs(redactAttr(a))
		return true
	})
	return h.next.Handle(ctx, out)
}

// WithAttrs redacts the attributes before the next handler formats them.
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	own := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		own[i] = redactAttr(a)
	}
	return handler{h.next.WithAttrs(own)}
}

// WithGroup passes the group on.
func (h handler) WithGroup(name string) slog.Handler {
	return handler{h.next.WithGroup(name)}
}

func redactAttr(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindBool, slog.KindDuration, slog.KindFloat64, slog.KindInt64, slog.KindTime, slog.KindUint64:
		return a
	case slog.KindGroup:
		group := make([]slog.Attr, 0, len(v.Group()))
		for _, m := range v.Group() {
			group = append(group, redactAttr(m))
		}
		return slog.Attr{Key: a.Key, Value: slog.GroupValue(group...)}
	default:
		return slog.String(a.Key, redact.String(v.String()))
	}
}

// Writer returns a writer that passes each Write on to w without secrets. A secret must not be split over two writes:
// put it under something that writes whole lines, as slog's handlers do. Write reports len(p) on success.
func Writer(w io.Writer) io.Writer { return writer{w} }

type writer struct{ w io.Writer }

// Write passes p on, redacted.
func (r writer) Write(p []byte) (int, error) {
	if _, err := r.w.Write(redact.Bytes(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}
