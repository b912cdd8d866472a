package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"unicode/utf8"

	"wave365/pkg/fault"
)

// CodeBusy is the code of faults about a ledger that another process keeps writing to.
const CodeBusy = "ledger.busy"

// CodeDamaged is the code of faults about a ledger whose content cannot have been written this way.
const CodeDamaged = "ledger.damaged"

// Damaged returns the fault for content that cannot have been written this way.
func Damaged(why string, err error) error {
	return fault.Wrap(fault.Internal, CodeDamaged, "the ledger is damaged: "+why,
		"stop what uses it and keep a copy; the next command that writes moves a damaged file aside and says where to", err)
}

// damagedBy turns a panic in the database's code, which unexpected damage may cause, into that fault.
func damagedBy(err *error) {
	if p := recover(); p != nil {
		*err = Damaged(fmt.Sprintf("reading it failed with %v", p), nil)
	}
}

// Get reads one row on a connection for reading; [sql.ErrNoRows] when there is none.
func (d *DB) Get(ctx context.Context) func(query string, args []any, into ...any) error {
	return func(query string, args []any, into ...any) (err error) {
		defer damagedBy(&err)
		its, cancel := ctx, context.CancelFunc(func() {})
		if d.Statement > 0 {
			its, cancel = context.WithTimeout(ctx, d.Statement)
		}
		defer cancel()
		return d.read.QueryRowContext(its, d.bound(query), args...).Scan(into...)
	}
}

func (d *DB) bound(query string) string {
	if d.Bind == nil {
		return query
	}
	return d.Bind(query)
}

// Scan reads the columns of a row into variables, as [sql.Rows.Scan] does.
type Scan func(into ...any) error

// List reads rows one by one; it stops at the first error, which is a fault. A row that scan cannot read, or text that
// is not UTF-8, is damage.
func List[T any](ctx context.Context, d *DB, query string, args []any, scan func(Scan) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		var rows *sql.Rows
		defer func() {
			if rows != nil {
				rows.Close()
			}
		}()
		next := func() (v T, ok bool, err error) {
			defer damagedBy(&err)
			if rows == nil {
				if rows, err = d.read.QueryContext(ctx, d.bound(query), args...); err != nil {
					return none, false, err
				}
			}
			if !rows.Next() {
				return none, false, rows.Err()
			}
			if v, err = scan(func(into ...any) error { return scanText(rows, into) }); err != nil {
				if fault.As(err) == nil {
					err = Damaged("a record cannot be read: "+err.Error(), err)
				}
				return none, false, err
			}
			return v, true, nil
		}
		for {
			v, ok, err := next()
			if err != nil {
				yield(none, d.Fault(err, "read the ledger"))
				return
			}
			if !ok || !yield(v, nil) {
				return
			}
		}
	}
}

func scanText(rows *sql.Rows, into []any) error {
	if err := rows.Scan(into...); err != nil {
		return err
	}
	for _, p := range into {
		valid := true
		switch p := p.(type) {
		case *string:
			valid = utf8.ValidString(*p)
		case *sql.NullString:
			valid = utf8.ValidString(p.String)
		case *sql.RawBytes:
			valid = utf8.Valid(*p)
		default:
			if v := reflect.ValueOf(p).Elem(); v.Kind() == reflect.String {
				valid = utf8.ValidString(v.String())
			}
		}
		if !valid {
			return errors.New("a text is not UTF-8")
		}
	}
	return nil
}

// All collects List into a slice.
func All[T any](ctx context.Context, d *DB, query string, args []any, scan func(Scan) (T, error)) ([]T, error) {
	var out []T
	for v, err := range List(ctx, d, query, args, scan) {
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}
