package awake

// keep holds a lock of logind. Where systemd-inhibit is missing or not allowed, the machine may sleep.
func keep(why string) (func(), error) {
	return child("systemd-inhibit", "--what=idle:sleep", "--who=wave365", "--why="+why, "--mode=block", "cat")
}
