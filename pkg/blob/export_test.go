package blob

// Root is the account's endpoint, without a slash at the end.
func (c *Client) Root() string { return c.root }

// Account is the account's name.
func (c *Client) Account() string { return c.account }
