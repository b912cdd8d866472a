package template

import (
	"cmp"
	"errors"
	"fmt"
)

// function compiles a call of one function; it refuses arguments that the function cannot take.
type function func(args []expr) (expr, error)

// functions returns those functions of text/template that are useful in a message, with the same meaning.
func functions() map[string]function {
	return map[string]function{
		"and": first(false), "or": first(true), "not": not, "len": length, "printf": printf,
		"eq": equal, "ne": unequal,
		"lt": compare(func(c int) bool { return c < 0 }), "le": compare(func(c int) bool { return c <= 0 }),
		"gt": compare(func(c int) bool { return c > 0 }), "ge": compare(func(c int) bool { return c >= 0 }),
	}
}

// first returns the first argument whose truth is wanted, else the last one.
func first(wanted bool) function {
	return func(args []expr) (expr, error) {
		if len(args) == 0 {
			return expr{}, errors.New("it takes at least one argument")
		}
		of := args[0].static
		for _, a := range args[1:] {
			switch {
			case a.kind == fieldsKind, of.kind == fieldsKind: // two sets of fields need not have the same ones
				return expr{}, errors.New("it cannot choose between all fields and one value, or between two sets of fields")
			case a.kind == of.kind:
			default:
				of = static{kind: mixedKind}
			}
		}
		return expr{of, func(s scope) any {
			var v any
			for _, a := range args {
				if v = a.value(s); truth(v) == wanted {
					break
				}
			}
			return v
		}}, nil
	}
}

func not(args []expr) (expr, error) {
	if len(args) != 1 {
		return expr{}, errors.New("it takes one argument")
	}
	return expr{static{kind: truthKind}, func(s scope) any { return !truth(args[0].value(s)) }}, nil
}

func length(args []expr) (expr, error) {
	if len(args) != 1 || args[0].kind != textKind && args[0].kind != listKind {
		return expr{}, errors.New("it takes one text or list")
	}
	return expr{static{kind: numberKind}, func(s scope) any {
		if list, ok := args[0].value(s).([]string); ok {
			return len(list)
		}
		return len(args[0].value(s).(string))
	}}, nil
}

func printf(args []expr) (expr, error) {
	if len(args) == 0 || args[0].kind != textKind {
		return expr{}, errors.New("its first argument is a text")
	}
	for _, a := range args {
		if a.kind == fieldsKind {
			return expr{}, errors.New("it cannot write all fields at once; name one of them")
		}
	}
	return expr{static{kind: textKind}, func(s scope) any {
		values := make([]any, len(args)-1)
		for i, a := range args[1:] {
			values[i] = a.value(s)
		}
		return fmt.Sprintf(args[0].value(s).(string), values...)
	}}, nil
}

// equal reports whether the first argument equals one of the others.
func equal(args []expr) (expr, error) {
	if len(args) < 2 {
		return expr{}, errors.New("it takes at least two arguments")
	}
	for _, a := range args {
		if a.kind != args[0].kind || a.kind != textKind && a.kind != numberKind && a.kind != truthKind {
			return expr{}, fmt.Errorf("%s cannot be compared with %s", args[0].kind, a.kind)
		}
	}
	return expr{static{kind: truthKind}, func(s scope) any {
		v := args[0].value(s)
		for _, a := range args[1:] {
			if a.value(s) == v {
				return true
			}
		}
		return false
	}}, nil
}

func unequal(args []expr) (expr, error) {
	if len(args) != 2 {
		return expr{}, errors.New("it takes two arguments")
	}
	e, err := equal(args)
	if err != nil {
		return e, err
	}
	return not([]expr{e})
}

// compare reports whether the order of two texts or two numbers is as wanted.
func compare(wanted func(int) bool) function {
	return func(args []expr) (expr, error) {
		if len(args) != 2 {
			return expr{}, errors.New("it takes two arguments")
		}
		if args[0].kind != args[1].kind || args[0].kind != textKind && args[0].kind != numberKind {
			return expr{}, fmt.Errorf("%s cannot be compared with %s", args[0].kind, args[1].kind)
		}
		return expr{static{kind: truthKind}, func(s scope) any {
			if a, ok := args[0].value(s).(int); ok {
				return wanted(cmp.Compare(a, args[1].value(s).(int)))
			}
			return wanted(cmp.Compare(args[0].value(s).(string), args[1].value(s).(string)))
		}}, nil
	}
}
