package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"wave365/pkg/cloud/bound"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/graph/odata"
)

// A page with more elements than any service gives is not an answer to what was asked.
func TestPageOfTooMany(t *testing.T) {
	t.Parallel()
	c, _ := play(t, exchange{want: "GET VE/cloudPCs", reply: `{"value":[` + strings.Repeat("{},", odata.MaxValues) + `{}]}`})
	if _, err := c.CloudPCs(t.Context(), ""); fault.CodeOf(err) != graph.CodeMalformed {
		t.Error(err)
	}
}

// A list that goes on for ever, each page with an address of its own, ends.
func TestListWithoutEnd(t *testing.T) {
	t.Parallel()
	page := func(n int) string {
		return `{"value":[` + strings.Repeat(`{"id":"x"},`, odata.MaxValues-1) + `{}],"@odata.nextLink":"` + root + fmt.Sprintf(`/beta/deviceManagement/virtualEndpoint/cloudPCs?$skiptoken=%d"}`, n)
	}
	var tape []exchange
	for n := range 11 {
		want := "GET VE/cloudPCs"
		if n > 0 {
			want += fmt.Sprintf("?$skiptoken=%d", n)
		}
		tape = append(tape, exchange{want: want, reply: page(n + 1)})
	}
	c, _ := play(t, tape...)
	if _, err := c.CloudPCs(t.Context(), ""); fault.CodeOf(err) != bound.CodeTooLarge {
		t.Error(err)
	}
}

// What is kept of an error is short, whatever the service writes.
func TestErrorTextsAreBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1<<20)
	nested := strings.Repeat(`{"code":"c","innerError":`, 200) + "{}" + strings.Repeat("}", 200)
	for name, reply := range map[string]string{
		"Envelope": `{"error":{"code":"` + long + `","message":"` + long + `","target":"` + long + `","details":[` + strings.Repeat(`{"code":"`+long[:1000]+`"},`, 500) + `{}]}}`,
		"Page":     "<html>" + long,
		"Nested":   `{"error":` + nested + `}`,
	} {
		c, _ := play(t, exchange{want: getPC, status: 400, reply: reply})
		_, err := c.CloudPC(t.Context(), "pc")
		f := fault.As(err)
		if f == nil || len(err.Error()) > 5000 || len(f.Remote.Message) > 3000 || len(f.Remote.Code) > 300 {
			t.Errorf("%s: %d bytes", name, len(err.Error()))
		}
	}
}
