package graph

import (
	"context"
	"net/http"

	"wave365/pkg/fault"
)

// Mail is one message. Text or HTML is sent; HTML when both are there.
type Mail struct {
	To                  []string
	Subject, Text, HTML string
}

type wireAddress struct {
	Address string `json:"address"`
}

type wireRecipient struct {
	Email wireAddress `json:"emailAddress"`
}

type wireBody struct {
	Type    string `json:"contentType"`
	Content string `json:"content"`
}

type wireMessage struct {
	Subject string          `json:"subject"`
	Body    wireBody        `json:"body"`
	To      []wireRecipient `json:"toRecipients"`
}

type wireSendMail struct {
	Message wireMessage `json:"message"`
	Save    bool        `json:"saveToSentItems"`
}

// SendMail hands a message to the sender's mailbox; the service reports only that it accepted it. It is sent once.
func (c *Client) SendMail(ctx context.Context, sender string, m Mail) error {
	if len(m.To) == 0 {
		return fault.New(fault.Invalid, CodeRequest, "could not send the mail: it has no recipient", "name one")
	}
	w := wireSendMail{Message: wireMessage{Subject: m.Subject, Body: wireBody{Type: "text", Content: m.Text}}}
	if m.HTML != "" {
		w.Message.Body = wireBody{Type: "html", Content: m.HTML}
	}
	w.Message.To = convert(m.To, func(a string) wireRecipient { return wireRecipient{wireAddress{a}} })
	_, err := c.do(ctx, call{doing: "send a mail as " + sender, method: http.MethodPost, path: userPath(sender) + "/sendMail", ids: []string{sender}, body: w, once: true, needs: mailSend})
	return err
}
