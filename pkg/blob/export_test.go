package blob

// Account is the account's name.
func (c *Client) Account() string { return c.account }
