package scenario

import "reflect"

// KnobNames lists the knobs as a file spells them.
func KnobNames() []string { return names(reflect.TypeFor[Knobs]()) }
