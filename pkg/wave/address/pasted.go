// Package address parses what people write for the location of a disk or a storage account: paths, URLs, and what they
// paste in their place. It does not check that the address exists.
package address

import (
	"net/url"
	"slices"
	"strings"
)

// Problem is what a cell turned out to be in place of a blob.
type Problem struct {
	// Code is that of a finding; Why describes what the cell is, Hint what to write instead.
	Code, Why, Hint string
	// Secret: the cell is one, and not to be repeated.
	Secret bool
}

const (
	hintExport = "copy it into a container of the storage account as a page blob (azcopy copy LINK TARGET --blob-type PageBlob) and write container/path.vhd"
	hintOwnURL = "write container/path.vhd, or the URL that Storage browser in the Azure portal shows in the blob's properties"
)

// Pasted recognises what people paste in place of a blob: links of other endpoints of the account, exports of disks, pages of
// the portal, resource ids, command lines. false: it is none of these.
func Pasted(s string) (Problem, bool) {
	lower := strings.ToLower(s)
	for _, prefix := range []string{"azcopy ", "azcopy.exe ", "az ", "wget ", "curl ", "invoke-webrequest "} {
		if strings.HasPrefix(lower, prefix) {
			return bad("the blob is a whole command line ("+strings.TrimSpace(prefix)+" …)", "write only the blob's URL out of it, without quotes")
		}
	}
	if isResourceID(lower) {
		return resourceID(lower)
	}
	if is := secretAlone(lower); is != "" {
		return Problem{Code: "csv.value-bad", Why: is, Hint: "write container/path.vhd, or the blob's URL with the SAS behind it, with ? between", Secret: true}, true
	}
	if problem, is := misspelledURL(lower); is {
		return problem, true
	}
	if !strings.Contains(lower, "://") {
		return withoutScheme(lower)
	}
	u, err := url.Parse(s)
	if err != nil {
		return Problem{}, false
	}
	return linkTo(u)
}

// misspelledURL recognises URLs that were changed on their way through chats, mails and programs, and those of files.
func misspelledURL(lower string) (Problem, bool) {
	before, _, _ := strings.Cut(lower, "?")
	begins := func(prefixes ...string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(lower, p) })
	}
	switch {
	case strings.Count(before, "https://")+strings.Count(before, "http://") > 1:
		return bad("the blob is more than one URL", "write one blob in each row")
	case strings.Contains(before, "%3f") && strings.Contains(before, "sig="):
		return bad("the question mark before the SAS is percent-encoded (%3F), which makes the SAS part of the name", "write ? in its place")
	case strings.Contains(before, "&sig=") || strings.Contains(before, "&amp;sig="):
		return bad("the SAS begins with & where a question mark belongs, which makes it part of the name", "write ? in place of the first &")
	case severalPaths(before):
		return bad("the blob is more than one path", "write one blob in each row")
	case begins("storageexplorer:"):
		return bad("the blob is a link that opens Azure Storage Explorer", "in Storage Explorer use Copy URL of the blob, or write container/path.vhd")
	case begins("file:"):
		return bad("the blob is a file on a computer (file:), not in the storage account", hintUpload)
	case begins("https%3a", "http%3a"):
		return bad("the blob's URL is percent-encoded as a whole", "write it decoded, beginning with https://")
	case begins(`https:\\`, `http:\\`):
		return bad("the blob's URL has backslashes", "write it with slashes, beginning with https://")
	case begins("[", "<"):
		return bad("the blob is a link with brackets round it, as chats and mails write it", "write only the URL, without brackets")
	}
	return Problem{}, false
}

// severalPaths reports whether a list of paths stands where one belongs. A comma or semicolon may also be of a blob's own name, so
// another container must follow it.
func severalPaths(s string) bool {
	for _, end := range []string{".vhd;", ".vhd,"} {
		_, more, _ := strings.Cut(s, end)
		container, name, _ := strings.Cut(Slashes(strings.TrimSpace(more)), "/")
		if isContainer(container) && strings.Contains(name, ".vhd") {
			return true
		}
	}
	return false
}

// withoutScheme recognises a URL that lacks its beginning.
func withoutScheme(lower string) (Problem, bool) {
	host, _, path := strings.Cut(strings.TrimPrefix(lower, "//"), "/")
	if path && strings.Count(host, ".") >= 2 && (strings.Contains(host, ".core.") || strings.Contains(host, "storage.azure.")) {
		return bad("the blob's URL lacks its beginning", "write https:// before it")
	}
	return Problem{}, false
}

// secretAlone recognises what opens a storage account and names no blob; "" for anything else.
func secretAlone(lower string) string {
	for _, name := range []string{"accountkey=", "sharedaccesssignature=", "defaultendpointsprotocol="} {
		if strings.Contains(lower, name) {
			return "the blob is the connection string of a storage account, which opens all of it"
		}
	}
	token := strings.TrimPrefix(lower, "?")
	if first, _, _ := strings.Cut(token, "="); strings.Contains(token, "sig=") && len(first) <= 3 && !strings.ContainsAny(first, "/.:") {
		return "the blob is a SAS token without the URL that it belongs to"
	}
	return ""
}

const hintUpload = "upload it into a container of the storage account as a page blob (azcopy copy FILE TARGET --blob-type PageBlob) and write container/path.vhd"

