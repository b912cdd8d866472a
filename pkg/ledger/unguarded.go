package ledger

import (
	"fmt"

	"wave365/pkg/ledger/store"
	"wave365/pkg/ledger/trail"
)

// unguarded runs fn while the triggers of these tables are off: records that are copied do not begin as new ones do.
// Constraints and indexes remain. If fn fails, the transaction is rolled back, and with it everything done here.
func unguarded(t *trail.Tx, tables []string, fn func() error) error {
	guardOff, guardOn := t.Guards()
	on := []string{}
	for _, table := range tables {
		if guardOff != "" {
			if err := t.Define(fmt.Sprintf(guardOff, table)); err != nil {
				return err
			}
			on = append(on, fmt.Sprintf(guardOn, table))
			continue
		}
		names, texts, err := triggers(t, table)
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := t.Define("DROP TRIGGER " + name); err != nil {
				return err
			}
		}
		on = append(on, texts...)
	}
	if err := fn(); err != nil {
		return err
	}
	for _, query := range on {
		if err := t.Define(query); err != nil {
			return err
		}
	}
	return nil
}

// triggers returns the names of the triggers of a table in SQLite, and the statements that create them.
func triggers(t *trail.Tx, table string) (names, texts []string, err error) {
	err = t.Each(`SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ? ORDER BY name`, []any{table}, func(scan store.Scan) error {
		var name, text string
		err := scan(&name, &text)
		names, texts = append(names, name), append(texts, text)
		return err
	})
	return names, texts, err
}
