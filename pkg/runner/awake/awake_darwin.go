package awake

// keep holds an assertion against idle sleep until cat ends. caffeinate has no option for the reason.
func keep(string) (func(), error) { return child("/usr/bin/caffeinate", "-i", "/bin/cat") }
