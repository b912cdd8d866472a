package graph_test

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
)

func TestTrapT01SnapshotIDMissing(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ reply, id string }{
		"SnapshotID":  {`{"snapshotId":"` + snapID + `","importStatus":"pending"}`, snapID},
		"ID":          {`{"id":"` + snapID + `","importStatus":"pending"}`, snapID},
		"Both":        {`{"id":"` + otherID + `","snapshotId":"` + snapID + `"}`, snapID},
		"Wrapped":     {`{"value":[{"snapshotId":"` + snapID + `"}]}`, snapID},
		"Neither":     {`{"filename":"os.vhd","importStatus":"pending","usageStatus":"notUsed"}`, ""},
		"Null":        {`{"snapshotId":null}`, ""},
		"SeveralOnes": {`{"value":[{"snapshotId":"a"},{"snapshotId":"b"}]}`, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := play(t, exchange{want: postImport, reply: tt.reply})
			got, err := c.ImportSnapshot(t.Context(), userID, disk)
			if got.SnapshotID != tt.id {
				t.Errorf("id %q, want %q", got.SnapshotID, tt.id)
			}
			if tt.id != "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			f := fault.As(err)
			if !fault.Is(err, fault.OutcomeUnknown) || f.Remote == nil || f.Remote.Message != tt.reply || f.Remote.Status != 200 {
				t.Errorf("got %+v, want outcome unknown with the whole answer", f)
			}
		})
	}
}

