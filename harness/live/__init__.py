"""A run under way in front of people: sessions, what they show, and how a page speaks to one."""
