package sandbox

// BreakJournal lets every write to the state folder fail from now on, as a full disk does.
func (s *Sandbox) BreakJournal() error { return s.journal.Close() }