func TestTrapT02BlobName(t *testing.T) {
	t.Parallel()
	body := func(field string) string {
		return `{"assignedUserId":"` + userID + `","sourceFiles":[{"sourceType":"azureStorageAccount","fileType":"dataFile","storageBlobInfo":{
			"storageAccountId":"` + stored[0].StorageAccountID + `","containerName":"c","` + field + `":"os.vhd"}}]}`
	}
	ok := result(`"importStatus":"pending"`)
	t.Run("SASAvoidsIt", func(t *testing.T) {
		t.Parallel()
		c, _ := play(t, exchange{want: postImport, reply: ok, body: `{"assignedUserId":"` + userID + `","sourceFiles":[{"sourceType":"sasUrl","fileType":"dataFile","sasUrl":"` + sasURL + `"}]}`})
		both := []graph.SourceFile{stored[0]}
		both[0].SASURL = sasURL
		if _, err := c.ImportSnapshot(t.Context(), userID, both); err != nil {
			t.Error(err)
		}
	})
	t.Run("FileName", func(t *testing.T) {
		t.Parallel()
		c, _ := play(t, exchange{want: postImport, body: body("fileName"), reply: ok}, exchange{want: postImport, body: body("fileName"), status: 400, reply: errorBody("invalidStorageInformation", "really")})
		if _, err := c.ImportSnapshot(t.Context(), userID, stored); err != nil {
			t.Error(err)
		}
		if v := c.Variants().StorageField; v != "fileName" {
			t.Errorf("recorded %q", v)
		}
		// Once fileName has worked, the same code is about the blob, not about the field.
		if _, err := c.ImportSnapshot(t.Context(), userID, stored); !fault.Is(err, fault.Invalid) {
			t.Error(err)
		}
	})
	for name, refusal := range map[string]string{
		"InvalidStorageInformation": errorBody("invalidStorageInformation", "The storage information is invalid."),
		"UnknownProperty":           errorBody("BadRequest", "The property 'fileName' does not exist on type 'microsoft.graph.cloudPcStorageBlobDetail'."),
	} {
		t.Run("BlobName/"+name, func(t *testing.T) {
			t.Parallel()
			c, _ := play(t,
				exchange{want: postImport, body: body("fileName"), status: 400, reply: refusal},
				exchange{want: postImport, body: body("blobName"), reply: ok},
				exchange{want: postImport, body: body("blobName"), reply: ok})
			for range 2 {
				if _, err := c.ImportSnapshot(t.Context(), userID, stored); err != nil {
					t.Error(err)
				}
			}
			if v := c.Variants().StorageField; v != "blobName" {
				t.Errorf("recorded %q", v)
			}
		})
	}
	t.Run("BothRefused", func(t *testing.T) {
		t.Parallel()
		c, _ := play(t,
			exchange{want: postImport, status: 400, reply: errorBody("invalidStorageInformation", "first")},
			exchange{want: postImport, status: 400, reply: errorBody("BadRequest", "no blobName here")})
		_, err := c.ImportSnapshot(t.Context(), userID, stored)
		if f := fault.As(err); f == nil || f.Remote.Message != "first" || c.Variants().StorageField != "" {
			t.Errorf("got %v, recorded %q", err, c.Variants().StorageField)
		}
	})
	t.Run("SecondOutcomeUnknown", func(t *testing.T) {
		t.Parallel()
		c, _ := play(t,
			exchange{want: postImport, status: 400, reply: errorBody("invalidStorageInformation", "first")},
			exchange{want: postImport, err: syscall.ECONNRESET})
		if _, err := c.ImportSnapshot(t.Context(), userID, stored); !fault.Is(err, fault.OutcomeUnknown) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("AnotherRefusal", func(t *testing.T) {
		t.Parallel()
		c, _ := play(t, exchange{want: postImport, status: 400, reply: errorBody("snapshotExists", "one import per user")})
		if _, err := c.ImportSnapshot(t.Context(), userID, stored); !fault.Is(err, fault.Invalid) {
			t.Errorf("got %v", err)
		}
	})
}

func TestTrapT03UserIsUPNOrObjectID(t *testing.T) {
	t.Parallel()
	const upn = "Ada@Contoso.Example"
	tests := []struct {
		field string
		want  bool
	}{
		{userID, true}, {strings.ToUpper(userID), true}, {"ada@contoso.example", true}, {upn, true},
		{otherID, false}, {"bob@contoso.example", false}, {"", false},
	}
	for _, tt := range tests {
		c, _ := play(t, exchange{want: singular(snapID), reply: result(`"assignedUserPrincipalName":"` + tt.field + `"`)})
		i, err := c.ImportResult(t.Context(), snapID)
		if err != nil {
			t.Fatal(err)
		}
		if got := i.AssignedTo(userID, upn); got != tt.want {
			t.Errorf("%q: %v, want %v", tt.field, got, tt.want)
		}
	}
	c, _ := play(t, exchange{want: singular(snapID), reply: result(`"assignedUserPrincipalName":null`)})
	if i, err := c.ImportResult(t.Context(), snapID); err != nil || i.AssignedTo("", "") {
		t.Errorf("nobody's import belongs to nobody: %+v, %v", i, err)
	}
}

var noSegment = errorBody("BadRequest", "Resource not found for the segment 'retrieveSnapshotImportResult'.")

func TestTrapT04RouteAndShape(t *testing.T) {
	t.Parallel()
	record := `{"snapshotId":"` + snapID + `","importStatus":"Succeeded","usageStatus":"notUsed","startDateTime":"2026-08-05T12:00:00Z","endDateTime":null}`
	other := `{"snapshotId":"` + otherID + `"}`
	idGone := errorBody("ResourceNotFound", "The snapshot "+snapID+" was not found.")
	tests := map[string]struct {
		script []exchange
		kinds  []fault.Kind // of one ImportResult after the other
		route  string
	}{
		"SingularObject":      {[]exchange{{want: singular(snapID), reply: record}}, []fault.Kind{""}, "retrieveSnapshotImportResult"},
		"SingularCollection":  {[]exchange{{want: singular(snapID), reply: `{"value":[` + other + `,` + record + `]}`}}, []fault.Kind{""}, "retrieveSnapshotImportResult"},
		"OnlyEntryWithoutID":  {[]exchange{{want: singular(snapID), reply: `{"importStatus":"pending"}`}}, []fault.Kind{""}, "retrieveSnapshotImportResult"},
		"SeveralWithoutMatch": {[]exchange{{want: singular(snapID), reply: `{"value":[` + other + `,` + other + `]}`}}, []fault.Kind{fault.Conflict}, "retrieveSnapshotImportResult"},
		"EmptyCollection":     {[]exchange{{want: singular(snapID), reply: `{"value":[]}`}}, []fault.Kind{fault.NotFound}, "retrieveSnapshotImportResult"},
		"Plural400": {[]exchange{{want: singular(snapID), status: 400, reply: noSegment}, {want: plural(snapID), reply: `{"value":[` + record + `]}`}, {want: plural(snapID), reply: record}},
			[]fault.Kind{"", ""}, "retrieveSnapshotImportResults"},
		"Plural404":         {[]exchange{{want: singular(snapID), status: 404}, {want: plural(snapID), reply: record}}, []fault.Kind{""}, "retrieveSnapshotImportResults"},
		"Plural405":         {[]exchange{{want: singular(snapID), status: 405, reply: errorBody("x", "y")}, {want: plural(snapID), reply: record}}, []fault.Kind{""}, "retrieveSnapshotImportResults"},
		"Plural501":         {[]exchange{{want: singular(snapID), status: 501, reply: errorBody("x", "y")}, {want: plural(snapID), reply: record}}, []fault.Kind{""}, "retrieveSnapshotImportResults"},
		"IDGoneDoesNotFlip": {[]exchange{{want: singular(snapID), status: 404, reply: idGone}, {want: singular(snapID), reply: record}}, []fault.Kind{fault.NotFound, ""}, "retrieveSnapshotImportResult"},
		"IDGoneLaterDoesNotFlip": {[]exchange{{want: singular(snapID), reply: record}, {want: singular(snapID), status: 404}, {want: singular(snapID), reply: record}},
			[]fault.Kind{"", fault.NotFound, ""}, "retrieveSnapshotImportResult"},
		"IDGoneOnPlural": {[]exchange{{want: singular(snapID), status: 400, reply: noSegment}, {want: plural(snapID), status: 404, reply: idGone}}, []fault.Kind{fault.NotFound}, ""},
		"Neither":        {[]exchange{{want: singular(snapID), status: 400, reply: noSegment}, {want: plural(snapID), status: 400, reply: noSegment}}, []fault.Kind{fault.Invalid}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := play(t, tt.script...)
			for n, kind := range tt.kinds {
				i, err := c.ImportResult(t.Context(), snapID)
				if fault.KindOf(err) != kind {
					t.Errorf("call %d: %v, want kind %q", n+1, err, kind)
				}
				if err == nil && i.SnapshotID != snapID {
					t.Errorf("call %d: id %q", n+1, i.SnapshotID)
				}
			}
			if got := c.Variants().ResultRoute; got != tt.route {
				t.Errorf("route %q, want %q", got, tt.route)
			}
		})
	}
}

func TestTrapT05ListIsNoDependency(t *testing.T) {
	t.Parallel()
	const list = "GET VE/snapshots/listSnapshotImportResults"
	for _, status := range []int{400, 404, 405, 501} {
		c, _ := play(t, exchange{want: list, status: status, reply: errorBody("x", "y")})
		if _, err := c.ListImports(t.Context()); !fault.Is(err, fault.NotFound) {
			t.Errorf("%d: %v", status, err)
		}
	}
	c, _ := play(t, exchange{want: list, status: 403, reply: errorBody("Forbidden", "y")})
	if _, err := c.ListImports(t.Context()); !fault.Is(err, fault.Denied) {
		t.Errorf("403: %v", err)
	}
	c, _ = play(t, exchange{want: list, reply: `{"value":[` + result(`"importStatus":"failed"`) + `]}`})
	if is, err := c.ListImports(t.Context()); err != nil || len(is) != 1 || is[0].Status != graph.ImportFailed {
		t.Errorf("%+v, %v", is, err)
	}
}

func TestTrapT07OneImportPerUser(t *testing.T) {
	t.Parallel()
	for status, kind := range map[int]fault.Kind{400: fault.Invalid, 409: fault.Conflict} {
		c, tp := play(t, exchange{want: postImport, status: status, reply: errorBody("snapshotAlreadyImported", "one per user")})
		_, err := c.ImportSnapshot(t.Context(), userID, disk)
		if f := fault.As(err); f == nil || f.Kind != kind || f.Remote.Code != "snapshotAlreadyImported" || len(tp.came) != 1 {
			t.Errorf("%d: %+v", status, f)
		}
	}
	// Purge one id with each call, so that the outcome belongs to it; gone already is done.
	for _, status := range []int{204, 404} {
		c, _ := play(t, exchange{want: "POST VE/snapshots/purgeImportedSnapshot", body: `{"snapshotIds":["` + snapID + `"]}`, status: status})
		if err := c.PurgeImport(t.Context(), snapID); err != nil {
			t.Errorf("%d: %v", status, err)
		}
	}
	c, _ := play(t, exchange{want: "POST VE/snapshots/purgeImportedSnapshot", status: 400, reply: errorBody("snapshotInUse", "in use")})
	if err := c.PurgeImport(t.Context(), snapID); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
}

func TestTrapT12AskForReadWrite(t *testing.T) {
	t.Parallel()
	denied := errorBody("Forbidden", "Access denied.")
	c, _ := play(t,
		exchange{want: postImport, status: 403, reply: denied},
		exchange{want: "POST VE/snapshots/purgeImportedSnapshot", status: 403, reply: denied},
		exchange{want: singular(snapID), status: 403, reply: denied})
	_, err := c.ImportSnapshot(t.Context(), userID, disk)
	if !fault.Is(err, fault.Denied) || !strings.Contains(fault.HintOf(err), "CloudPC.ReadWrite.All") {
		t.Errorf("import: %v, %q", err, fault.HintOf(err))
	}
	if err := c.PurgeImport(t.Context(), snapID); !strings.Contains(fault.HintOf(err), "CloudPC.ReadWrite.All") {
		t.Errorf("purge: %q", fault.HintOf(err))
	}
	if _, err := c.ImportResult(t.Context(), snapID); !strings.Contains(fault.HintOf(err), "CloudPC.Read.All") {
		t.Errorf("read: %q", fault.HintOf(err))
	}
}

func TestTrapT15RecordGoneOrExpired(t *testing.T) {
	t.Parallel()
	c, _ := play(t,
		exchange{want: singular(snapID), reply: result(`"importStatus":"succeeded","usageStatus":"Expired"`)},
		exchange{want: singular(snapID), status: 404, reply: errorBody("ResourceNotFound", "gone")})
	i, err := c.ImportResult(t.Context(), snapID)
	if err != nil || i.Usage != graph.UsageExpired || i.Status != graph.ImportSucceeded {
		t.Errorf("%+v, %v", i, err)
	}
	// Whether gone is good or bad is the caller's to know: it is a kind of its own.
	if _, err := c.ImportResult(t.Context(), snapID); !fault.Is(err, fault.NotFound) {
		t.Errorf("got %v", err)
	}
}

func TestTrapT16Any2xx(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 201, 202} {
		c, _ := play(t, exchange{want: postImport, status: status, reply: result(`"importStatus":"pending"`)})
		if i, err := c.ImportSnapshot(t.Context(), userID, disk); err != nil || i.SnapshotID != snapID {
			t.Errorf("%d: %+v, %v", status, i, err)
		}
	}
	for status, body := range map[int]string{200: "", 202: " ", 204: "", 201: "<html>", 206: `{"snapshotId":`} {
		c, tp := play(t, exchange{want: postImport, status: status, reply: body})
		if _, err := c.ImportSnapshot(t.Context(), userID, disk); !fault.Is(err, fault.OutcomeUnknown) || len(tp.came) != 1 {
			t.Errorf("%d %q: %v", status, body, err)
		}
	}
}

