package graphapi

// Collapsed is what a client sees of a member that it did not ask for.
func Collapsed(property, text string) string { return collapse(property, text) }
