module wave365

go 1.26.0

require (
	github.com/Azure/azure-sdk-for-go/sdk/azcore v1.24.0 // the pipeline, retries and errors that Graph and Blob calls ride
	github.com/Azure/azure-sdk-for-go/sdk/azidentity v1.15.0 // every way to sign in to Entra ID
	github.com/Azure/azure-sdk-for-go/sdk/storage/azblob v1.6.4 // the Blob client, SAS and page blobs
	github.com/chromedp/cdproto v0.159.0 // tests only: drives the browser that reads the report
	github.com/chromedp/chromedp v0.23.0 // tests only: drives the browser that reads the report
	github.com/emersion/go-sasl v0.0.0-20241020182733-b788ff22d5a6 // tests only: the sign-in of the SMTP server that takes the mails
	github.com/emersion/go-smtp v0.25.1 // tests only: a real SMTP server to send to
	github.com/gocarina/gocsv v0.0.0-20240520201108-78e41c74b4b1 // rows of a wave file into structs
	github.com/goccy/go-yaml v1.19.2 // scenarios, policies and configuration, with the line of a mistake
	github.com/google/go-cmp v0.7.0 // tests only: differences of values
	github.com/google/uuid v1.6.0 // ids of runs and of requests
	github.com/jackc/pgx/v5 v5.12.0 // a ledger on PostgreSQL
	github.com/mattn/go-runewidth v0.0.16 // how many columns a name takes on a terminal
	github.com/pressly/goose/v3 v3.26.0 // the embedded migrations of the ledger
	github.com/rogpeppe/go-internal v1.16.0 // tests only: script tests of the command line
	github.com/spf13/cobra v1.10.2 // commands, help and completion
	github.com/spf13/pflag v1.0.9 // flags, of which cobra is made
	github.com/valyala/quicktemplate v1.8.0 // the report's page: templates compiled to Go, each value escaped
	github.com/wneessen/go-mail v0.8.1 // mails over SMTP: MIME, encodings, STARTTLS
	go.uber.org/goleak v1.3.0 // tests only: goroutines that are left
	golang.org/x/net v0.62.0 // tests only: HTTP over a pipe, HTML of the report
	golang.org/x/sync v0.24.0 // bounded groups of goroutines
	golang.org/x/sys v0.49.0 // file locks, signals and sleep on each system
	golang.org/x/term v0.47.0 // whether there is a terminal, and how wide it is
	golang.org/x/text v0.43.0 // UTF-16, code pages and NFC
	golang.org/x/time v0.16.0 // the pace of calls
	modernc.org/sqlite v1.60.0 // SQLite without a C compiler
	pgregory.net/rapid v1.3.0 // tests only: properties of the rules
)

require (
	github.com/riverqueue/river v0.51.2 // the queue of runs that workers drive
	github.com/riverqueue/river/riverdriver/riverpgxv5 v0.51.2 // the same, on pgx
	github.com/riverqueue/river/rivertype v0.51.2 // the same: states of jobs
)

require (
	github.com/Azure/azure-sdk-for-go/sdk/internal v1.13.0 // indirect
	github.com/AzureAD/microsoft-authentication-library-for-go v1.10.1 // indirect
	github.com/dustin/go-humanize v1.0.1 // indirect
	github.com/go-json-experiment/json v0.0.0-20260623181947-01eb4420fa68 // indirect
	github.com/golang-jwt/jwt/v5 v5.3.1 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/jackc/pgpassfile v1.0.0 // indirect
	github.com/jackc/pgservicefile v0.0.0-20240606120523-5a60cdf6a761 // indirect
	github.com/jackc/puddle/v2 v2.2.3 // indirect
	github.com/kylelemons/godebug v1.1.0 // indirect
	github.com/mattn/go-isatty v0.0.24 // indirect
	github.com/mfridman/interpolate v0.0.2 // indirect
	github.com/ncruces/go-strftime v1.0.0 // indirect
	github.com/pkg/browser v0.0.0-20240102092130-5ac0b6a4141c // indirect
	github.com/remyoudompheng/bigfft v0.0.0-20230129092748-24d4a6f8daec // indirect
	github.com/riverqueue/river/riverdriver v0.51.2 // indirect
	github.com/riverqueue/river/rivershared v0.51.2 // indirect
	github.com/rivo/uniseg v0.4.7 // indirect
	github.com/sethvargo/go-retry v0.3.0 // indirect
	github.com/tidwall/gjson v1.20.0 // indirect
	github.com/tidwall/match v1.2.0 // indirect
	github.com/tidwall/pretty v1.2.1 // indirect
	github.com/tidwall/sjson v1.2.5 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
	go.uber.org/multierr v1.11.0 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/tools v0.51.0 // indirect
	modernc.org/libc v1.77.1 // indirect
	modernc.org/mathutil v1.7.1 // indirect
	modernc.org/memory v1.12.1 // indirect
)
