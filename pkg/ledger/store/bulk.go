package store

import "database/sql"

// Guards returns the statements that turn the triggers of a table off and on again, with %s for its name; "" if there are none.
func (t *Tx) Guards() (off, on string) { return t.d.Guards[0], t.d.Guards[1] }

// Define runs a statement that changes the schema; its failure ends the transaction.
func (t *Tx) Define(query string) error {
	err := t.run(query)
	if err != nil {
		t.undo()
	}
	return err
}

// Each reads rows inside the transaction; it stops at the first error. fn runs no statements of its own.
func (t *Tx) Each(query string, args []any, fn func(Scan) error) error {
	s, err := t.stmt(query)
	if err != nil {
		t.undo()
		return err
	}
	ctx, cancel := t.d.statement()
	defer cancel()
	rows, err := s.QueryContext(ctx, args...)
	if err != nil {
		t.undo()
		return err
	}
	defer func(rows *sql.Rows) { _ = rows.Close() }(rows)
	for rows.Next() {
		if err := fn(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
