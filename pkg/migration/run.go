package migration

import "time"

// RunState is the state of a run.
type RunState string

// The run states.
const (
	// RunActive: being worked on, or interrupted and free to resume.
	RunActive RunState = "active"
	// RunFinished: every row is final.
	RunFinished RunState = "finished"
)

// Run is one execution of a wave against one tenant.
type Run struct {
	// ID is unique in the ledger and safe in a file name.
	ID string `json:"id"`
	// Wave is the wave's name (file name without folder and extension), WavePath where it was read from.
	Wave     string `json:"wave"`
	WavePath string `json:"wave_path"`
	// WaveHash is the hex SHA-256 of the file's bytes.
	WaveHash string `json:"wave_hash"`
	// Columns is the header as the file spells it.
	Columns []string `json:"columns"`
	// Tenant is the tenant's id, TenantName its display name. A run is pinned to it.
	Tenant     string `json:"tenant"`
	TenantName string `json:"tenant_name,omitempty"`
	// Cloud is "global", "usgov" or "sandbox".
	Cloud string `json:"cloud"`
	// GraphRoot and BlobRoot are the endpoints used, without credentials.
	GraphRoot string `json:"graph_root"`
	BlobRoot  string `json:"blob_root"`
	// Sandbox is the scenario path of a rehearsal in the process; SandboxState its state folder; SandboxSpeed its
	// speed. Empty and 0 otherwise.
	Sandbox      string  `json:"sandbox,omitempty"`
	SandboxState string  `json:"sandbox_state,omitempty"`
	SandboxSpeed float64 `json:"sandbox_speed,omitempty"`
	// Slots is the largest number of imports in flight.
	Slots int `json:"slots"`
	// ReportDir is the folder that holds this run's own report folder.
	ReportDir string   `json:"report_dir"`
	Operator  string   `json:"operator"`
	Version   string   `json:"version"`
	State     RunState `json:"state"`
	// Settings is what else was chosen.
	Settings Settings `json:"settings,omitzero"`
	// CreatedAt is when the run began, FinishedAt when its last row became final (zero before).
	CreatedAt  time.Time `json:"created_at"`
	FinishedAt time.Time `json:"finished_at,omitzero"`
}

// Counts is how many rows are in each state. The parts add up to Total: Succeeded counts those without warnings, Warned
// those with.
type Counts struct {
	Total     int `json:"total"`
	Queued    int `json:"queued"`
	Active    int `json:"active"`
	Waiting   int `json:"waiting"`
	Succeeded int `json:"succeeded"`
	Warned    int `json:"warned"`
	Failed    int `json:"failed"`
	Held      int `json:"held"`
	Deferred  int `json:"deferred"`
	Skipped   int `json:"skipped"`
	Cancelled int `json:"cancelled"`
}

// Add adds the row n times; n is 1 or -1.
func (c *Counts) Add(r Row, n int) {
	c.Total += n
	switch r.State {
	case Pending:
		c.Queued += n
	case Running:
		c.Active += n
	case Waiting:
		c.Waiting += n
	case Succeeded:
		if r.Warned {
			c.Warned += n
		} else {
			c.Succeeded += n
		}
	case Failed:
		c.Failed += n
	case Held:
		c.Held += n
	case Deferred:
		c.Deferred += n
	case Skipped:
		c.Skipped += n
	case Cancelled:
		c.Cancelled += n
	}
}

// Count counts rows.
func Count(rows []Row) Counts {
	var c Counts
	for _, r := range rows {
		c.Add(r, 1)
	}
	return c
}

// Done returns how many rows are final.
func (c Counts) Done() int {
	return c.Succeeded + c.Warned + c.Failed + c.Held + c.Deferred + c.Skipped + c.Cancelled
}

// Ended returns how many rows were begun and have ended.
func (c Counts) Ended() int { return c.Succeeded + c.Warned + c.Failed + c.Held }

// Open returns how many rows are not final.
func (c Counts) Open() int { return c.Queued + c.Active + c.Waiting }
