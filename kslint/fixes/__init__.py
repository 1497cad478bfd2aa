"""How a finding is mended: each function drafts one change, in the text that the user wrote."""