func TestTrapT17NothingFromTheSamples(t *testing.T) {
	t.Parallel()
	c, tp := play(t, exchange{want: postImport, reply: result(`"importStatus":"pending"`)})
	if _, err := c.ImportSnapshot(t.Context(), userID, disk); err != nil {
		t.Fatal(err)
	}
	if b := string(tp.came[0].body); strings.Contains(b, "returnType") || strings.Contains(b, ",]") || strings.Contains(b, ",}") {
		t.Errorf("sent %s", b)
	}
}

func TestTrapT21FilenameIsNotAKey(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"os", "os.vhd", "", "something-else.vhd"} {
		c, _ := play(t, exchange{want: singular(snapID), reply: `{"value":[{"snapshotId":"` + otherID + `","filename":"os.vhd"},` + result(`"filename":"`+name+`"`) + `]}`})
		if i, err := c.ImportResult(t.Context(), snapID); err != nil || i.Filename != name {
			t.Errorf("%q: %+v, %v", name, i, err)
		}
	}
}

func TestTrapT25GuestState(t *testing.T) {
	t.Parallel()
	c, _ := play(t, exchange{want: postImport, reply: result(`"importStatus":"pending"`), body: `{"assignedUserId":"` + userID + `","sourceFiles":[
		{"sourceType":"sasUrl","fileType":"dataFile","sasUrl":"` + sasURL + `"},
		{"sourceType":"sasUrl","fileType":"virtualMachineGuestState","sasUrl":"` + sasURL + `"}]}`})
	files := []graph.SourceFile{{SASURL: sasURL}, {SASURL: sasURL, GuestState: true}}
	if _, err := c.ImportSnapshot(t.Context(), userID, files); err != nil {
		t.Error(err)
	}
	for name, files := range map[string][]graph.SourceFile{
		"None": nil, "StateOnly": {{SASURL: sasURL, GuestState: true}}, "TwoDisks": {{SASURL: sasURL}, {SASURL: sasURL}},
		"TwoStates": {{SASURL: sasURL}, {SASURL: sasURL, GuestState: true}, {SASURL: sasURL, GuestState: true}},
		"Nameless":  {{Container: "c", Name: "os.vhd"}}, "NoURL": {{SASURL: "c/os.vhd"}},
	} {
		c, _ := play(t)
		if _, err := c.ImportSnapshot(t.Context(), userID, files); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	c, _ = play(t)
	if _, err := c.ImportSnapshot(t.Context(), "ada@contoso.example", disk); !fault.Is(err, fault.Invalid) {
		t.Errorf("a UPN was accepted: %v", err)
	}
}

// TestImportIsSentOnce is promise number two of the tool: a lost answer is never repeated.
func TestImportIsSentOnce(t *testing.T) {
	t.Parallel()
	for name, ex := range map[string]exchange{
		"Reset": {err: syscall.ECONNRESET},
		"EOF":   {err: errors.New("unexpected EOF")},
		"500":   {status: 500},
		"502":   {status: 502, reply: "<html>bad gateway</html>"},
		"503":   {status: 503, answer: []string{"Retry-After", "1"}},
		"504":   {status: 504},
		"408":   {status: 408},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ex.want = postImport
			c, tp := play(t, ex)
			_, err := c.ImportSnapshot(t.Context(), userID, disk)
			f := fault.As(err)
			if !fault.Is(err, fault.OutcomeUnknown) || len(tp.came) != 1 {
				t.Fatalf("%v after %d requests", err, len(tp.came))
			}
			if f.Remote.ClientRequestID == "" || f.Remote.ClientRequestID != tp.came[0].header.Get("client-request-id") || !strings.Contains(f.Hint, "do not repeat") {
				t.Errorf("%+v", f)
			}
		})
	}
}