// linkTo judges a URL by its scheme, host and query.
func linkTo(u *url.URL) (Problem, bool) {
	host, path := strings.ToLower(u.Hostname()), Slashes(u.EscapedPath())
	at, stored := ParseHost(host)
	if strings.HasPrefix(u.Scheme, "abfs") || strings.HasPrefix(u.Scheme, "wasb") {
		hint := hintOwnURL
		if container := u.User.Username(); container != "" && stored {
			hint = "write " + at.blob() + "/" + container + "/" + path
		}
		return elsewhere("the blob is a Hadoop address ("+u.Scheme+"://) of a Data Lake (dfs) endpoint", hint)
	}
	if problem, known := otherEndpoint(at, stored, path); known {
		return problem, true
	}
	if problem, known := otherSite(host); known {
		return problem, true
	}
	if stored && (u.Query().Has("snapshot") || u.Query().Has("versionid")) {
		return bad("the URL names an older state of the blob (a snapshot or version of it), and the import takes the blob itself", "copy that state into a blob of its own, and write the URL without snapshot= or versionid=")
	}
	return Problem{}, false
}

func bad(why, hint string) (Problem, bool) {
	return Problem{Code: "csv.value-bad", Why: why, Hint: hint}, true
}

func elsewhere(why, hint string) (Problem, bool) {
	return Problem{Code: "blob.wrong-host", Why: why, Hint: hint}, true
}

// otherEndpoint judges a host of a storage account that is not its endpoint for blobs.
func otherEndpoint(at Host, stored bool, path string) (Problem, bool) {
	switch {
	case at.Export:
		return elsewhere("the blob is the export link of a managed disk or snapshot ("+at.Account+"), which is in no storage account of yours and soon expires", hintExport)
	case at.PrivateLink:
		return elsewhere("the blob's URL names the private endpoint (privatelink) of the storage account "+at.Account+", under which the service does not find it",
			"write "+at.blob()+"/"+path)
	case at.Service == "dfs":
		return elsewhere("the blob's URL names the Data Lake (dfs) endpoint of the storage account "+at.Account, "write "+at.blob()+"/"+path)
	case at.Service == "file":
		return elsewhere("the blob's URL names a file share (Azure Files), which holds no blobs", hintUpload)
	case stored && at.Service != "blob":
		return elsewhere("the blob's URL names the "+at.Service+" endpoint of the storage account "+at.Account+", which serves no page blobs", "write "+at.blob()+"/"+path)
	case at.Secondary:
		return elsewhere("the blob's URL names the read-only second region of the storage account", "write "+at.blob()+"/"+path)
	}
	return Problem{}, false
}

// otherSite judges a host that people copy links from, and that is no storage account.
func otherSite(host string) (Problem, bool) {
	switch {
	case isPortal(host):
		return bad("the blob is a page of the Azure portal", "open the blob there and copy the URL from its properties, or write container/path.vhd")
	case strings.HasSuffix(host, "safelinks.protection.outlook.com"):
		return bad("the blob is a link that Outlook has wrapped (Safe Links)", hintOwnURL)
	case strings.HasSuffix(host, ".sharepoint.com"), host == "1drv.ms", strings.HasSuffix(host, "onedrive.live.com"):
		return bad("the blob is a file in SharePoint or OneDrive, not in a storage account", hintUpload)
	case elsewhereIs(host) != "":
		return elsewhere("the blob is in "+elsewhereIs(host)+", not in an Azure storage account", hintUpload)
	}
	return Problem{}, false
}

func isPortal(host string) bool {
	for _, domain := range []string{"portal.azure.com", "portal.azure.us", "portal.azure.cn"} {
		if host == domain || strings.HasSuffix(host, "."+domain) {
			return true
		}
	}
	return false
}

// elsewhereIs names another provider's storage; "" for none that is known.
func elsewhereIs(host string) string {
	for domain, name := range map[string]string{
		"amazonaws.com": "Amazon S3", "storage.googleapis.com": "Google Cloud Storage", "storage.cloud.google.com": "Google Cloud Storage",
		"drive.google.com": "Google Drive", "dropbox.com": "Dropbox",
	} {
		if host == domain || strings.HasSuffix(host, "."+domain) {
			return name
		}
	}
	return ""
}

// isResourceID reports whether a text in lower case is an id of Azure Resource Manager, or its address there.
func isResourceID(lower string) bool {
	at := strings.Index(lower, "/subscriptions/")
	return at == 0 || strings.HasPrefix(lower, "subscriptions/") || strings.HasPrefix(lower, "https://management.") && at > 0
}

// resourceID judges an id of Azure Resource Manager by what it is of.
func resourceID(lower string) (Problem, bool) {
	switch {
	case strings.Contains(lower, "/microsoft.compute/disks/"), strings.Contains(lower, "/microsoft.compute/snapshots/"):
		return bad("the blob is the resource id (ARM id) of a managed disk or snapshot", "export it (az snapshot grant-access), and "+hintExport)
	case strings.Contains(lower, "/microsoft.compute/"):
		return bad("the blob is the resource id (ARM id) of a virtual machine or image, not of its disk", "make a snapshot of its OS disk, export it, and "+hintExport)
	case strings.Contains(lower, "/microsoft.storage/"):
		return bad("the blob is the resource id (ARM id) of a storage account, not the address of a blob", hintOwnURL)
	}
	return bad("the blob is a resource id (ARM id), not the address of a blob", hintOwnURL)
}
