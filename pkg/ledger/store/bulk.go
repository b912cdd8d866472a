package store

import (
	"database/sql"
	"fmt"
)

// Unguarded runs fn while the triggers of these tables are off: records that are copied as they stand do not begin as
// new ones do. Constraints and indexes stay. When fn fails the transaction is undone, and with it everything here.
func (t *Tx) Unguarded(tables []string, fn func() error) error {
	on := []string{}
	for _, table := range tables {
		if t.d.Guards[0] != "" {
			if err := t.statement(fmt.Sprintf(t.d.Guards[0], table)); err != nil {
				return err
			}
			on = append(on, fmt.Sprintf(t.d.Guards[1], table))
			continue
		}
		names, texts, err := t.triggers(table)
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := t.statement("DROP TRIGGER " + name); err != nil {
				return err
			}
		}
		on = append(on, texts...)
	}
	if err := fn(); err != nil {
		return err
	}
	for _, query := range on {
		if err := t.statement(query); err != nil {
			return err
		}
	}
	return nil
}

// triggers are those of a table in SQLite, and the statements that make them.
func (t *Tx) triggers(table string) (names, texts []string, err error) {
	err = t.Each(`SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ? ORDER BY name`, []any{table}, func(scan Scan) error {
		var name, text string
		err := scan(&name, &text)
		names, texts = append(names, name), append(texts, text)
		return err
	})
	return names, texts, err
}

// statement runs one without parameters; its failure ends the transaction.
func (t *Tx) statement(query string) error {
	err := t.run(query)
	if err != nil {
		t.undo()
	}
	return err
}

// Each reads rows inside the transaction; it stops after the first error. fn runs no statements of its own.
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
